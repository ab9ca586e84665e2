using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Exemplars of the SDK arrive at the gateway, in both formats that have them.</summary>
public sealed class ExemplarTests
{
    private static readonly ActivityTraceId s_trace = ActivityTraceId.CreateFromString("5b8efff798038103d269b633813fc60c");

    [Theory]
    [InlineData(PushgatewayFormat.Protobuf)]
    [InlineData(PushgatewayFormat.OpenMetrics)]
    public async Task They_name_the_trace_and_what_views_have_taken_from_the_labels(PushgatewayFormat format)
    {
        await using Bench bench = await Bench.StartAsync();
        Push(bench, format);
        string[] lines = Scraped(bench).Split('\n');
        string counter = Assert.Single(lines, static line => line.StartsWith("rows_total", StringComparison.Ordinal));
        Assert.Matches("^rows_total\\{.*\\} 5(\\.0)? # \\{trace_id=\"5b8efff798038103d269b633813fc60c\",span_id=\"[0-9a-f]{16}\","
            + "user_name=\"u2\"\\} 3(\\.0)? [0-9.]+(e\\+09)?$", counter);
        string[] buckets = [.. lines.Where(static line => line.StartsWith("size_bucket", StringComparison.Ordinal))];
        Assert.Equal(3, buckets.Length);
        Assert.Contains(" 2 # {trace_id=\"5b8efff798038103d269b633813fc60c\",", buckets[0], StringComparison.Ordinal);
        Assert.Contains("user_name=\"u2\"} 0.75 ", buckets[0], StringComparison.Ordinal);
        Assert.DoesNotContain("#", buckets[1], StringComparison.Ordinal);
        Assert.Contains(" 3 # {", buckets[2], StringComparison.Ordinal);
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task Text_has_no_place_for_them()
    {
        await using Bench bench = await Bench.StartAsync();
        Push(bench, PushgatewayFormat.Text);
        Assert.DoesNotContain("trace_id", bench.Text, StringComparison.Ordinal);
        Assert.Equal(5, bench.Gateway.Value("rows_total"));
    }

    [Fact]
    public async Task What_is_too_long_for_an_exemplar_is_left_out_of_it()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                using Activity activity = Start();
                meter.CreateCounter<int>("rows").Add(
                    1, new("a", new string('x', 100)), new("b", "short"), new("trace_id", "mine"), new("c", "\uD800"));
            },
            static o => o.Format = PushgatewayFormat.OpenMetrics,
            static builder => builder.SetExemplarFilter(ExemplarFilterType.AlwaysOn)
                .AddView("rows", new MetricStreamConfiguration { TagKeys = [] }));
        string line = Assert.Single(bench.Text.Split('\n'), static line => line.StartsWith("rows_total", StringComparison.Ordinal));
        Assert.Contains("trace_id=\"5b8efff798038103d269b633813fc60c\"", line, StringComparison.Ordinal);
        Assert.Contains("b=\"short\",c=\"\uFFFD\"} 1", line, StringComparison.Ordinal);
        Assert.DoesNotContain("xxx", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_count_as_they_are_escaped()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                using Activity activity = Start();
                meter.CreateCounter<int>("rows").Add(1, new("a.b.c.d.e.f.g.h.i.j", new string('x', 40)), new("b.c", "short"));
            },
            static o => (o.Format, o.Escaping) = (PushgatewayFormat.OpenMetrics, EscapingScheme.Values),
            static builder => builder.SetExemplarFilter(ExemplarFilterType.AlwaysOn)
                .AddView("rows", new MetricStreamConfiguration { TagKeys = [] }));
        string line = Assert.Single(bench.Text.Split('\n'), static line => line.StartsWith("rows_total", StringComparison.Ordinal));
        Assert.Contains(",U__b_2e_c=\"short\"} 1", line, StringComparison.Ordinal);
        Assert.DoesNotContain("xxx", line, StringComparison.Ordinal);
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task Names_that_readers_refuse_once_they_are_escaped_are_left_out()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                using Activity activity = Start();
                meter.CreateCounter<int>("rows").Add(1, new("_a.b", "reserved"), new("a b", "first"), new("a-b", "twice"));
            },
            static o => (o.Format, o.Escaping) = (PushgatewayFormat.OpenMetrics, EscapingScheme.Dots),
            static builder => builder.SetExemplarFilter(ExemplarFilterType.AlwaysOn)
                .AddView("rows", new MetricStreamConfiguration { TagKeys = [] }));
        string line = Assert.Single(bench.Text.Split('\n'), static line => line.StartsWith("rows_total", StringComparison.Ordinal));
        Assert.Contains(",a__b=\"first\"} 1", line, StringComparison.Ordinal);
        Assert.DoesNotContain("reserved", line, StringComparison.Ordinal);
        Assert.DoesNotContain("twice", line, StringComparison.Ordinal);
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task Those_of_exponential_histograms_are_in_the_protobuf_message()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                using Activity activity = Start();
                meter.CreateHistogram<double>("size").Record(3);
            },
            static o => o.Format = PushgatewayFormat.Protobuf,
            static builder => builder.SetExemplarFilter(ExemplarFilterType.AlwaysOn)
                .AddView("size", new Base2ExponentialBucketHistogramConfiguration()));
        Assert.Contains("5b8efff798038103d269b633813fc60c", Encoding.UTF8.GetString(bench.Sent.Body), StringComparison.Ordinal);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        bench.Gateway.Store.WriteTo(output, new ScrapeOptions { Format = ScrapeFormat.ProtobufText });
        string scraped = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains("5b8efff798038103d269b633813fc60c", scraped, StringComparison.Ordinal);
        Assert.Contains("exemplars:", scraped, StringComparison.Ordinal);
    }

    private static void Push(Bench bench, PushgatewayFormat format) => bench.Push(
        static meter =>
        {
            using Activity activity = Start();
            Counter<int> rows = meter.CreateCounter<int>("rows");
            rows.Add(2, new("table", "a"), new("user.name", "u1"));
            rows.Add(3, new("table", "a"), new("user.name", "u2"));
            Histogram<double> sizes = meter.CreateHistogram<double>("size");
            sizes.Record(0.5, new KeyValuePair<string, object?>("user.name", "u1"));
            sizes.Record(0.75, new KeyValuePair<string, object?>("user.name", "u2"));
            sizes.Record(100, new KeyValuePair<string, object?>("user.name", "u3"));
        },
        o => o.Format = format,
        static builder => builder.SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddView("rows", new MetricStreamConfiguration { TagKeys = ["table"] })
            .AddView("size", new ExplicitBucketHistogramConfiguration { TagKeys = [], Boundaries = [1, 10] }));

    private static Activity Start()
    {
        var activity = new Activity("test");
        activity.SetParentId(s_trace, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        activity.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        return activity.Start();
    }

    private static string Scraped(Bench bench)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        bench.Gateway.Store.WriteTo(output, new ScrapeOptions { Format = ScrapeFormat.OpenMetrics });
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
