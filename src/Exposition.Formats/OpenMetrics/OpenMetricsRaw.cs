using Exposition.Formats.Protobuf;

namespace Exposition.Formats.OpenMetrics;

// message = value message with its exemplars and created time, and the timestamp, in the order of the field numbers; labels are those of
// the row. What the row says is written as ProtoMetricWriter does. Exemplars stand in the order of their buckets.

/// <summary>
/// Writes the Metric message of a row that has exemplars or a created time, which rows cannot hold, into the set's scratch bytes.
/// </summary>
internal readonly ref struct OpenMetricsRaw
{
    // Tags, lengths and numbers of an exemplar, beside its labels.
    private const int AroundExemplar = 64;

    private readonly FamilySet _set;
    private readonly ReadOnlySpan<ExemplarRow> _exemplars;
    private readonly UnixTime? _created;
    private readonly ReadOnlySpan<byte> _native;
    private readonly Span<byte> _into;

    private OpenMetricsRaw(FamilySet set, in MetricRow row, UnixTime? created, ReadOnlySpan<byte> native)
    {
        _set = set;
        _exemplars = set.OpenMetrics.Exemplars.Span;
        _created = created;
        _native = native;
        int room = ProtoWriter.AroundMetric + native.Length + checked(ProtoWriter.AroundPoint * row.PointCount);
        foreach (ref readonly ExemplarRow exemplar in _exemplars)
        {
            room = checked(room + AroundExemplar);
            foreach (ref readonly LabelRow label in LabelsOf(in exemplar))
            {
                room = checked(room + ProtoWriter.AroundLabel + label.Name.Length + label.Value.Length);
            }
        }

        _into = set.Scratch.AddRange(room);
    }

    /// <summary>Writes the message of a metric whose exemplars are those in the set's tables.</summary>
    /// <param name="set">The set.</param>
    /// <param name="metric">Index of the metric.</param>
    /// <param name="type">The type of its family.</param>
    /// <param name="created">When it was created, if that is known.</param>
    /// <param name="native">The fields of a native histogram (5 to 14), which do not lie in the set.</param>
    public static void Write(FamilySet set, int metric, MetricType type, UnixTime? created, ReadOnlySpan<byte> native = default)
    {
        int start = set.Scratch.Count;
        ref MetricRow row = ref set.Metrics[metric];
        var writer = new OpenMetricsRaw(set, in row, created, native);
        int length = type switch
        {
            MetricType.Counter => writer.PutTimestamp(writer.PutCounter(in row), in row),
            MetricType.Summary => writer.PutTimestamp(
                writer.PutDistribution(0, ProtoTag.Summary, type, in row, ProtoTag.SummaryCreated), in row),
            _ => writer.PutDistribution(writer.PutTimestamp(0, in row), ProtoTag.Histogram, type, in row, ProtoTag.HistogramCreated),
        };
        set.Scratch.Truncate(start + length);
        row.Raw = new TextRef(~start, length);
        row.Content |= (created is not null || writer._exemplars.Length > 0 ? MetricContent.OnlyInRaw : 0)
            | (native.IsEmpty ? 0 : MetricContent.NativeHistogram);
    }

    private int PutTimestamp(int at, in MetricRow row) => ProtoWriter.PutTimestamp(_into, at, in row);

    private int PutCounter(in MetricRow row)
    {
        _into[0] = ProtoTag.Counter;
        int at = ProtoWriter.PutDouble(_into, 2, ProtoTag.ScalarValue, row.Value);
        at = _exemplars.IsEmpty ? at : PutExemplar(at, ProtoTag.CounterExemplar, in _exemplars[0]);
        return ProtoWriter.EndMessage(_into, 1, PutTime(at, ProtoTag.CounterCreated, _created));
    }

    private int PutDistribution(int at, byte tag, MetricType type, in MetricRow row, byte createdTag)
    {
        _into[at] = tag;
        int start = at + 1;
        at = ProtoWriter.PutCountAndSum(_into, start + 1, in row, hasCount: true);
        int exemplar = 0;
        for (int i = row.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            int lengthAt = at + 1;
            at = ProtoWriter.PutPoint(_into, at, type, in row, in _set.Points[i]);
            if (exemplar < _exemplars.Length && _exemplars[exemplar].Point == i)
            {
                at = ProtoWriter.EndMessage(_into, lengthAt, PutExemplar(at, ProtoTag.BucketExemplar, in _exemplars[exemplar++]));
            }
        }

        _native.CopyTo(_into[at..]);
        at = PutTime(at + _native.Length, createdTag, _created);
        for (; exemplar < _exemplars.Length; exemplar++)
        {
            // Of no bucket: those of a native histogram. The tag of field 16 has two bytes.
            _into[at] = ProtoTag.NativeExemplar & 0xFF;
            at = PutExemplar(at + 1, ProtoTag.NativeExemplar >> 8, in _exemplars[exemplar]);
        }

        return ProtoWriter.EndMessage(_into, start, at);
    }

    private ReadOnlySpan<LabelRow> LabelsOf(in ExemplarRow exemplar) =>
        _set.OpenMetrics.ExemplarLabels.Span.Slice(exemplar.FirstLabel, exemplar.LabelCount);

    private int PutExemplar(int at, byte tag, in ExemplarRow exemplar)
    {
        _into[at] = tag;
        int start = at + 1;
        at = start + 1;
        foreach (ref readonly LabelRow label in LabelsOf(in exemplar))
        {
            _into[at] = ProtoTag.ExemplarLabel;
            int labelStart = at + 1;
            at = ProtoWriter.PutBytes(_into, labelStart + 1, ProtoTag.LabelName, _set.Text(label.Name));
            at = ProtoWriter.PutBytes(_into, at, ProtoTag.LabelValue, _set.Text(label.Value));
            at = ProtoWriter.EndMessage(_into, labelStart, at);
        }

        at = ProtoWriter.PutDouble(_into, at, ProtoTag.ExemplarValue, exemplar.Value);
        return ProtoWriter.EndMessage(_into, start, PutTime(at, ProtoTag.ExemplarTime, exemplar.Time));
    }

    // proto3: a zero is left out.
    private int PutTime(int at, byte tag, UnixTime? time)
    {
        if (time is not { } known)
        {
            return at;
        }

        _into[at] = tag;
        int start = at + 1;
        at = PutVarintField(start + 1, ProtoTag.TimeSeconds, (ulong)known.Seconds);
        return ProtoWriter.EndMessage(_into, start, PutVarintField(at, ProtoTag.TimeNanos, (ulong)known.Nanos));
    }

    private int PutVarintField(int at, byte tag, ulong value)
    {
        if (value == 0)
        {
            return at;
        }

        _into[at] = tag;
        return ProtoWriter.PutVarint(_into, at + 1, value);
    }
}
