using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>Scrapes in one call, to a buffer or a pipe.</summary>
public sealed class ScrapeInOneCallTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Harness _gateway = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [CombinatorialFormats]
    public async Task Each_format_is_written_whole_to_a_buffer_and_to_a_pipe(ScrapeFormat format, bool gzip)
    {
        Fill(groups: 50);
        byte[] expected = _gateway.Bytes(format);
        var options = new ScrapeOptions { Format = format, Gzip = gzip };
        var output = new ArrayBufferWriter<byte>();
        _gateway.Store.WriteTo(output, options);
        Assert.Equal(expected, gzip ? Unzip(output.WrittenSpan.ToArray()) : output.WrittenSpan.ToArray());

        var pipe = new Pipe();
        Task<bool> writing = WriteAsync(pipe, options);
        byte[] read = await ReadAllAsync(pipe.Reader);
        Assert.True(await writing);
        Assert.Equal(expected, gzip ? Unzip(read) : read);
        Assert.Equal(0, _gateway.Store.HeldBytes);
    }

    [Fact]
    public void Open_metrics_has_its_end_and_each_format_its_content_type()
    {
        Fill(groups: 1);
        var output = new ArrayBufferWriter<byte>();
        var options = new ScrapeOptions { Format = ScrapeFormat.OpenMetrics };
        _gateway.Store.WriteTo(output, options);
        Assert.EndsWith("# EOF\n", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
        Assert.StartsWith("application/openmetrics-text; version=1.0.0; charset=utf-8", options.ContentType, StringComparison.Ordinal);
        Assert.StartsWith("text/plain; version=0.0.4; charset=utf-8", new ScrapeOptions().ContentType, StringComparison.Ordinal);
        Assert.Contains("encoding=delimited", new ScrapeOptions { Format = ScrapeFormat.ProtobufDelimited }.ContentType,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_outside_the_legacy_charset_follow_the_scheme()
    {
        var gateway = new Harness(names: NameScheme.Utf8);
        gateway.Put(Harness.Key("job", "j"), "{\"a.b\"} 1\n");
        var output = new ArrayBufferWriter<byte>();
        gateway.Store.WriteTo(output, new ScrapeOptions { Escaping = EscapingScheme.Dots });
        Assert.Contains("a_dot_b{instance=\"\",job=\"j\"} 1\n", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    // The reader sets the pace: what is not read is not written, but for what the pipe holds.
    [Fact]
    public async Task A_full_pipe_holds_the_scrape_back()
    {
        Fill(groups: 2000);
        int whole = _gateway.Bytes(ScrapeFormat.Text).Length;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64 << 10, resumeWriterThreshold: 32 << 10));
        var counting = new CountingWriter(pipe.Writer);
        Task<bool> writing = _gateway.Store.WriteToAsync(counting, cancellation: _cancellation);
        await counting.Blocked.WaitAsync(s_patience, _cancellation);
        Assert.False(writing.IsCompleted);
        Assert.InRange(counting.Written, 64 << 10, 256 << 10);
        Assert.True(whole > 4 * counting.Written, $"{whole}");
        Task<byte[]> reading = ReadAllAsync(pipe.Reader);
        Assert.True(await writing.WaitAsync(s_patience, _cancellation));
        await pipe.Writer.CompleteAsync();
        Assert.Equal(whole, (await reading).Length);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Whoever_ends_a_scrape_lets_go_of_what_it_held(bool byToken, bool protobuf)
    {
        Fill(groups: 2000);
        using var ended = new CancellationTokenSource();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64 << 10, resumeWriterThreshold: 32 << 10));
        var counting = new CountingWriter(pipe.Writer);
        var options = new ScrapeOptions { Format = protobuf ? ScrapeFormat.ProtobufDelimited : ScrapeFormat.Text };
        Task<bool> writing = _gateway.Store.WriteToAsync(counting, options, ended.Token);
        await counting.Blocked.WaitAsync(s_patience, _cancellation);
        Assert.NotEqual(0, _gateway.Store.HeldBytes);
        if (byToken)
        {
            await ended.CancelAsync();
        }
        else
        {
            pipe.Writer.CancelPendingFlush();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(s_patience, _cancellation));
        Assert.Equal(0, _gateway.Store.HeldBytes);
    }

    [Fact]
    public async Task A_reader_that_goes_ends_the_scrape()
    {
        Fill(groups: 2000);
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        Assert.False(await _gateway.Store.WriteToAsync(pipe.Writer, cancellation: _cancellation));
        Assert.Equal(0, _gateway.Store.HeldBytes);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_writes_nothing()
    {
        Fill(groups: 1);
        var pipe = new Pipe();
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gateway.Store.WriteToAsync(pipe.Writer, cancellation: cancelled));
        Assert.False(pipe.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Own_sources_are_exposed_beside_the_groups_and_win()
    {
        _gateway.Put(Harness.Key("job", "j"), "# TYPE app_up counter\napp_up 5\n# TYPE z gauge\nz 1\n");
        var options = new ScrapeOptions { Sources = [new Gauge("app_up", 1), new Gauge("app_more", 2)] };
        var output = new ArrayBufferWriter<byte>();
        _gateway.Store.WriteTo(output, options);
        string text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.StartsWith(
            "# HELP app_more Help.\n# TYPE app_more gauge\napp_more 2\n# HELP app_up Help.\n# TYPE app_up gauge\napp_up 1\n",
            text, StringComparison.Ordinal);
        Assert.DoesNotContain("app_up{", text, StringComparison.Ordinal);
        Assert.Contains("z{instance=\"\",job=\"j\"} 1\n", text, StringComparison.Ordinal);

        var pipe = new Pipe();
        Task<bool> writing = WriteAsync(pipe, options with { Gzip = true });
        Assert.Equal(text, Encoding.UTF8.GetString(Unzip(await ReadAllAsync(pipe.Reader))));
        Assert.True(await writing);
    }

    [Theory]
    [InlineData("twice", "another family of the sources has this name")]
    [InlineData("push_time_seconds", "the store itself exposes a family of this name")]
    [InlineData("", "collected metric family without a name")]
    [InlineData("untyped", "is not a GAUGE")]
    public void Own_sources_that_would_make_the_scrape_invalid_end_it_before_its_first_byte(string name, string expected)
    {
        var output = new ArrayBufferWriter<byte>();
        MetricContent content = name == "untyped" ? MetricContent.None : MetricContent.Gauge;
        IMetricSource[] sources = [new Gauge("twice", 1), new Gauge(name, 2) { Content = content }];
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(
            () => _gateway.Store.WriteTo(output, new ScrapeOptions { Sources = sources }));
        Assert.Contains(expected, thrown.Message, StringComparison.Ordinal);
        Assert.Contains($"Gauge exposes \"{name}\"", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void What_a_source_throws_is_the_callers()
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Throws<InvalidDataException>(() => _gateway.Store.WriteTo(output, new ScrapeOptions { Sources = [new Throwing()] }));
        Assert.Contains("reset", Assert.Throws<InvalidOperationException>(() => _gateway.Store.WriteTo(
            output, new ScrapeOptions { Sources = [new Gauge("a", 1), new Resetting()] })).Message, StringComparison.Ordinal);
        Assert.Equal(0, output.WrittenCount);
        _gateway.Store.WriteTo(output, new ScrapeOptions { Sources = [new Gauge("a", 1)] });
        Assert.Equal("# HELP a Help.\n# TYPE a gauge\na 1\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private void Fill(int groups)
    {
        for (int i = 0; i < groups; i++)
        {
            _gateway.Put(Harness.Key("job", $"job{i}"), """
                # HELP rows_total Rows.
                # TYPE rows_total counter
                rows_total{table="users",shard="a-shard-with-a-long-name-0123456789"} 1
                # TYPE took histogram
                took_bucket{le="0.5"} 2
                took_bucket{le="+Inf"} 3
                took_sum 1.5
                took_count 3

                """.ReplaceLineEndings("\n"));
        }
    }

    private async Task<bool> WriteAsync(Pipe pipe, ScrapeOptions options)
    {
        bool isWhole = await _gateway.Store.WriteToAsync(pipe.Writer, options, _cancellation);
        await pipe.Writer.CompleteAsync();
        return isWhole;
    }

    private async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        var all = new MemoryStream();
        await reader.CopyToAsync(all, _cancellation);
        return all.ToArray();
    }

    private static byte[] Unzip(byte[] member)
    {
        using var gzip = new GZipStream(new MemoryStream(member), CompressionMode.Decompress);
        var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private sealed class CombinatorialFormatsAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
            System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. from format in Enum.GetValues<ScrapeFormat>()
                    from gzip in new[] { false, true }
                    select new TheoryDataRow<ScrapeFormat, bool>(format, gzip)]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    // Says how much was written, and when the pipe is full.
    private sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _written;

        public long Written => Volatile.Read(ref _written);

        public Task Blocked => _blocked.Task;

        public override void Advance(int bytes)
        {
            _written += bytes;
            inner.Advance(bytes);
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<FlushResult> flushing = inner.FlushAsync(cancellationToken);
            if (!flushing.IsCompleted)
            {
                _blocked.TrySetResult();
            }

            return await flushing;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }

    private sealed class Gauge(string name, double value) : IMetricSource
    {
        public MetricContent Content { get; init; } = MetricContent.Gauge;

        public void Collect(FamilySet into)
        {
            int family = into.AddFamily(Encoding.UTF8.GetBytes(name), MetricType.Gauge, "Help."u8);
            int metric = into.AddMetric(family);
            into.Metrics[metric].Content = Content;
            into.Metrics[metric].Value = value;
        }
    }

    private sealed class Throwing : IMetricSource
    {
        public void Collect(FamilySet into)
        {
            into.AddFamily("half"u8, MetricType.Gauge, "Half."u8);
            throw new InvalidDataException("no");
        }
    }

    private sealed class Resetting : IMetricSource
    {
        public void Collect(FamilySet into) => into.Reset();
    }
}
