using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>What contradicts itself costs itself only: the rest is pushed, and it is said once.</summary>
public sealed class CollisionTests
{
    [Theory]
    [InlineData(PushgatewayFormat.Text)]
    [InlineData(PushgatewayFormat.Protobuf)]
    [InlineData(PushgatewayFormat.OpenMetrics)]
    public async Task Of_two_types_of_one_name_the_first_is_pushed(PushgatewayFormat format)
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(o => o.Format = format);
        bench.Meter.CreateCounter<int>("rows").Add(1);
        bench.Meter.CreateGauge<int>("rows.total").Record(2);
        bench.Meter.CreateHistogram<double>("size").Record(3);
        bench.Meter.CreateGauge<int>("size.count").Record(4);
        bench.Meter.CreateGauge<int>("last").Record(5);
        Assert.True(provider.ForceFlush());
        Assert.True(provider.ForceFlush());

        Assert.Equal((1, 1, 5),
            (bench.Gateway.Value("rows_total"), bench.Gateway.Value("size_count"), bench.Gateway.Value("last")));
        Assert.Equal(2, bench.Log.Lines.Count);
        Assert.StartsWith(
            $"Warning: Of the instrument {bench.Meter.Name}/rows.total, nothing is pushed: its name rows_total is that of the Counter ",
            bench.Log.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"Warning: Of the instrument {bench.Meter.Name}/size.count, nothing is pushed: ", bench.Log.Lines[1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_that_would_be_the_same_are_pushed_once()
    {
        await using Bench bench = await Bench.StartAsync();
        using var other = new Meter(bench.Meter.Name + ".Other");
        using MeterProvider provider = bench.Build(more: builder => builder.AddMeter(other.Name));
        Counter<int> rows = bench.Meter.CreateCounter<int>("rows");
        rows.Add(1, new KeyValuePair<string, object?>("a.b", "x"));
        rows.Add(2, new KeyValuePair<string, object?>("a_b", "x"));
        rows.Add(3, new KeyValuePair<string, object?>("a_b", "y"));
        other.CreateCounter<int>("rows", null, "of another").Add(4, new KeyValuePair<string, object?>("a_b", "y"));
        Assert.True(provider.ForceFlush());
        Assert.True(provider.ForceFlush());
        Assert.Equal("# TYPE rows_total counter\nrows_total{a_b=\"x\"} 1\nrows_total{a_b=\"y\"} 3\n", bench.Text);
        Assert.Collection(
            bench.Log.Lines,
            line => Assert.Contains($"{other.Name}/rows, the description is left out", line, StringComparison.Ordinal),
            line => Assert.Contains($"{bench.Meter.Name}/rows, series are left out whose labels", line, StringComparison.Ordinal),
            line => Assert.Contains($"{other.Name}/rows, series are left out whose labels", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Attributes_named_as_the_group_do_not_make_two_series_one()
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(static o => o.Grouping["instance"] = "i");
        Counter<int> rows = bench.Meter.CreateCounter<int>("rows");
        rows.Add(1, new KeyValuePair<string, object?>("job", "a"));
        rows.Add(2, new KeyValuePair<string, object?>("job", "b"));
        rows.Add(3, new KeyValuePair<string, object?>("instance", "b"));
        Assert.True(provider.ForceFlush());
        Assert.Equal(
            (1, 2, 3),
            (bench.Gateway.Value("rows_total{exported_job=\"a\",job=\"test\"}"), bench.Gateway.Value("rows_total{exported_job=\"b\"}"),
                bench.Gateway.Value("rows_total{exported_instance=\"b\",instance=\"i\"}")));
    }

    [Fact]
    public async Task An_instrument_named_target_info_does_not_take_its_place()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                meter.CreateGauge<int>("target.info").Record(7);
                meter.CreateGauge<int>("a").Record(1);
            },
            more: static builder => builder.ConfigureResource(static r => r.AddAttributes([new("host.name", "db1")])));
        Assert.Equal((1, 1), (bench.Gateway.Value("target_info{host_name=\"db1\"}"), bench.Gateway.Value("a")));
        Assert.Contains("target.info, nothing is pushed", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_notices_are_a_limited_number_of_lines()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(static meter =>
        {
            for (int i = 0; i < 150; i++)
            {
                meter.CreateGauge<int>($"a{i}.b").Record(1);
                meter.CreateCounter<int>($"a{i}_b").Add(1);
                meter.CreateUpDownCounter<int>($"a{i}-b_total").Add(1);
            }
        });
        Assert.Equal(101, bench.Log.Lines.Count);
        Assert.Equal("Warning: More is left out than is logged: there have been 100 lines of that kind", bench.Log.Lines[^1]);
    }
}
