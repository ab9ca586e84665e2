using System.Buffers.Binary;
using Exposition.Formats.Names;

namespace Exposition.Formats.Protobuf;

// The usual metric: it comes from rows, its names need no escaping, and it is small. Room for all of it is taken at once, and every length
// is written behind what it counts: one byte is left for it, and a message of 128 bytes or more is moved on to make room for the others. So
// nothing is counted first.
internal ref partial struct ProtoMetricWriter
{
    private const int MostAtOnce = 32 << 10;

    // Tags, lengths and numbers around a label, around a point, and of a metric with its value.
    private const int AroundLabel = 24;
    private const int AroundPoint = 32;
    private const int AroundMetric = 96;

    private bool TryWriteAtOnce(in MetricRow metric)
    {
        ReadOnlySpan<LabelRow> labels = _set.Labels.Slice(metric.FirstLabel, metric.LabelCount);
        int points = metric.FirstPoint < 0 ? 0 : metric.LastPoint - metric.FirstPoint + 1;
        long room = AroundMetric + ((long)AroundPoint * points);
        foreach (ref readonly LabelRow label in labels)
        {
            room += (long)AroundLabel + label.Name.Length + label.Value.Length;
        }

        if (room > MostAtOnce)
        {
            return false;
        }

        Span<byte> into = _cursor.Reserve((int)room);
        into[0] = ProtoTag.FamilyMetric;
        int at = 2;
        foreach (ref readonly LabelRow label in labels)
        {
            ReadOnlySpan<byte> name = _set.Text(label.Name);
            if (Escaping.IsMetricName(name) || Escaping.IsNeeded(name, _scheme))
            {
                return false;
            }

            into[at] = ProtoTag.Label;
            int start = at + 1;
            at = PutBytes(into, start + 1, ProtoTag.LabelName, name);
            at = PutBytes(into, at, ProtoTag.LabelValue, _set.Text(label.Value));
            at = EndMessage(into, start, at);
        }

        bool isHistogram = _type is MetricType.Histogram or MetricType.GaugeHistogram;
        at = isHistogram ? at
            : _type == MetricType.Summary ? PutDistribution(into, at, ProtoTag.Summary, in metric)
            : PutScalar(into, at,
                _type == MetricType.Gauge ? ProtoTag.Gauge : _type == MetricType.Counter ? ProtoTag.Counter : ProtoTag.Untyped,
                metric.Value);
        if ((metric.Content & MetricContent.Timestamp) != 0)
        {
            into[at] = ProtoTag.TimestampMs;
            at = PutVarint(into, at + 1, (ulong)metric.TimestampMs);
        }

        at = isHistogram ? PutDistribution(into, at, ProtoTag.Histogram, in metric) : at;
        _cursor.Advance(EndMessage(into, 1, at));
        return true;
    }

    private readonly int PutDistribution(Span<byte> into, int at, byte tag, in MetricRow metric)
    {
        into[at] = tag;
        int start = at + 1;
        at = start + 1;
        bool floatCount = HasFloatCount(in metric);
        if (!floatCount && HasCount(in metric))
        {
            into[at] = ProtoTag.SampleCount;
            at = PutVarint(into, at + 1, metric.Count);
        }

        if (HasSum(in metric))
        {
            at = PutDouble(into, at, ProtoTag.SampleSum, metric.Value);
        }

        ReadOnlySpan<PointRow> points = _set.Points;
        for (int i = metric.FirstPoint; i >= 0; i = points[i].Next)
        {
            at = PutPoint(into, at, in metric, in points[i]);
        }

        return EndMessage(into, start, floatCount ? PutDouble(into, at, ProtoTag.SampleCountFloat, metric.CountFloat) : at);
    }

    // A point has less than 128 bytes.
    private readonly int PutPoint(Span<byte> into, int at, in MetricRow metric, in PointRow point)
    {
        into[at] = ProtoTag.Point;
        int start = at + 2;
        at = start;
        if (_type == MetricType.Summary)
        {
            at = PutDouble(into, at, ProtoTag.Quantile, point.Bound);
            at = PutDouble(into, at, ProtoTag.QuantileValue, point.Value);
        }
        else if (HasFloatCount(in metric, in point))
        {
            at = PutDouble(into, at, ProtoTag.UpperBound, point.Bound);
            at = PutDouble(into, at, ProtoTag.CumulativeCountFloat, point.Value);
        }
        else
        {
            into[at] = ProtoTag.CumulativeCount;
            at = PutVarint(into, at + 1, point.Count);
            at = PutDouble(into, at, ProtoTag.UpperBound, point.Bound);
        }

        into[start - 1] = (byte)(at - start);
        return at;
    }

    private static int PutScalar(Span<byte> into, int at, byte tag, double value)
    {
        into[at] = tag;
        into[at + 1] = ProtoWriter.Fixed64Field;
        return PutDouble(into, at + 2, ProtoTag.ScalarValue, value);
    }

    private static int PutDouble(Span<byte> into, int at, byte tag, double value)
    {
        into[at] = tag;
        BinaryPrimitives.WriteDoubleLittleEndian(into[(at + 1)..], value);
        return at + ProtoWriter.Fixed64Field;
    }

    private static int PutVarint(Span<byte> into, int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            into[at++] = (byte)(value | 0x80);
        }

        into[at] = (byte)value;
        return at + 1;
    }

    private static int PutBytes(Span<byte> into, int at, byte tag, ReadOnlySpan<byte> bytes)
    {
        into[at] = tag;
        at = PutVarint(into, at + 1, (uint)bytes.Length);
        bytes.CopyTo(into[at..]);
        return at + bytes.Length;
    }

    // Writes the length of the message that ends at a place into the one byte left for it, or more.
    private static int EndMessage(Span<byte> into, int lengthAt, int end)
    {
        int length = end - lengthAt - 1;
        int more = ProtoWriter.VarintLength((uint)length) - 1;
        if (more > 0)
        {
            into[(lengthAt + 1)..end].CopyTo(into[(lengthAt + 1 + more)..]);
        }

        PutVarint(into, lengthAt, (uint)length);
        return end + more;
    }
}
