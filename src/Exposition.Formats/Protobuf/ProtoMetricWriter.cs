using System.Buffers;
using Exposition.Formats.Names;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Protobuf;

// Field order is that of the numbers, as Go marshals: labels, then the value message with the timestamp at its place. From rows the
// scalar value is always written, zero or not, and so are count and sum of a summary or histogram unless they are flagged absent. A float
// histogram writes its counts as floats; so does a single bucket whose float count is all there is.

/// <summary>Writes the metrics of one family as metric fields of its message.</summary>
internal ref partial struct ProtoMetricWriter(FamilySet set, MetricType type, EscapingScheme scheme, IBufferWriter<byte> output)
{
    private readonly FamilySet _set = set;
    private readonly MetricType _type = type;
    private readonly EscapingScheme _scheme = scheme;
    private OutputCursor _cursor = new(output);

    public void Flush() => _cursor.Flush();

    public void Write(in MetricRow metric)
    {
        // A message without a single field is empty, too, but does not lie at the start of the source: its tag and length do.
        bool fromRow = metric.Raw == default;
        if (fromRow && TryWriteAtOnce(in metric))
        {
            return;
        }

        ReadOnlySpan<byte> raw = _set.Text(metric.Raw);
        long length = LabelsLength(in metric) + (fromRow ? RowLength(in metric) : CopyRaw(in metric, raw, write: false));
        ProtoWriter.WriteBytesHeader(ProtoTag.FamilyMetric, length, ref _cursor);
        WriteLabels(in metric);
        if (fromRow)
        {
            WriteRow(in metric);
        }
        else
        {
            CopyRaw(in metric, raw, write: true);
        }
    }

    // The label fields are cut out, and a timestamp that the row has no more; the runs of bytes between them are copied.
    private long CopyRaw(in MetricRow metric, ReadOnlySpan<byte> raw, bool write)
    {
        bool hasTimestamp = (metric.Content & MetricContent.Timestamp) != 0;
        long length = 0;
        int start = 0;
        var reader = new ProtoReader(raw);
        while (true)
        {
            int end = reader.Position;
            uint tag = 0;
            bool more = !reader.AtEnd && reader.TryReadTag(out tag) && reader.TrySkip(tag);
            if (more && tag != ProtoTag.Label && (tag != ProtoTag.TimestampMs || hasTimestamp))
            {
                continue;
            }

            length += end - start;
            if (write)
            {
                _cursor.Write(raw[start..end]);
            }

            if (!more)
            {
                return length;
            }

            start = reader.Position;
        }
    }

    private readonly long LabelsLength(in MetricRow metric)
    {
        long length = 0;
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            length += ProtoWriter.BytesField(LabelLength(in label, out _, out _));
        }

        return length;
    }

    private readonly long LabelLength(in LabelRow label, out long nameLength, out long valueLength)
    {
        ReadOnlySpan<byte> name = _set.Text(label.Name);
        nameLength = Escaping.LengthOf(name, _scheme);
        valueLength = Escaping.IsMetricName(name) ? Escaping.LengthOf(_set.Text(label.Value), _scheme) : label.Value.Length;
        return ProtoWriter.BytesField(nameLength) + ProtoWriter.BytesField(valueLength);
    }

    private void WriteLabels(in MetricRow metric)
    {
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            ReadOnlySpan<byte> name = _set.Text(label.Name);
            ReadOnlySpan<byte> value = _set.Text(label.Value);
            ProtoWriter.WriteBytesHeader(ProtoTag.Label, LabelLength(in label, out long nameLength, out long valueLength), ref _cursor);
            ProtoWriter.WriteBytesHeader(ProtoTag.LabelName, nameLength, ref _cursor);
            Escaping.Write(name, _scheme, ref _cursor);
            ProtoWriter.WriteBytesHeader(ProtoTag.LabelValue, valueLength, ref _cursor);
            if (Escaping.IsMetricName(name))
            {
                Escaping.Write(value, _scheme, ref _cursor);
            }
            else
            {
                _cursor.Write(value);
            }
        }
    }

    private readonly long RowLength(in MetricRow metric)
    {
        long timestamp = (metric.Content & MetricContent.Timestamp) != 0 ? 1 + ProtoWriter.VarintLength((ulong)metric.TimestampMs) : 0;
        return timestamp + _type switch
        {
            MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram =>
                ProtoWriter.BytesField(DistributionLength(in metric)),
            _ => ProtoWriter.BytesField(ProtoWriter.Fixed64Field),
        };
    }

    private void WriteRow(in MetricRow metric)
    {
        switch (_type)
        {
            case MetricType.Gauge:
                WriteScalar(ProtoTag.Gauge, metric.Value);
                break;
            case MetricType.Counter:
                WriteScalar(ProtoTag.Counter, metric.Value);
                break;
            case MetricType.Summary:
                WriteDistribution(ProtoTag.Summary, in metric);
                break;
            case MetricType.Histogram or MetricType.GaugeHistogram:
                break;
            default:
                WriteScalar(ProtoTag.Untyped, metric.Value);
                break;
        }

        if ((metric.Content & MetricContent.Timestamp) != 0)
        {
            ProtoWriter.WriteVarintField(ProtoTag.TimestampMs, (ulong)metric.TimestampMs, ref _cursor);
        }

        if (_type is MetricType.Histogram or MetricType.GaugeHistogram)
        {
            WriteDistribution(ProtoTag.Histogram, in metric);
        }
    }

    private void WriteScalar(byte tag, double value)
    {
        ProtoWriter.WriteBytesHeader(tag, ProtoWriter.Fixed64Field, ref _cursor);
        ProtoWriter.WriteDoubleField(ProtoTag.ScalarValue, value, ref _cursor);
    }

    private readonly long DistributionLength(in MetricRow metric)
    {
        long length = HasSum(in metric) ? ProtoWriter.Fixed64Field : 0;
        length += HasFloatCount(in metric)
            ? ProtoWriter.Fixed64Field
            : HasCount(in metric) ? 1 + ProtoWriter.VarintLength(metric.Count) : 0;
        for (int i = metric.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            length += ProtoWriter.BytesField(PointLength(in metric, in _set.Points[i]));
        }

        return length;
    }

    private readonly long PointLength(in MetricRow metric, in PointRow point) =>
        _type == MetricType.Summary || HasFloatCount(in metric, in point)
            ? 2 * ProtoWriter.Fixed64Field
            : ProtoWriter.Fixed64Field + 1 + ProtoWriter.VarintLength(point.Count);

    private void WriteDistribution(byte tag, in MetricRow metric)
    {
        ProtoWriter.WriteBytesHeader(tag, DistributionLength(in metric), ref _cursor);
        bool floatCount = HasFloatCount(in metric);
        if (!floatCount && HasCount(in metric))
        {
            ProtoWriter.WriteVarintField(ProtoTag.SampleCount, metric.Count, ref _cursor);
        }

        if (HasSum(in metric))
        {
            ProtoWriter.WriteDoubleField(ProtoTag.SampleSum, metric.Value, ref _cursor);
        }

        for (int i = metric.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            ref readonly PointRow point = ref _set.Points[i];
            ProtoWriter.WriteBytesHeader(ProtoTag.Point, PointLength(in metric, in point), ref _cursor);
            if (_type == MetricType.Summary)
            {
                ProtoWriter.WriteDoubleField(ProtoTag.Quantile, point.Bound, ref _cursor);
                ProtoWriter.WriteDoubleField(ProtoTag.QuantileValue, point.Value, ref _cursor);
            }
            else if (HasFloatCount(in metric, in point))
            {
                ProtoWriter.WriteDoubleField(ProtoTag.UpperBound, point.Bound, ref _cursor);
                ProtoWriter.WriteDoubleField(ProtoTag.CumulativeCountFloat, point.Value, ref _cursor);
            }
            else
            {
                ProtoWriter.WriteVarintField(ProtoTag.CumulativeCount, point.Count, ref _cursor);
                ProtoWriter.WriteDoubleField(ProtoTag.UpperBound, point.Bound, ref _cursor);
            }
        }

        if (floatCount)
        {
            ProtoWriter.WriteDoubleField(ProtoTag.SampleCountFloat, metric.CountFloat, ref _cursor);
        }
    }

    private static bool HasCount(in MetricRow metric) => (metric.Content & MetricContent.NoCount) == 0;

    private static bool HasSum(in MetricRow metric) => (metric.Content & MetricContent.NoSum) == 0;

    // An integer that is there although the metric counts in floats is kept: the float would be zero and lose it.
    private readonly bool HasFloatCount(in MetricRow metric) => _type != MetricType.Summary
        && (metric.CountFloat != 0 || ((metric.Content & MetricContent.FloatCounts) != 0 && metric.Count == 0));

    private static bool HasFloatCount(in MetricRow metric, in PointRow point) =>
        point.Value != 0 || ((metric.Content & MetricContent.FloatCounts) != 0 && point.Count == 0);
}
