using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>
/// The buckets of an exponential histogram as a native histogram counts them: by their upper bounds, where OpenTelemetry does by the lower
/// ones, and no finer than schema 8. There are none for negative values, which the SDK does not record.
/// </summary>
internal readonly ref struct NativeBuckets
{
    public const int MinSchema = -4;

    /// <summary>What the specification says where the SDK has none.</summary>
    public const double ZeroThreshold = 1e-128;

    private const int MaxSchema = 8;

    public int Schema { get; private init; }

    public ulong ZeroCount { get; private init; }

    /// <summary>Index of the first of <see cref="Counts"/>.</summary>
    public int Offset { get; private init; }

    public ReadOnlySpan<ulong> Counts { get; private init; }

    /// <summary>All observations that are in a bucket.</summary>
    public ulong Total { get; private init; }

    /// <summary>False if the scale is coarser than any schema.</summary>
    public static bool TryOf(ExponentialHistogramData data, out NativeBuckets buckets)
    {
        buckets = default;
        if (data.Scale < MinSchema)
        {
            return false;
        }

        // A bucket of a scale is made of two of the next finer one.
        int shift = Math.Max(0, data.Scale - MaxSchema);
        int first = data.PositiveBuckets.Offset >> shift;
        var counts = new List<ulong>();
        ulong total = (ulong)data.ZeroCount;
        int index = data.PositiveBuckets.Offset;
        foreach (long count in data.PositiveBuckets)
        {
            int at = (index++ >> shift) - first;
            if (at == counts.Count)
            {
                counts.Add(0);
            }

            counts[at] += (ulong)count;
            total += (ulong)count;
        }

        buckets = new NativeBuckets
        {
            Schema = data.Scale - shift,
            ZeroCount = (ulong)data.ZeroCount,
            Offset = first + 1,
            Counts = counts.ToArray(),
            Total = total,
        };
        return true;
    }
}
