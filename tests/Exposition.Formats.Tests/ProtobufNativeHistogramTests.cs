using System.Globalization;
using FsCheck;
using FsCheck.Xunit;
using Google.Protobuf;

namespace Exposition.Formats.Tests;

/// <summary>The expected buckets are what the reference's JSON API answers for the same histograms.</summary>
public sealed class ProtobufNativeHistogramTests
{
    [Fact]
    public void Integer_buckets_on_both_sides() => AssertBuckets(
        Mixed(2, 1, -1, 3),
        "1 -1 -0.7071067811865475 2", "1 -0.7071067811865475 -0.5 1", "3 -0.001 0.001 2", "0 0.7071067811865475 1 2",
        "0 1 1.414213562373095 3", "0 1.414213562373095 2 2", "0 4 5.65685424949238 5");

    [Fact]
    public void More_deltas_than_the_spans_say_are_ignored() => AssertBuckets(
        Positive(1, [(0, 3), (2, 1)], 2, 1, -1, 3, 4, 5),
        "0 0.7071067811865475 1 2", "0 1 1.414213562373095 3", "0 1.414213562373095 2 2", "0 4 5.65685424949238 5");

    // The reference panics here.
    [Fact]
    public void Fewer_deltas_end_the_walk() => AssertBuckets(
        Positive(1, [(0, 3), (2, 1)], 2, 1), "0 0.7071067811865475 1 2", "0 1 1.414213562373095 3");

    [Fact]
    public void Negative_populations_wrap_as_in_the_reference() => AssertBuckets(
        Positive(1, [(0, 3), (2, 1)], 2, -5, 1, 3),
        "0 0.7071067811865475 1 2", "0 1 1.414213562373095 18446744073709551613", "0 1.414213562373095 2 18446744073709551614",
            "0 4 5.65685424949238 1");

    [Fact]
    public void The_overflow_bucket() => AssertBuckets(Positive(0, [(1025, 1)], 1), "0 1.7976931348623157E+308 Infinity 1");

    [Fact]
    public void The_finest_schema_has_the_bounds_of_the_reference() => AssertBuckets(
        Positive(8, [(250, 4)], 1, 0, 0, 0),
        "0 1.9624504802089269 1.967771223233175 1", "0 1.967771223233175 1.9731063922552337 1",
        "0 1.9731063922552337 1.9784560263879505 1", "0 1.9784560263879505 1.983820164850219 1");

    [Fact]
    public void Schema_five_has_the_bounds_of_the_reference()
    {
        var histogram = NativeHistogramOf(Positive(5, [(-20, 40)], [1, .. new long[39]]))!;
        double[] uppers = [.. histogram.EnumerateBuckets().Select(b => b.Upper)];
        Assert.Equal(
            [0.6484197773255048, 0.6626183215798706, 0.6771277734684463, 0.6919549409819159, 0.7071067811865475, 0.7225904034885232,
                0.7384130729697496],
            uppers[..7]);
        Assert.Equal([1.0218971486541166, 1.0442737824274138, 1.0671404006768235, 1.0905077326652577, 1.1143867425958924,
            1.1387886347566916], uppers[21..27]);
    }

    [Fact]
    public void Coarse_schemas() => AssertBuckets(Positive(-2, [(-1, 3)], 1, 0, 0), "0 0.00390625 0.0625 1", "0 0.0625 1 1", "0 1 16 1");

    [Fact]
    public void The_empty_marker_span_makes_an_empty_histogram() => AssertBuckets(Positive(3, [(0, 0)]));

    [Fact]
    public void Without_spans_it_is_no_native_histogram() => Assert.Null(NativeHistogramOf(Positive(3, [], 1)));

    [Theory]
    [InlineData(9)]
    [InlineData(-5)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_schema_out_of_range_leaves_the_zero_bucket(int schema)
    {
        Oracle.Metric metric = Positive(schema, [(0, 1)], 1);
        metric.Histogram.ZeroCount = 4;
        AssertBuckets(metric, "3 -0 0 4");
    }

    [Fact]
    public void Spans_without_numbers_do_not_run_away() =>
        AssertBuckets(Positive(0, [(0, uint.MaxValue), (int.MaxValue, uint.MaxValue), (0, uint.MaxValue)], 1), "0 0.5 1 1");

    [Fact]
    public void A_span_that_goes_back_ends_the_walk() => AssertBuckets(Positive(0, [(0, 1), (-5, 1)], 1, 1), "0 0.5 1 1");

    [Fact]
    public void Float_histograms_count_absolutely()
    {
        Oracle.Metric metric = Positive(0, [(0, 2)]);
        metric.Histogram.SampleCountFloat = 3.5;
        metric.Histogram.ZeroCountFloat = 0.25;
        metric.Histogram.ZeroThreshold = 0.5;
        metric.Histogram.PositiveCount.AddRange([1.5, 0.5]);
        metric.Histogram.NegativeSpan.Add(new Oracle.BucketSpan { Length = 2 });
        metric.Histogram.NegativeCount.AddRange([0.0, 2.5]);
        NativeHistogram histogram = NativeHistogramOf(metric)!;
        Assert.True(histogram.IsFloat);
        Assert.Equal(
            [new(1, -2, -1, 0, 2.5), new(3, -0.5, 0.5, 0, 0.25), new(0, 0.5, 1, 0, 1.5), new(0, 1, 2, 0, 0.5)],
            histogram.EnumerateBuckets());
    }

    [Fact]
    public void Packed_and_split_histograms_are_the_same()
    {
        byte[] unpacked = Mixed(2, 1, -1, 3).ToByteArray();
        var spans = new Oracle.Metric { Histogram = Mixed().Histogram };
        byte[] packed = [.. spans.ToByteArray(), 0x3A, 6, 0x6A, 4, 4, 2, 1, 6];
        Assert.True(NativeHistogram.TryRead(unpacked, out NativeHistogram? first));
        Assert.True(NativeHistogram.TryRead(packed, out NativeHistogram? second));
        Assert.Equal(first.EnumerateBuckets(), second.EnumerateBuckets());
        Assert.Equal((1, 0.001, false), (second.Schema, second.ZeroThreshold, second.IsFloat));
    }

    [Property(MaxTest = 3000)]
    public void Never_throws_and_is_bounded(DoNotSize<int> seed)
    {
        var generator = new ProtobufGenerator(seed.Item);
        foreach (Oracle.Metric metric in generator.Family().Metric)
        {
            byte[] bytes = generator.Mutate(metric.ToByteArray());
            if (NativeHistogram.TryRead(bytes, out NativeHistogram? histogram))
            {
                Assert.InRange(histogram.EnumerateBuckets().Count(), 0, bytes.Length);
            }
        }
    }

    private static NativeHistogram? NativeHistogramOf(Oracle.Metric metric) =>
        NativeHistogram.TryRead(metric.ToByteArray(), out NativeHistogram? histogram) ? histogram : null;

    private static void AssertBuckets(Oracle.Metric metric, params string[] expected) => Assert.Equal(
        expected,
        NativeHistogramOf(metric)!.EnumerateBuckets()
            .Select(b => string.Create(CultureInfo.InvariantCulture, $"{b.Boundaries} {b.Lower:R} {b.Upper:R} {b.Count}")));

    private static Oracle.Metric Positive(int schema, (int Offset, uint Length)[] spans, params long[] deltas) => new()
    {
        Histogram = new()
        {
            Schema = schema,
            PositiveSpan = { spans.Select(s => new Oracle.BucketSpan { Offset = s.Offset, Length = s.Length }) },
            PositiveDelta = { deltas },
        },
    };

    private static Oracle.Metric Mixed(params long[] deltas)
    {
        Oracle.Metric metric = Positive(1, [(0, 3), (2, 1)], deltas);
        metric.Histogram.NegativeSpan.Add(new Oracle.BucketSpan { Offset = -1, Length = 2 });
        metric.Histogram.NegativeDelta.AddRange([1, 1]);
        metric.Histogram.ZeroCount = 2;
        metric.Histogram.ZeroThreshold = 0.001;
        return metric;
    }
}
