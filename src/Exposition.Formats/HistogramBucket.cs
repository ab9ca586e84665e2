namespace Exposition.Formats;

/// <summary>A bucket of a classic histogram.</summary>
/// <param name="UpperBound">The greatest value that it counts, <c>le</c>.</param>
/// <param name="CumulativeCount">How many observations are not above the bound, those of the buckets before included.</param>
public readonly record struct HistogramBucket(double UpperBound, ulong CumulativeCount);
