using System.Diagnostics;
using System.IO.Pipelines;
using System.Reflection;
using System.Text;
using Exposition.Harness;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public sealed class ExpositionTextTests
{
    private const string Histogram = """
        # TYPE h histogram
        h_bucket{code="200",le="0.10"} 3
        h_bucket{code="200",le="+Inf"} 5
        h_sum{code="200"} 1.5
        h_count{code="200"} 5
        # TYPE c_total counter
        c_total 7 1395066363000
        plain{b="x\n\"\\",a="é"} NaN

        """;

    [Fact]
    public void Text_becomes_samples()
    {
        IReadOnlyList<MetricSample> samples = ExpositionText.Parse(Histogram);
        Assert.Equal(
            [
                new("h_bucket", [("code", "200"), ("le", "0.1")], 3, null, "h", MetricType.Histogram),
                new("h_bucket", [("le", "+Inf"), ("code", "200")], 5, null, "h", MetricType.Histogram),
                new("h_sum", [("code", "200")], 1.5, null, "h", MetricType.Histogram),
                new("h_count", [("code", "200")], 5, null, "h", MetricType.Histogram),
                new("c_total", [], 7, DateTimeOffset.FromUnixTimeMilliseconds(1395066363000), "c_total", MetricType.Counter),
                new("plain", [("b", "x\n\"\\"), ("a", "é")], double.NaN, null, "plain", MetricType.Untyped),
            ],
            samples);
        Assert.Equal("0.1", samples[0].Labels["le"]);
    }

    [Fact]
    public void A_sample_shows_itself_as_a_line()
    {
        Assert.Equal(
            [
                "h_bucket{code=\"200\",le=\"0.1\"} 3",
                "h_bucket{code=\"200\",le=\"+Inf\"} 5",
                "h_sum{code=\"200\"} 1.5",
                "h_count{code=\"200\"} 5",
                "c_total 7 1395066363000",
                "plain{b=\"x\\n\\\"\\\\\",a=\"é\"} NaN",
            ],
            ExpositionText.Parse(Histogram).Select(sample => sample.ToString()));
        Assert.Equal("{\"a.b\",\"x y\"=\"1\"} 1e+06", new MetricSample("a.b", [("x y", "1")], 1e6, null, "a.b", default).ToString());
    }

    [Fact]
    public void Labels_are_a_set()
    {
        LabelSet labels = [("code", "200"), ("path", "/")];
        Assert.Equal([("path", "/"), ("code", "200")], labels);
        Assert.Equal(LabelSet.Create(("path", "/"), ("code", "200")), labels);
        Assert.Equal(LabelSet.Create(("path", "/"), ("code", "200")).GetHashCode(), labels.GetHashCode());
        Assert.False(labels.Equals(LabelSet.Create(("path", "/"), ("code", "500"))));
        Assert.False(labels.Equals(LabelSet.Create(("path", "/"))));
        Assert.Equal(("/", ""), (labels["path"], labels.GetValueOrEmpty("pod")));
        Assert.True(labels.TryGetValue("code", out string? code) && code == "200");
        Assert.Equal("{code=\"200\",path=\"/\"}", labels.ToString());
        KeyNotFoundException missing = Assert.Throws<KeyNotFoundException>(() => labels["pod"]);
        Assert.Equal("There is no label \"pod\", only {code=\"200\",path=\"/\"}.", missing.Message);
        Assert.Throws<ArgumentException>(() => LabelSet.Create(("a", "1"), ("a", "2")));
        Assert.Throws<ArgumentException>(() => LabelSet.Create(default(Label)));
    }

    [Theory]
    [InlineData("# TYPE m unknown\nm 1\n", "looks like OpenMetrics", "OpenMetricsFormat.TryRead")]
    [InlineData("\u0010\n\u0001m\u0018\u0001\"\u000b\u001a\t", "is binary", "ProtobufFormat.TryRead")]
    public async Task Of_another_format_it_is_said_what_reads_it_and_nothing_of_headers(string body, string what, string method)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(body));
        Exception[] thrown =
        [
            Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse(body)),
            Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse(Encoding.UTF8.GetBytes(body), "text/plain", null)),
            await Assert.ThrowsAsync<ExpositionFormatException>(async () => await ExpositionText.ReadAsync(stream).CountAsync()),
        ];

        Assert.All(thrown, error =>
        {
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
            Assert.Contains(method, error.Message, StringComparison.Ordinal);
            Assert.Contains("ExpositionText.Parse with the content type application/", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Content-", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Errors_name_line_and_reason()
    {
        ExpositionFormatException error = Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse("a 1\nb x\n"));
        Assert.Equal((2, "expected float as value, got \"x\""), (error.Line, error.Reason));
        Assert.StartsWith(
            "text format parsing error in line 2: expected float as value, got \"x\"", error.Message, StringComparison.Ordinal);
        Assert.False(ExpositionText.TryParse(
            "a 1\n# TYPE a nothing\n"u8, out IReadOnlyList<MetricSample>? samples, out FormatError reason));
        Assert.Equal((null, 2), (samples, reason.Line));
        Assert.True(ExpositionText.TryParse("a 1\n"u8, out samples, out _));
        Assert.Single(samples);
    }

    [Fact]
    public void Openmetrics_is_known_by_its_end_or_its_content_type()
    {
        const string Body = "# TYPE c counter\nc_total 1.0 # {t=\"x\"} 1.0\nc_created 1.5\n# TYPE g gaugehistogram\n"
            + "g_bucket{le=\"+Inf\"} 2\ng_gsum 3.0\ng_gcount 2\n# EOF\n";
        MetricSample[] expected =
        [
            new("c_total", [], 1, null, "c_total", MetricType.Counter),
            new("c_created", [], 1.5, null, "c_total", MetricType.Counter),
            new("g_bucket", [("le", "+Inf")], 2, null, "g", MetricType.GaugeHistogram),
            new("g_gsum", [], 3, null, "g", MetricType.GaugeHistogram),
            new("g_gcount", [], 2, null, "g", MetricType.GaugeHistogram),
        ];
        Assert.Equal(expected, ExpositionText.Parse(Body));
        Assert.Equal(expected, ExpositionText.Parse(Body, "application/openmetrics-text; version=1.0.0", null));
        Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse(Body, "text/plain", null));
        Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse("a 1\n", "application/openmetrics-text", null));
    }

    [Fact]
    public void Protobuf_has_the_samples_of_text()
    {
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(Encoding.UTF8.GetBytes(Histogram), new TextReadOptions(NameScheme.Utf8, true), set, out _));
        const string Type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
        byte[] body = ProtobufSupport.WriteProtobuf(set);
        Assert.Equal(ExpositionText.Parse(Histogram), ExpositionText.Parse(body, Type, null));
        Assert.Throws<ArgumentException>(() => ExpositionText.Parse("", Type, null));
        Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse(body.AsSpan(1), Type, null));
    }

    [Fact]
    public void Strict_reading_is_an_option()
    {
        Assert.Single(ExpositionText.Parse("a.b 1 \r\n".Replace('.', '_')));
        var strict = new ExpositionReadOptions { Lenient = false, Names = NameScheme.Legacy };
        Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse("a 1 \n", null, strict));
        Assert.Throws<ExpositionFormatException>(() => ExpositionText.Parse("{\"a.b\"} 1\n", null, strict));
        Assert.StartsWith(
            "ExpositionReadOptions.MaxLineBytes is 10: expected ",
            Assert.Throws<ArgumentOutOfRangeException>(() => new ExpositionReadOptions { MaxLineBytes = 10 }).Message,
            StringComparison.Ordinal);
    }

    // Whatever the text writer makes of a body has one line for each sample.
    [Property(MaxTest = 2000, Arbitrary = [typeof(TextModelTests.Bodies)])]
    public void Samples_are_the_lines_that_the_writer_writes(TextModelTests.Body body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body.Text);
        var set = new FamilySet();
        bool read = TextFormat.TryRead(bytes, new TextReadOptions(NameScheme.Utf8, Lenient: true), set, out FormatError error);
        Assert.Equal(read, ExpositionText.TryParse(
            bytes, "text/plain", null, out IReadOnlyList<MetricSample>? samples, out FormatError same));
        Assert.Equal(error, same);
        if (read)
        {
            string text = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(ProtobufSupport.WriteText(set)));
            var written = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#')).ToHashSet();
            Assert.All(samples!, sample => Assert.Contains(sample.ToString(), written));
            Assert.InRange(samples!.Count, set.Points.Length, int.MaxValue);
        }
    }

    [Fact]
    public async Task A_stream_gives_samples_as_they_come()
    {
        var samples = new List<MetricSample>();
        await foreach (MetricSample sample in ExpositionText.ReadAsync(new SlowStream(Encoding.UTF8.GetBytes(Histogram), 7)))
        {
            samples.Add(sample);
        }

        // But for the bound, which stands as it was written.
        Assert.Equal("0.10", samples[0].Labels["le"]);
        Assert.Equal(ExpositionText.Parse(Histogram).Skip(1), samples.Skip(1));
    }

    [Fact]
    public async Task A_stream_gives_the_samples_before_an_error()
    {
        using var stream = new MemoryStream("a 1\nb 2\nc\n"u8.ToArray());
        var samples = new List<MetricSample>();
        ExpositionFormatException error = await Assert.ThrowsAsync<ExpositionFormatException>(async () =>
        {
            await foreach (MetricSample sample in ExpositionText.ReadAsync(stream))
            {
                samples.Add(sample);
            }
        });
        Assert.Equal((2, 3), (samples.Count, error.Line));
        Assert.True(stream.CanRead);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(4096)]
    public async Task A_pipe_gives_each_sample_once(int block)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 1000).Select(i => $"sample{{i=\"{i}\",x=\"\\n\"}} {i}\n")));
        PipeReader pipe = PipeReader.Create(new SlowStream(text, block), new StreamPipeReaderOptions(bufferSize: 64, minimumReadSize: 1));
        var seen = new List<string>();
        await ExpositionText.ReadAsync(pipe, seen, static (seen, sample) => seen.Add(
            $"{sample.Line} {Encoding.UTF8.GetString(sample.Name)} {Encoding.UTF8.GetString(sample.Labels[0].Value)} {sample.Value}"),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 1000).Select(i => $"{i} sample {i} {i}"), seen);
        await pipe.CompleteAsync();
    }

    [Fact]
    public async Task A_line_without_an_end_does_not_fill_memory()
    {
        var pipe = PipeReader.Create(new EndlessStream());
        ExpositionFormatException error = await Assert.ThrowsAsync<ExpositionFormatException>(
            async () => await ExpositionText.ReadAsync(pipe, 0, static (_, _) => { },
                new ExpositionReadOptions { MaxLineBytes = 100_000 }, TestContext.Current.CancellationToken));
        Assert.Equal("text format parsing error in line 1: a line of more than 100000 bytes", error.Message);
        await pipe.CompleteAsync();
    }

    [Fact]
    public async Task A_pipe_can_be_read_on_after_an_action_has_thrown()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("a 1\nb 2\nc 3\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync();
        var values = new List<double>();
        SampleAction<List<double>> action = static (values, sample) =>
        {
            values.Add(sample.Value);
            if (sample.Value == 2)
            {
                throw new TimeoutException();
            }
        };
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await ExpositionText.ReadAsync(
                pipe.Reader, values, action, cancellationToken: TestContext.Current.CancellationToken));
        await ExpositionText.ReadAsync(pipe.Reader, values, action, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], values);
    }

    [Fact]
    public async Task Reading_a_pipe_can_be_canceled()
    {
        var pipe = new Pipe();
        ValueTask reading = ExpositionText.ReadAsync(
            pipe.Reader, 0, static (_, _) => { }, cancellationToken: TestContext.Current.CancellationToken);
        pipe.Reader.CancelPendingRead();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await reading);
        using var source = new CancellationTokenSource();
        reading = ExpositionText.ReadAsync(pipe.Reader, 0, static (_, _) => { }, cancellationToken: source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }

    [Fact]
    public void A_pipe_that_does_not_wait_costs_no_garbage()
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 1000).Select(i => $"sample{{i=\"{i}\"}} {i}\n")));
        var pipe = new BlocksReader(Segments.Of(text, 1000, 2000, 9000));
        var sum = new double[1];

        // Where the compiler does not optimise, the method's state is an object.
        long mostBytes = typeof(ExpositionText).Assembly.GetCustomAttribute<DebuggableAttribute>()!.IsJITOptimizerDisabled ? 512 * 100 : 0;
        Allocation.AssertAtMost(mostBytes, () =>
        {
            pipe.Restart();
            ValueTask reading = ExpositionText.ReadAsync(
                pipe, sum, static (sum, sample) => sum[0] += sample.Value, cancellationToken: TestContext.Current.CancellationToken);
            Assert.True(reading.IsCompletedSuccessfully);
            reading.GetAwaiter().GetResult();
        });
        Assert.Equal(0, sum[0] % 500_500);
    }

    private sealed class SlowStream(byte[] bytes, int block) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, block)], cancellationToken);
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
