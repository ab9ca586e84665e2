namespace Exposition.Formats.Writing;

/// <summary>What must hold of the parts of summaries and histograms in every format. A NaN breaks each of the rules.</summary>
internal static class ValueRules
{
    public static void Check(ReadOnlySpan<SummaryQuantile> quantiles)
    {
        double last = double.NegativeInfinity;
        foreach (ref readonly SummaryQuantile quantile in quantiles)
        {
            if (!(quantile.Quantile is >= 0 and <= 1))
            {
                throw new ArgumentException($"The quantile {Shown(quantile.Quantile)} is not between 0 and 1.", nameof(quantiles));
            }

            if (!(quantile.Quantile > last))
            {
                throw new ArgumentException(
                    $"The quantile {Shown(quantile.Quantile)} comes behind {Shown(last)}: quantiles come in increasing order, each once.",
                    nameof(quantiles));
            }

            last = quantile.Quantile;
        }
    }

    public static void Check(ReadOnlySpan<HistogramBucket> buckets, ulong count)
    {
        double lastBound = double.NaN;
        ulong lastCount = 0;
        foreach (ref readonly HistogramBucket bucket in buckets)
        {
            if (double.IsNaN(bucket.UpperBound) || bucket.UpperBound <= lastBound)
            {
                throw new ArgumentException($"The bucket up to {Shown(bucket.UpperBound)} comes behind the one up to {Shown(lastBound)}: "
                    + "buckets come in increasing order of their bounds, which are numbers.", nameof(buckets));
            }

            if (bucket.CumulativeCount < lastCount)
            {
                throw new ArgumentException($"The bucket up to {Shown(bucket.UpperBound)} counts {bucket.CumulativeCount}, "
                    + $"the one before it {lastCount}: counts are cumulative.", nameof(buckets));
            }

            (lastBound, lastCount) = (bucket.UpperBound, bucket.CumulativeCount);
        }

        if (lastCount > count || (double.IsPositiveInfinity(lastBound) && lastCount != count))
        {
            throw new ArgumentException(
                $"The bucket up to {Shown(lastBound)} counts {lastCount}, but the histogram has {count} observations.", nameof(count));
        }
    }

    public static void Check(scoped in NativeHistogramValue value)
    {
        if (value.Schema is < -4 or > 8)
        {
            throw new ArgumentException($"The schema {value.Schema} is not between -4 and 8.", nameof(value));
        }

        if (!(value.ZeroThreshold >= 0 && double.IsFinite(value.ZeroThreshold)))
        {
            throw new ArgumentException($"The zero threshold {Shown(value.ZeroThreshold)} is no width.", nameof(value));
        }

        if (value.PositiveOffset > int.MaxValue - value.PositiveCounts.Length
            || value.NegativeOffset > int.MaxValue - value.NegativeCounts.Length)
        {
            throw new ArgumentException("The index of the last bucket is beyond 32 bits.", nameof(value));
        }

        UInt128 total = value.ZeroCount;
        foreach (ulong count in value.NegativeCounts)
        {
            total += count;
        }

        foreach (ulong count in value.PositiveCounts)
        {
            total += count;
        }

        if (total > value.Count)
        {
            throw new ArgumentException(
                $"The native buckets count {total}, but the histogram has {value.Count} observations.", nameof(value));
        }

        Check(value.Buckets, value.Count);
    }

    private static string Shown(double number) => ExpositionNumber.ToString(number);
}
