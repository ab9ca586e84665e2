using System.Buffers;
using System.Text;

namespace Exposition.Formats.Tests;

public sealed class ExpositionWriterTests
{
    private static readonly ulong[] s_counts = [0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0];

    private readonly ArrayBufferWriter<byte> _output = new();

    [Fact]
    public void Text_has_a_line_for_each_sample()
    {
        var writer = new ExpositionWriter(_output);
        Fill(writer);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8; escaping=underscores", writer.ContentType);
        Assert.Equal(
            """
            # HELP jobs_total Jobs.
            # TYPE jobs_total counter
            jobs_total{queue="mail",state="done"} 17 1500
            jobs_total 2
            # TYPE wait_seconds summary
            wait_seconds{quantile="0.5"} 0.25
            wait_seconds_sum 3.5
            wait_seconds_count 10
            # TYPE size_bytes histogram
            size_bytes_bucket{le="1"} 3
            size_bytes_bucket{le="+Inf"} 4
            size_bytes_sum 9
            size_bytes_count 4
            # TYPE native histogram
            native_bucket{le="+Inf"} 6
            native_sum 12
            native_count 6

            """.ReplaceLineEndings("\n"),
            Written());
    }

    [Fact]
    public void Openmetrics_has_exemplars_created_times_units_and_an_end()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics, EscapingScheme.AllowUtf8));
        Fill(writer);
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", writer.ContentType);
        Assert.Equal(
            """
            # HELP jobs Jobs.
            # TYPE jobs counter
            jobs_total{queue="mail",state="done"} 17.0 1.5 # {trace="x"} 1.0 0.25
            jobs_created{queue="mail",state="done"} 0.5 1.5
            jobs_total 2.0
            # TYPE wait_seconds summary
            # UNIT wait_seconds seconds
            wait_seconds{quantile="0.5"} 0.25
            wait_seconds_sum 3.5
            wait_seconds_count 10
            # TYPE size_bytes histogram
            size_bytes_bucket{le="1.0"} 3 # {} 0.5
            size_bytes_bucket{le="+Inf"} 4 # {} 6.0
            size_bytes_sum 9.0
            size_bytes_count 4
            # TYPE native histogram
            native_bucket{le="+Inf"} 6
            native_sum 12.0
            native_count 6
            # EOF

            """.ReplaceLineEndings("\n"),
            Written());
    }

    [Fact]
    public void Protobuf_has_native_buckets_and_their_exemplars()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.ProtobufDelimited));
        Fill(writer);
        Oracle.Histogram native = ProtobufSupport.ParseDelimited(_output.WrittenSpan.ToArray())[^1].Metric[0].Histogram;
        Assert.Equal((3, 0.001, 1ul), (native.Schema, native.ZeroThreshold, native.ZeroCount));
        Assert.Equal((6ul, 12.0), (native.SampleCount, native.SampleSum));

        // A gap of two is filled, one of three is not.
        Assert.Equal([(5, 1u), (3, 4u)], native.PositiveSpan.Select(span => (span.Offset, span.Length)));
        Assert.Equal([0.5, 7], native.Exemplars.Select(exemplar => exemplar.Value));
        Assert.True(NativeHistogram.TryRead(ProtobufMetric(native), out NativeHistogram? read));
        Assert.Equal([1ul, 1, 1, 1], read.EnumerateBuckets().Select(bucket => bucket.Count));
    }

    [Fact]
    public void A_native_histogram_without_buckets_says_that_it_is_native()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.ProtobufDelimited));
        writer.StartFamily("n", MetricType.Histogram, "");
        writer.WriteNativeHistogram(new NativeHistogramValue { Schema = -4 });
        writer.Complete();
        Oracle.Histogram native = ProtobufSupport.ParseDelimited(_output.WrittenSpan.ToArray())[0].Metric[0].Histogram;
        Assert.Equal((-4, 1), (native.Schema, native.PositiveSpan.Count));
    }

    [Fact]
    public void Without_checks_what_comes_is_written()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(SkipValidation: true));
        writer.StartFamily("a", MetricType.Counter, "");
        writer.WriteSample(1, ("le", "1"), ("le", "1"));
        writer.StartFamily("a", MetricType.Counter, "");
        writer.WriteSample(1, ("\ud800", "x"));
        Assert.Throws<InvalidOperationException>(() => writer.WriteHistogram([], 0, 0));
        writer.Complete();
        Assert.Equal("# TYPE a counter\na{le=\"1\",le=\"1\"} 1\n# TYPE a counter\na{_=\"x\"} 1\n", Written());
    }

    // A family of any size takes the memory of a part; the parts are one family.
    [Fact]
    public void A_large_family_goes_out_in_parts()
    {
        var writer = new ExpositionWriter(_output);
        writer.StartFamily("large", MetricType.Gauge, "Large.");
        for (int i = 0; i < 20_000; i++)
        {
            writer.WriteSample(i, ("i", $"{i}"));
        }

        Assert.InRange(_output.WrittenCount, 100_000, int.MaxValue);
        writer.StartFamily("small", MetricType.Gauge, "Small.");
        writer.WriteSample(1);
        writer.Complete();
        Assert.Equal(2, Written().Split("# HELP").Length - 1);
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => (double)i).Append(1), Samples().Select(sample => sample.Value));
    }

    [Theory]
    [InlineData(ScrapeFormat.Text)]
    [InlineData(ScrapeFormat.OpenMetrics)]
    [InlineData(ScrapeFormat.ProtobufDelimited)]
    public void A_warm_writer_allocates_nothing(ScrapeFormat format)
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(format));
        Allocation.AssertNone(() =>
        {
            _output.ResetWrittenCount();
            writer.Reset(_output);
            Fill(writer);
        });
        Assert.InRange(_output.WrittenCount, 100, 10_000);
    }

    [Fact]
    public void A_warm_writer_over_a_set_costs_only_itself()
    {
        var set = new FamilySet();
        var names = new string[2000];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = $"{i}";
        }

        // The writer, not a byte for each sample.
        Allocation.AssertAtMost(100 * 8192, () =>
        {
            set.Reset();
            var writer = new ExpositionWriter(set);
            writer.StartFamily("g", MetricType.Gauge, "");
            foreach (string name in names)
            {
                writer.WriteSample(1, ("name", name));
            }

            writer.Complete();
        });
        Assert.Equal(2000, set.Metrics.Length);
    }

    // What OpenMetrics does not allow under a type goes out as unknown.
    [Fact]
    public void A_negative_counter_is_unknown_in_openmetrics()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics));
        writer.StartFamily("a_total", MetricType.Counter, "");
        writer.WriteSample(-1);
        writer.Complete();
        Assert.Equal("# TYPE a_total unknown\na_total -1.0\n# EOF\n", Written());
    }

    [Fact]
    public void The_text_form_of_protobuf_is_written_too()
    {
        var negotiated = new ScrapeNegotiation(ScrapeFormat.ProtobufCompactText, EscapingScheme.Dots);
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(negotiated));
        writer.StartFamily("a.b", MetricType.Gauge, "");
        writer.WriteSample(1);
        writer.Complete();
        Assert.Equal("name:\"a_dot_b\" type:GAUGE metric:{gauge:{value:1}}\n", Written());
    }

    private static void Fill(ExpositionWriter writer)
    {
        writer.StartFamily("jobs_total", MetricType.Counter, "Jobs.");
        writer.AddLabel("queue"u8, "mail"u8);
        writer.WriteSample(17, ("state", "done"));
        writer.WriteTimestamp(DateTimeOffset.FromUnixTimeMilliseconds(1500));
        writer.WriteExemplar(1, DateTimeOffset.FromUnixTimeMilliseconds(250), ("trace", "x"));
        writer.WriteCreated(DateTimeOffset.FromUnixTimeMilliseconds(500));
        writer.WriteSample(2);
        writer.StartFamily("empty"u8, MetricType.Gauge, "No samples."u8);
        writer.StartFamily("wait_seconds"u8, MetricType.Summary, default, "seconds"u8);
        writer.WriteSummary([new(0.5, 0.25)], 10, 3.5);
        writer.StartFamily("size_bytes", MetricType.Histogram, null);
        writer.WriteHistogram([new(1, 3)], 4, 9);
        writer.WriteExemplar(6, null);
        writer.WriteExemplar(0.5, null);
        writer.StartFamily("native", MetricType.Histogram, null);
        writer.WriteNativeHistogram(new NativeHistogramValue
        {
            Schema = 3,
            Count = 6,
            Sum = 12,
            ZeroCount = 1,
            ZeroThreshold = 0.001,
            PositiveOffset = 4,
            PositiveCounts = s_counts,
        });
        writer.WriteExemplar(0.5, null);
        writer.WriteExemplar(7, null);
        writer.Complete();
    }

    private static byte[] ProtobufMetric(Oracle.Histogram histogram)
    {
        using var stream = new MemoryStream();
        Google.Protobuf.MessageExtensions.WriteTo(new Oracle.Metric { Histogram = histogram }, stream);
        return stream.ToArray();
    }

    private IReadOnlyList<MetricSample> Samples() => ExpositionText.Parse(_output.WrittenSpan);

    private string Written() => Encoding.UTF8.GetString(_output.WrittenSpan);
}
