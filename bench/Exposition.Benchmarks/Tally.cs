using System.Runtime.InteropServices;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>
/// What a parser says it has read: how many samples, and the sum of their values' bits, which does not depend on the order.
/// Every benchmark of a parser returns one and compares it, so that nothing can be optimised away or left out.
/// </summary>
/// <param name="Samples">Number of sample lines.</param>
/// <param name="Checksum">Sum of the bits of all values, overflow ignored.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Tally(long Samples, ulong Checksum)
{
    /// <summary>One sample more.</summary>
    public Tally With(double value) => new(Samples + 1, unchecked(Checksum + BitConverter.DoubleToUInt64Bits(value)));

    /// <summary>This tally, if it is the expected one.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public Tally Require(Tally expected) =>
        this == expected ? this : throw new InvalidOperationException($"read {this}, expected {expected}");

    /// <summary>All samples of a set; walking the rows is part of what is measured, at about a nanosecond a sample.</summary>
    public static Tally Of(FamilySet set)
    {
        var tally = default(Tally);
        foreach (ref readonly var metric in set.Metrics)
        {
            var content = metric.Content;
            if ((content & (MetricContent.Summary | MetricContent.Histogram)) == 0)
            {
                tally = tally.With(metric.Value);
                continue;
            }

            tally = (content & MetricContent.NoSum) == 0 ? tally.With(metric.Value) : tally;
            tally = (content & MetricContent.NoCount) == 0 ? tally.With(metric.CountFloat != 0 ? metric.CountFloat : metric.Count) : tally;
        }

        foreach (ref readonly var point in set.Points)
        {
            tally = tally.With(point.Value != 0 ? point.Value : point.Count);
        }

        return tally;
    }
}
