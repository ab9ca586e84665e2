using System.Buffers;
using System.Runtime.CompilerServices;
using Exposition.Formats.Names;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Protobuf;

// Field order is that of the numbers, as Go marshals: labels, then the value message with the timestamp at its place. From rows the
// scalar value is always written, zero or not, and so are count and sum of a summary or histogram unless they are flagged absent. A float
// histogram writes its counts as floats; so does a single bucket whose float count is all there is.
//
// Room for all of a metric is taken at once, and every length is written behind what it counts (ProtoWriter.EndMessage), so nothing is
// counted first. Mostly the room is a span of the output; for a metric that is large, or has names that escaping makes longer, it is a
// rented array that is copied.

/// <summary>Writes the metrics of one family as metric fields of its message.</summary>
internal ref struct ProtoMetricWriter(FamilySet set, MetricType type, EscapingScheme scheme, IBufferWriter<byte> output)
{
    private const int MostAtOnce = 32 << 10;

    private readonly FamilySet _set = set;
    private readonly MetricType _type = type;
    private readonly EscapingScheme _scheme = scheme;
    private OutputCursor _cursor = new(output);

    public void Flush() => _cursor.Flush();

    public void Write(in MetricRow metric)
    {
        long room = ProtoWriter.AroundMetric + metric.Raw.Length + ((long)ProtoWriter.AroundPoint * metric.PointCount);
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            room += (long)ProtoWriter.AroundLabel + label.Name.Length + label.Value.Length;
        }

        if (room <= MostAtOnce && TryPut(in metric, _cursor.Reserve((int)room), hasRoomForEscapes: false, out int length))
        {
            _cursor.Advance(length);
        }
        else
        {
            WriteByCopy(in metric, room);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteByCopy(in MetricRow metric, long room)
    {
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            room += Escaping.LengthOf(_set.Text(label.Name), _scheme) + Escaping.LengthOf(_set.Text(label.Value), _scheme);
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(checked((int)room));
        TryPut(in metric, rented, hasRoomForEscapes: true, out int length);
        _cursor.Write(rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    private readonly bool TryPut(in MetricRow metric, Span<byte> into, bool hasRoomForEscapes, out int length)
    {
        into[0] = ProtoTag.FamilyMetric;
        int at = 2;
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            ReadOnlySpan<byte> name = _set.Text(label.Name);
            into[at] = ProtoTag.Label;
            int start = at + 1;
            if (!Escaping.IsMetricName(name) && !Escaping.IsNeeded(name, _scheme))
            {
                at = ProtoWriter.PutBytes(into, start + 1, ProtoTag.LabelName, name);
                at = ProtoWriter.PutBytes(into, at, ProtoTag.LabelValue, _set.Text(label.Value));
            }
            else if (hasRoomForEscapes)
            {
                at = PutEscaped(into, start + 1, name, _set.Text(label.Value));
            }
            else
            {
                length = 0;
                return false;
            }

            at = ProtoWriter.EndMessage(into, start, at);
        }

        // A message without a single field is empty, too, but does not lie at the start of the source: its tag and length do.
        at = metric.Raw == default ? PutRow(into, at, in metric) : PutRaw(into, at, in metric);
        length = ProtoWriter.EndMessage(into, 1, at);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly int PutEscaped(Span<byte> into, int at, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        into[at] = ProtoTag.LabelName;
        at = ProtoWriter.EndMessage(into, at + 1, at + 2 + NameRules.Escape(name, _scheme, into[(at + 2)..]));
        if (!Escaping.IsMetricName(name))
        {
            return ProtoWriter.PutBytes(into, at, ProtoTag.LabelValue, value);
        }

        into[at] = ProtoTag.LabelValue;
        return ProtoWriter.EndMessage(into, at + 1, at + 2 + NameRules.Escape(value, _scheme, into[(at + 2)..]));
    }

    // The label fields are left out, and a timestamp that the row has no more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly int PutRaw(Span<byte> into, int at, in MetricRow metric)
    {
        bool hasTimestamp = (metric.Content & MetricContent.Timestamp) != 0;
        ReadOnlySpan<byte> raw = _set.Text(metric.Raw);
        var reader = new ProtoReader(raw);
        for (int start = 0; reader.TryReadTag(out uint tag) && reader.TrySkip(tag); start = reader.Position)
        {
            if (tag != ProtoTag.Label && (tag != ProtoTag.TimestampMs || hasTimestamp))
            {
                raw[start..reader.Position].CopyTo(into[at..]);
                at += reader.Position - start;
            }
        }

        return at;
    }

    private readonly int PutRow(Span<byte> into, int at, in MetricRow metric)
    {
        bool isHistogram = _type is MetricType.Histogram or MetricType.GaugeHistogram;
        at = isHistogram ? at
            : _type == MetricType.Summary ? PutDistribution(into, at, ProtoTag.Summary, in metric)
            : PutScalar(into, at,
                _type == MetricType.Gauge ? ProtoTag.Gauge : _type == MetricType.Counter ? ProtoTag.Counter : ProtoTag.Untyped,
                metric.Value);
        at = ProtoWriter.PutTimestamp(into, at, in metric);
        return isHistogram ? PutDistribution(into, at, ProtoTag.Histogram, in metric) : at;
    }

    private static int PutScalar(Span<byte> into, int at, byte tag, double value)
    {
        into[at] = tag;
        into[at + 1] = ProtoWriter.Fixed64Field;
        return ProtoWriter.PutDouble(into, at + 2, ProtoTag.ScalarValue, value);
    }

    private readonly int PutDistribution(Span<byte> into, int at, byte tag, in MetricRow metric)
    {
        // An integer that is there although the metric counts in floats is kept: the float would be zero and lose it.
        bool floatCount = _type != MetricType.Summary
            && (metric.CountFloat != 0 || ((metric.Content & MetricContent.FloatCounts) != 0 && metric.Count == 0));
        into[at] = tag;
        int start = at + 1;
        at = ProtoWriter.PutCountAndSum(into, start + 1, in metric, hasCount: !floatCount);
        ReadOnlySpan<PointRow> points = _set.Points;
        for (int i = metric.FirstPoint; i >= 0; i = points[i].Next)
        {
            at = ProtoWriter.PutPoint(into, at, _type, in metric, in points[i]);
        }

        at = floatCount ? ProtoWriter.PutDouble(into, at, ProtoTag.SampleCountFloat, metric.CountFloat) : at;
        return ProtoWriter.EndMessage(into, start, at);
    }
}
