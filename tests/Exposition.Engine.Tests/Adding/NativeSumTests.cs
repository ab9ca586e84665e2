using Exposition.Formats;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests.Adding;

/// <summary>Native histograms are put together as the Prometheus library does it.</summary>
public sealed class NativeSumTests
{
    [Fact]
    public void Buckets_of_one_schema_are_added_by_their_index()
    {
        var adder = new Adder();
        Natives.Push(adder, new NativeHistogramValue { Schema = 2, Count = 6, Sum = 10, PositiveOffset = 1, PositiveCounts = [1, 2, 3] })
            .ThrowIfRefused();
        Natives.Push(adder, new NativeHistogramValue { Schema = 2, Count = 9, Sum = 5, PositiveOffset = 2, PositiveCounts = [4, 0, 5] })
            .ThrowIfRefused();
        Assert.Equal("1 6 3 5", Counts(Natives.Of(adder)));
        Assert.Equal("h_sum 15 h_count 15", Natives.Totals(adder));
    }

    [Fact]
    public void The_finer_one_is_brought_to_the_resolution_of_the_coarser_one()
    {
        var adder = new Adder();
        Natives.Push(adder, new NativeHistogramValue { Schema = 0, Count = 3, Sum = 1, PositiveOffset = 1, PositiveCounts = [1, 2] })
            .ThrowIfRefused();

        // Of schema 2 the buckets 1 to 4 make up bucket 1 of schema 0, and 5 to 8 bucket 2.
        Natives.Push(adder, new NativeHistogramValue { Schema = 2, Count = 15, Sum = 1, PositiveOffset = 3, PositiveCounts = [1, 2, 4, 8] })
            .ThrowIfRefused();
        NativeHistogram sum = Natives.Of(adder);
        Assert.Equal(0, sum.Schema);
        Assert.Equal("4 14", Counts(sum));
        Natives.Push(adder, new NativeHistogramValue { Schema = 8, Count = 1, Sum = 1, NegativeOffset = 1, NegativeCounts = [1] })
            .ThrowIfRefused();
        Assert.Equal("1 4 14", Counts(Natives.Of(adder)));
    }

    [Fact]
    public void The_wider_zero_bucket_takes_in_what_lies_below_its_threshold()
    {
        var adder = new Adder();
        Natives.Push(adder, new NativeHistogramValue
        {
            Schema = 0,
            Count = 7,
            Sum = 1,
            ZeroThreshold = 0.001,
            ZeroCount = 1,
            PositiveOffset = -1,
            PositiveCounts = [1, 2, 3],
        }).ThrowIfRefused();

        // 0.75 falls into the bucket (0.5, 1], which is not empty: so both become as wide as that.
        Natives.Push(adder, new NativeHistogramValue { Schema = 0, Count = 4, Sum = 1, ZeroThreshold = 0.75, ZeroCount = 4 })
            .ThrowIfRefused();
        NativeHistogram sum = Natives.Of(adder);
        Assert.Equal(1, sum.ZeroThreshold);
        Assert.Equal("8 3", Counts(sum));
    }

    [Property(MaxTest = 200)]
    public Property The_sum_has_the_observations_of_both_whatever_their_resolutions() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte)[]>(), ArbMap.Default.ArbFor<(byte, byte)[]>(), (first, second) =>
        {
            var adder = new Adder();
            var all = new List<(int Schema, ulong[] Counts)>();
            foreach ((byte schema, byte seed) in first.Concat(second).Take(6))
            {
                ulong[] counts = [.. Enumerable.Range(0, 1 + (seed % 20)).Select(i => (ulong)((seed + (i * 7)) % 5))];
                int resolution = (schema % 13) - 4;
                ulong count = counts.Aggregate(0UL, static (a, b) => a + b);
                Natives.Push(adder, new NativeHistogramValue
                {
                    Schema = resolution,
                    Count = count,
                    Sum = count,
                    PositiveOffset = (seed % 40) - 20,
                    PositiveCounts = counts,
                }).ThrowIfRefused();
                all.Add((resolution, counts));
            }

            if (all.Count == 0)
            {
                return;
            }

            NativeHistogram sum = Natives.Of(adder);
            Assert.Equal(all.Min(static one => one.Schema), sum.Schema);
            Assert.Equal(
                all.Sum(static one => one.Counts.Sum(static count => (long)count)),
                sum.EnumerateBuckets().Sum(static bucket => (long)bucket.Count));
        });

    [Fact]
    public void One_that_says_more_buckets_than_it_has_is_refused()
    {
        var adder = new Adder();
        byte[] histogram = [0x08, 1, 0x28, 0, 0x62, 4, 0x08, 2, 0x10, 5, 0x68, 2];
        byte[] metric = [0x3A, (byte)histogram.Length, .. histogram];
        byte[] family = [0x0A, 1, (byte)'h', 0x18, 4, 0x22, (byte)metric.Length, .. metric];
        byte[] body = [(byte)family.Length, .. family];
        adder.Store.Push(Adder.Key, PushFormat.Protobuf, body, PushMode.Merge).ThrowIfRefused();
        PushOutcome outcome = adder.Store.Push(Adder.Key, PushFormat.Protobuf, body, PushMode.Add);
        Assert.Equal(PushStatus.Unmergeable, outcome.Status);
        Assert.StartsWith("a native histogram whose spans and buckets do not agree", outcome.Error, StringComparison.Ordinal);
    }

    private static string Counts(NativeHistogram histogram) =>
        string.Join(' ', histogram.EnumerateBuckets().Select(static bucket => bucket.Count));
}
