using Exposition.Load.Measuring;
using FsCheck.Xunit;

namespace Exposition.Load.Tests;

/// <summary>The histogram beside sorted lists.</summary>
public sealed class LatencyHistogramTests
{
    [Property]
    public bool Percentiles_are_those_of_the_sorted_values_within_a_hundredth(uint[] times, byte share)
    {
        var histogram = new LatencyHistogram();
        foreach (uint time in times)
        {
            histogram.Record((long)time * time);
        }

        if (times.Length == 0)
        {
            return histogram.Percentile(0.5) == 0 && histogram.Max == 0;
        }

        long[] sorted = [.. times.Select(static time => (long)time * time).Order()];
        double wanted = share / 255.0;
        long exact = sorted[Math.Max(0, (int)Math.Ceiling(wanted * sorted.Length) - 1)];
        long found = histogram.Percentile(wanted);
        return found >= exact && found <= exact + (exact / 100) && histogram.Max == sorted[^1] && histogram.Count == sorted.Length;
    }

    [Property]
    public bool Those_of_two_threads_add_up(uint[] first, uint[] second)
    {
        LatencyHistogram both = Of([.. first, .. second]);
        LatencyHistogram sum = Of(first);
        sum.Add(Of(second));
        return new[] { 0, 0.5, 0.99, 1 }.All(share => sum.Percentile(share) == both.Percentile(share)) && sum.Count == both.Count;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(long.MaxValue)]
    public void One_value_is_itself_at_each_percentile(long value)
    {
        LatencyHistogram histogram = new();
        histogram.Record(value);
        Assert.Equal(value, histogram.Percentile(0));
        Assert.Equal(value, histogram.Percentile(1));
    }

    [Fact]
    public void What_ends_before_it_begins_took_no_time()
    {
        LatencyHistogram histogram = new();
        histogram.Record(-5);
        Assert.Equal(0, histogram.Max);
        Assert.Equal(1, histogram.Count);
    }

    private static LatencyHistogram Of(uint[] times)
    {
        var histogram = new LatencyHistogram();
        foreach (uint time in times)
        {
            histogram.Record(time);
        }

        return histogram;
    }
}
