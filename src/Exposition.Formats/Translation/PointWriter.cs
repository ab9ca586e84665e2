using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>Writes series of the family that has been started.</summary>
internal sealed class PointWriter(ExpositionWriter writer, OtlpNames names)
{
    private readonly OtlpPoint _point = new();
    private readonly PointSum _sum = new();
    private readonly OtlpExemplars _exemplars = new(names);

    /// <summary>Writes one stretch of a series, with its exemplars and the time since which it counts.</summary>
    /// <exception cref="ArgumentException">It contradicts itself; the message says how, and nothing of it is written.</exception>
    public void Write(ReadOnlySpan<byte> body, FamilyPlan family, Label[] labels, Stretch stretch)
    {
        _point.Read(body, stretch.Place, family.Data);
        _sum.Set(_point, family.Data);
        foreach (TextRef other in stretch.Others)
        {
            _point.Read(body, other, family.Data);
            _sum.Add(_point, family.Data);
        }

        switch (family.Data)
        {
            case OtlpData.Histogram:
                writer.WriteHistogram(_sum.Buckets, _sum.Count, _sum.Sum, labels);
                break;
            case OtlpData.Exponential:
                writer.WriteNativeHistogram(
                    new NativeHistogramValue
                    {
                        Schema = _sum.Schema,
                        Count = _sum.Count,
                        Sum = _sum.Sum,
                        ZeroThreshold = _sum.ZeroThreshold,
                        ZeroCount = _sum.ZeroCount,
                        PositiveOffset = _sum.Positive.Offset,
                        PositiveCounts = _sum.Positive.Counts,
                        NegativeOffset = _sum.Negative.Offset,
                        NegativeCounts = _sum.Negative.Counts,
                    },
                    labels);
                break;
            case OtlpData.Summary:
                _point.Quantiles.Sort(static (a, b) => a.Quantile.CompareTo(b.Quantile));
                writer.WriteSummary(
                    System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_point.Quantiles), _sum.Count, _point.Sum ?? 0, labels);
                break;
            default:
                writer.WriteSample(_sum.Value, labels);
                break;
        }

        if (family.Type != MetricType.Gauge)
        {
            if (_sum.Start > 0)
            {
                writer.WriteCreated(OtlpExemplars.TimeOf(_sum.Start));
            }

            // Those of deltas before the last one are older.
            if (family.Type != MetricType.Summary)
            {
                _exemplars.Write(writer, body, _point, family.Data, _sum.Buckets);
            }
        }
    }
}
