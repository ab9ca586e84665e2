namespace Exposition.Formats;

/// <summary>A quantile of a summary.</summary>
/// <param name="Quantile">Which one, from 0 to 1: 0.5 is the median.</param>
/// <param name="Value">Its value.</param>
public readonly record struct SummaryQuantile(double Quantile, double Value);
