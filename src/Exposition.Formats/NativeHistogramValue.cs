namespace Exposition.Formats;

/// <summary>
/// A native (exponential) histogram to be written by <see cref="ExpositionWriter.WriteNativeHistogram"/>. Buckets are given as dense lists;
/// empty ones cost nothing on the wire.
/// </summary>
/// <remarks>
/// The bucket of index <c>i</c> covers the values above <c>base^(i-1)</c> up to <c>base^i</c>, where <c>base</c> is <c>2^(2^-schema)</c>.
/// (OpenTelemetry counts from the lower bound: its index is one less.) Negative values have buckets of their own, by their absolute value.
/// </remarks>
/// <example>
/// Seven observations: one of them near zero, four from 1 to 2 and two from 4 to 8.
/// <code>
/// writer.StartFamily("request_seconds", MetricType.Histogram, "How long they took.");
/// writer.WriteNativeHistogram(
///     new NativeHistogramValue
///     {
///         Schema = 0,
///         Count = 7,
///         Sum = 18.5,
///         ZeroThreshold = 0.001,
///         ZeroCount = 1,
///         PositiveOffset = 1,
///         PositiveCounts = [4, 0, 2],
///     },
///     ("code", "200"));
/// </code>
/// </example>
public readonly ref struct NativeHistogramValue
{
    /// <summary>The resolution, from -4 to 8: each power of two is divided into 2^schema buckets.</summary>
    public int Schema { get; init; }

    /// <summary>All observations; also those that are NaN, which are in no bucket.</summary>
    public ulong Count { get; init; }

    /// <summary>Sum of all observations.</summary>
    public double Sum { get; init; }

    /// <summary>Half the width of the bucket around zero.</summary>
    public double ZeroThreshold { get; init; }

    /// <summary>Observations in the bucket around zero.</summary>
    public ulong ZeroCount { get; init; }

    /// <summary>Index of the first of <see cref="PositiveCounts"/>.</summary>
    public int PositiveOffset { get; init; }

    /// <summary>Observations in each bucket of positive values, from <see cref="PositiveOffset"/> on; not cumulative.</summary>
    public ReadOnlySpan<ulong> PositiveCounts { get; init; }

    /// <summary>Index of the first of <see cref="NegativeCounts"/>.</summary>
    public int NegativeOffset { get; init; }

    /// <summary>The same for negative values.</summary>
    public ReadOnlySpan<ulong> NegativeCounts { get; init; }

    /// <summary>
    /// Classic buckets of the same observations, which are all that text and OpenMetrics show; none leaves count and sum there. In protobuf
    /// both go out.
    /// </summary>
    public ReadOnlySpan<HistogramBucket> Buckets { get; init; }
}
