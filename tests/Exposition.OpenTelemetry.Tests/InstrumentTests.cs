using System.Diagnostics.Metrics;
using Exposition.Formats;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Each instrument becomes what the OpenTelemetry specification says that it is for Prometheus.</summary>
public sealed class InstrumentTests
{
    private static readonly KeyValuePair<string, object?> s_users = new("table", "users");

    [Fact]
    public async Task Counters_are_counters_and_what_goes_down_is_a_gauge()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(static meter =>
        {
            meter.CreateCounter<long>("rows", "{row}", "Rows that were copied.").Add(3, s_users);
            meter.CreateCounter<double>("copied", "By").Add(1.5);
            meter.CreateUpDownCounter<int>("queue.length").Add(-2);
            meter.CreateUpDownCounter<double>("load").Add(0.5);
            meter.CreateObservableCounter("seen", static () => 7L);
            meter.CreateObservableUpDownCounter("open", static () => 8.5);
        });
        Assert.Equal(
            """
            # HELP rows_total Rows that were copied.
            # TYPE rows_total counter
            rows_total{table="users"} 3
            # TYPE copied_bytes_total counter
            copied_bytes_total 1.5
            # TYPE queue_length gauge
            queue_length -2
            # TYPE load gauge
            load 0.5
            # TYPE seen_total counter
            seen_total 7
            # TYPE open gauge
            open 8.5

            """,
            bench.Text);
        Assert.Equal(3, bench.Gateway.Value("rows_total{job=\"test\",table=\"users\"}"));
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task Gauges_are_gauges_and_those_of_unit_1_ratios()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(static meter =>
        {
            meter.CreateGauge<int>("threads").Record(4);
            meter.CreateObservableGauge("used", static () => 0.25, "1");
            meter.CreateGauge<double>("none").Record(double.NaN);
            meter.CreateGauge<double>("all").Record(double.NegativeInfinity);
        });
        Assert.Equal(
            "# TYPE threads gauge\nthreads 4\n# TYPE used_ratio gauge\nused_ratio 0.25\n"
                + "# TYPE none gauge\nnone NaN\n# TYPE all gauge\nall -Inf\n",
            bench.Text);
    }

    [Fact]
    public async Task Histograms_have_cumulative_buckets()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                Histogram<double> seconds = meter.CreateHistogram<double>("run", "s");
                foreach (double value in new[] { 0.5, 1, 1.5, 2.5, 100 })
                {
                    seconds.Record(value, s_users);
                }

                meter.CreateHistogram<long>("bare").Record(7);
            },
            more: static builder => builder
                .AddView("run", new ExplicitBucketHistogramConfiguration { Boundaries = [1, 2, 5] })
                .AddView("bare", new ExplicitBucketHistogramConfiguration { Boundaries = [] }));
        Assert.Equal(
            """
            # TYPE run_seconds histogram
            run_seconds_bucket{table="users",le="1"} 2
            run_seconds_bucket{table="users",le="2"} 3
            run_seconds_bucket{table="users",le="5"} 4
            run_seconds_bucket{table="users",le="+Inf"} 5
            run_seconds_sum{table="users"} 105.5
            run_seconds_count{table="users"} 5
            # TYPE bare histogram
            bare_bucket{le="+Inf"} 1
            bare_sum 7
            bare_count 1

            """,
            bench.Text);
        Assert.Equal(4, bench.Gateway.Value("run_seconds_bucket{le=\"5\",table=\"users\"}"));
    }

    [Theory]
    [InlineData(PushgatewayFormat.Protobuf)]
    [InlineData(PushgatewayFormat.OpenMetrics)]
    [InlineData(PushgatewayFormat.Text)]
    public async Task Values_are_cumulative_however_often_they_are_pushed(PushgatewayFormat format)
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(o => o.Format = format);
        Counter<int> rows = bench.Meter.CreateCounter<int>("rows");
        Histogram<double> sizes = bench.Meter.CreateHistogram<double>("size");
        for (int push = 1; push <= 3; push++)
        {
            rows.Add(2);
            sizes.Record(3);
            Assert.True(provider.ForceFlush());
            Assert.Equal(2 * push, bench.Gateway.Value("rows_total"));
            Assert.Equal((push, 3.0 * push), (bench.Gateway.Value("size_count"), bench.Gateway.Value("size_sum")));
            Assert.Equal(push, bench.Gateway.Value("size_bucket{le=\"5\"}"));
        }

        Assert.True(provider.ForceFlush());
        Assert.Equal(6, bench.Gateway.Value("rows_total"));
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task OpenMetrics_has_units_created_times_and_an_end()
    {
        await using Bench bench = await Bench.StartAsync();
        DateTimeOffset before = DateTimeOffset.UtcNow;
        bench.Push(
            static meter =>
            {
                meter.CreateCounter<int>("copied", "By").Add(1);
                meter.CreateGauge<int>("seconds", "s").Record(1);
                meter.CreateHistogram<double>("run", "s").Record(1);
            },
            static o => o.Format = PushgatewayFormat.OpenMetrics);
        Assert.Contains("# TYPE copied_bytes counter\n# UNIT copied_bytes bytes\ncopied_bytes_total 1.0\ncopied_bytes_created ", bench.Text,
            StringComparison.Ordinal);
        Assert.Contains("# TYPE seconds gauge\nseconds 1.0\n", bench.Text, StringComparison.Ordinal);
        Assert.Contains("# UNIT run_seconds seconds\n", bench.Text, StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", bench.Text, StringComparison.Ordinal);
        double created = bench.Samples.Single(static s => s.Name == "run_seconds_created").Value;
        Assert.InRange(created, before.ToUnixTimeSeconds() - 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Assert.StartsWith("application/openmetrics-text", bench.Sent.ContentType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_default_it_is_protobuf_with_created_times()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter => meter.CreateCounter<int>("rows").Add(1),
            static o => o.Format = new PushgatewayExporterOptions().Format);
        Assert.StartsWith("application/vnd.google.protobuf", bench.Sent.ContentType, StringComparison.Ordinal);
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(bench.Sent.Body, set, out FormatError error), error.ToString());
        foreach (FamilyView family in set.Views)
        {
            foreach (MetricView metric in family.Metrics)
            {
                Assert.True((metric.Content & MetricContent.OnlyInRaw) != 0, "no created time");
                return;
            }
        }

        Assert.Fail("nothing was pushed");
    }
}
