using Exposition.Formats.Meters;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>
/// The buckets of an exponential histogram as a native histogram has them. There are none for negative values, which the SDK does not
/// record.
/// </summary>
internal readonly ref struct NativeBuckets
{
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
        if (data.Scale < ScaledBuckets.MinSchema)
        {
            return false;
        }

        var scaled = new ScaledBuckets(data.Scale, ScaledBuckets.SchemaOf(data.Scale), data.PositiveBuckets.Offset);
        foreach (long count in data.PositiveBuckets)
        {
            scaled.Add((ulong)count);
        }

        buckets = new NativeBuckets
        {
            Schema = ScaledBuckets.SchemaOf(data.Scale),
            ZeroCount = (ulong)data.ZeroCount,
            Offset = scaled.Offset,
            Counts = scaled.Counts,
            Total = (ulong)scaled.Total + (ulong)data.ZeroCount,
        };
        return true;
    }
}
