using System.Diagnostics.Metrics;
using System.Numerics;

namespace Exposition.Formats.Meters;

/// <summary>Upper bounds of the buckets of a histogram: what its instrument advises, or OpenTelemetry's by its unit.</summary>
internal static class HistogramBounds
{
    private static readonly double[] s_seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] s_others = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

    public static double[] Of(Instrument instrument) => Advised(instrument) ?? (instrument.Unit == "s" ? s_seconds : s_others);

    private static double[]? Advised(Instrument instrument) => instrument switch
    {
        Histogram<double> histogram => Bounds(histogram.Advice),
        Histogram<long> histogram => Bounds(histogram.Advice),
        Histogram<int> histogram => Bounds(histogram.Advice),
        Histogram<float> histogram => Bounds(histogram.Advice),
        Histogram<short> histogram => Bounds(histogram.Advice),
        Histogram<byte> histogram => Bounds(histogram.Advice),
        Histogram<decimal> histogram => Bounds(histogram.Advice),
        _ => null,
    };

    // The one at infinity is always there. None is a choice, too: a count and a sum.
    private static double[]? Bounds<T>(InstrumentAdvice<T>? advice)
        where T : struct, INumber<T> => advice?.HistogramBucketBoundaries is { } bounds
            ? [.. bounds.Select(static bound => double.CreateSaturating(bound)).Where(double.IsFinite).Distinct().Order()]
            : null;
}
