using System.Diagnostics.Metrics;
using Exposition.Formats;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Exponential histograms become native ones, whose buckets count what a count by hand says.</summary>
public sealed class ExponentialTests
{
    [Fact]
    public async Task Buckets_are_those_of_the_specification()
    {
        await using Bench bench = await Bench.StartAsync();
        // At scale 0: (1,2], (2,4] twice, (16,32], and zero twice.
        Push(bench, [2, 3, 4, 20, 0, 0], maxScale: 0);
        NativeHistogram histogram = Decode(bench.Sent.Body, out double count, out double sum);
        Assert.Equal((0, 1e-128, 6, 29), (histogram.Schema, histogram.ZeroThreshold, count, sum));
        Assert.Equal(
            [
                new NativeBucket(3, -1e-128, 1e-128, 2, 0),
                new NativeBucket(0, 1, 2, 1, 0),
                new NativeBucket(0, 2, 4, 2, 0),
                new NativeBucket(0, 16, 32, 1, 0),
            ],
            histogram.EnumerateBuckets());
        Assert.Equal((6, 29), (bench.Gateway.Value("size_count"), bench.Gateway.Value("size_sum")));
    }

    [Theory]
    [InlineData(20, 8)]
    [InlineData(8, 8)]
    [InlineData(5, 5)]
    [InlineData(-4, -4)]
    public async Task Scales_beyond_the_finest_schema_are_made_coarser(int maxScale, int schema)
    {
        await using Bench bench = await Bench.StartAsync();
        double[] values = [.. Enumerable.Range(0, 100).Select(static i => 1.00001 + (i * 0.000013))];
        Push(bench, values, maxScale);
        NativeHistogram histogram = Decode(bench.Sent.Body, out _, out _);
        Assert.InRange(histogram.Schema, schema > 5 ? 6 : schema, schema);
        AgreesWith(values, histogram);
    }

    [Fact]
    public async Task A_scale_below_the_coarsest_schema_leaves_its_series_out_and_says_so()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(
            static meter =>
            {
                Histogram<double> sizes = meter.CreateHistogram<double>("size");
                Array.ForEach([1e-300, 1e300, 1], value => sizes.Record(value, new KeyValuePair<string, object?>("wide", true)));
                sizes.Record(3);
            },
            static o => o.Format = PushgatewayFormat.Protobuf,
            static builder => builder.AddView("size", new Base2ExponentialBucketHistogramConfiguration { MaxSize = 2 }));
        Assert.Equal(1, bench.Gateway.Value("size_count"));
        Assert.Contains("a series is left out: its scale -1", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PushgatewayFormat.Text)]
    [InlineData(PushgatewayFormat.OpenMetrics)]
    public async Task Where_there_are_no_native_histograms_count_and_sum_are_pushed_and_the_rest_is_said_once(PushgatewayFormat format)
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(
            o => o.Format = format, static builder => builder.AddView("size", new Base2ExponentialBucketHistogramConfiguration()));
        bench.Meter.CreateHistogram<double>("size").Record(3);
        Assert.True(provider.ForceFlush());
        Assert.True(provider.ForceFlush());
        Assert.Equal((1, 3), (bench.Gateway.Value("size_count"), bench.Gateway.Value("size_sum")));
        Assert.Contains("expected Format to be Protobuf", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_in_no_bucket_is_counted_with_NaN_alone()
    {
        await using Bench bench = await Bench.StartAsync();
        Push(bench, [1, double.PositiveInfinity], 4);
        Decode(bench.Sent.Body, out double count, out double sum);
        Assert.Equal((1, double.PositiveInfinity), (count, sum));
        await using Bench other = await Bench.StartAsync();
        Push(other, [1, double.NaN], 4);
        Decode(other.Sent.Body, out count, out sum);
        Assert.Equal((2, double.NaN), (count, sum));
    }

    [Property(MaxTest = 40)]
    public Property Any_values_are_counted_as_by_hand() => Prop.ForAll(
        Gen.NonEmptyListOf(Gen.Choose(1, 1_000_000)).ToArbitrary(),
        Gen.Choose(-30, 30).ToArbitrary(),
        Gen.Choose(-4, 20).ToArbitrary(),
        static (numbers, power, maxScale) =>
        {
            // Sevenths lie on no bound but those of powers of two, which the SDK places exactly.
            double[] values = [.. numbers.Select(number => number / 7.0 * Math.Pow(2, power))];
            Task.Run(async () =>
            {
                await using Bench bench = await Bench.StartAsync();
                Push(bench, values, maxScale);
                NativeHistogram histogram = Decode(bench.Sent.Body, out double count, out _);
                Assert.Equal(values.Length, count);
                AgreesWith(values, histogram);
            }).GetAwaiter().GetResult();
        });

    private static void AgreesWith(double[] values, NativeHistogram histogram)
    {
        NativeBucket[] buckets = [.. histogram.EnumerateBuckets()];
        foreach (NativeBucket bucket in buckets)
        {
            Assert.Equal((ulong)values.Count(value => value > bucket.Lower && value <= bucket.Upper), bucket.Count);
        }

        Assert.Equal((ulong)values.Length, buckets.Aggregate(0UL, static (sum, bucket) => sum + bucket.Count));
    }

    private static void Push(Bench bench, double[] values, int maxScale) => bench.Push(
        meter =>
        {
            Histogram<double> sizes = meter.CreateHistogram<double>("size");
            Array.ForEach(values, sizes.Record);
        },
        static o => o.Format = PushgatewayFormat.Protobuf,
        builder => builder.AddView("size", new Base2ExponentialBucketHistogramConfiguration { MaxScale = maxScale }));

    private static NativeHistogram Decode(byte[] body, out double count, out double sum)
    {
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(body, set, out FormatError error), error.ToString());
        foreach (FamilyView family in set.Views)
        {
            foreach (MetricView metric in family.Metrics)
            {
                Assert.True(metric.TryGetNativeHistogram(out NativeHistogram? histogram));
                (count, sum) = (metric.Count, metric.Value);
                return histogram;
            }
        }

        throw new InvalidOperationException("nothing was pushed");
    }
}
