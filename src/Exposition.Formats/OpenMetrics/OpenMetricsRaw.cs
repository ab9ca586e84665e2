using Exposition.Formats.Protobuf;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

// message = value message with its exemplars and created time, and the timestamp, in the order of the field numbers; labels are those of
// the row. What the row says is written as ProtoMetricWriter does.

/// <summary>
/// Writes the Metric message of a row that has exemplars or a created time, which rows cannot hold, into the set's scratch bytes.
/// </summary>
internal ref struct OpenMetricsRaw
{
    private readonly FamilySet _set;
    private readonly ReadOnlySpan<ExemplarRow> _exemplars;
    private readonly UnixTime? _created;
    private OutputCursor _cursor;

    private OpenMetricsRaw(FamilySet set, UnixTime? created)
    {
        _set = set;
        _exemplars = set.OpenMetrics.Exemplars.Span;
        _created = created;
        _cursor = new OutputCursor(set.OpenMetrics.Scratch);
    }

    /// <summary>Writes the message of a metric whose exemplars are those in the set's tables.</summary>
    public static void Write(FamilySet set, int metric, MetricType type, UnixTime? created)
    {
        int start = set.Scratch.Count;
        ref MetricRow row = ref set.Metrics[metric];
        var writer = new OpenMetricsRaw(set, created);
        switch (type)
        {
            case MetricType.Counter:
                writer.WriteCounter(in row);
                writer.WriteTimestamp(in row);
                break;
            case MetricType.Summary:
                writer.WriteSummary(in row);
                writer.WriteTimestamp(in row);
                break;
            default:
                writer.WriteTimestamp(in row);
                writer.WriteHistogram(in row);
                break;
        }

        writer._cursor.Flush();
        row.Raw = new TextRef(~start, set.Scratch.Count - start);
        row.Content |= MetricContent.OnlyInRaw;
    }

    private void WriteTimestamp(in MetricRow row)
    {
        if ((row.Content & MetricContent.Timestamp) != 0)
        {
            ProtoWriter.WriteVarintField(ProtoTag.TimestampMs, (ulong)row.TimestampMs, ref _cursor);
        }
    }

    private void WriteCounter(in MetricRow row)
    {
        long length = ProtoWriter.Fixed64Field + CreatedLength();
        if (!_exemplars.IsEmpty)
        {
            length += ProtoWriter.BytesField(ExemplarLength(in _exemplars[0]));
        }

        ProtoWriter.WriteBytesHeader(ProtoTag.Counter, length, ref _cursor);
        ProtoWriter.WriteDoubleField(ProtoTag.ScalarValue, row.Value, ref _cursor);
        if (!_exemplars.IsEmpty)
        {
            WriteExemplar(ProtoTag.CounterExemplar, in _exemplars[0]);
        }

        WriteCreated(ProtoTag.CounterCreated);
    }

    private void WriteSummary(in MetricRow row)
    {
        const long PointLength = 2 * ProtoWriter.Fixed64Field;
        ProtoWriter.WriteBytesHeader(ProtoTag.Summary,
            CountAndSumLength(in row) + CreatedLength() + (row.PointCount * ProtoWriter.BytesField(PointLength)), ref _cursor);
        WriteCountAndSum(in row);
        for (int i = row.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            ProtoWriter.WriteBytesHeader(ProtoTag.Point, PointLength, ref _cursor);
            ProtoWriter.WriteDoubleField(ProtoTag.Quantile, _set.Points[i].Bound, ref _cursor);
            ProtoWriter.WriteDoubleField(ProtoTag.QuantileValue, _set.Points[i].Value, ref _cursor);
        }

        WriteCreated(ProtoTag.SummaryCreated);
    }

    private void WriteHistogram(in MetricRow row)
    {
        long length = CountAndSumLength(in row) + CreatedLength();
        int exemplar = 0;
        for (int i = row.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            length += ProtoWriter.BytesField(BucketLength(i, ref exemplar, out _));
        }

        ProtoWriter.WriteBytesHeader(ProtoTag.Histogram, length, ref _cursor);
        WriteCountAndSum(in row);
        exemplar = 0;
        for (int i = row.FirstPoint; i >= 0; i = _set.Points[i].Next)
        {
            ProtoWriter.WriteBytesHeader(ProtoTag.Point, BucketLength(i, ref exemplar, out bool hasExemplar), ref _cursor);
            ProtoWriter.WriteVarintField(ProtoTag.CumulativeCount, _set.Points[i].Count, ref _cursor);
            ProtoWriter.WriteDoubleField(ProtoTag.UpperBound, _set.Points[i].Bound, ref _cursor);
            if (hasExemplar)
            {
                WriteExemplar(ProtoTag.BucketExemplar, in _exemplars[exemplar - 1]);
            }
        }

        WriteCreated(ProtoTag.HistogramCreated);
    }

    // Exemplars stand in the order of their buckets: the next one either is this bucket's or waits.
    private readonly long BucketLength(int point, ref int exemplar, out bool hasExemplar)
    {
        hasExemplar = exemplar < _exemplars.Length && _exemplars[exemplar].Point == point;
        long length = 1 + ProtoWriter.VarintLength(_set.Points[point].Count) + ProtoWriter.Fixed64Field;
        return hasExemplar ? length + ProtoWriter.BytesField(ExemplarLength(in _exemplars[exemplar++])) : length;
    }

    private static long CountAndSumLength(in MetricRow row) =>
        ((row.Content & MetricContent.NoCount) == 0 ? 1 + ProtoWriter.VarintLength(row.Count) : 0)
        + ((row.Content & MetricContent.NoSum) == 0 ? ProtoWriter.Fixed64Field : 0);

    private void WriteCountAndSum(in MetricRow row)
    {
        if ((row.Content & MetricContent.NoCount) == 0)
        {
            ProtoWriter.WriteVarintField(ProtoTag.SampleCount, row.Count, ref _cursor);
        }

        if ((row.Content & MetricContent.NoSum) == 0)
        {
            ProtoWriter.WriteDoubleField(ProtoTag.SampleSum, row.Value, ref _cursor);
        }
    }

    private readonly long CreatedLength() => _created is { } created ? ProtoWriter.BytesField(TimeLength(created)) : 0;

    private void WriteCreated(byte tag)
    {
        if (_created is { } created)
        {
            WriteTime(tag, created);
        }
    }

    private readonly ReadOnlySpan<LabelRow> LabelsOf(in ExemplarRow exemplar) =>
        _set.OpenMetrics.ExemplarLabels.Span.Slice(exemplar.FirstLabel, exemplar.LabelCount);

    private readonly long ExemplarLength(in ExemplarRow exemplar)
    {
        long length = ProtoWriter.Fixed64Field + (exemplar.Time is { } time ? ProtoWriter.BytesField(TimeLength(time)) : 0);
        foreach (ref readonly LabelRow label in LabelsOf(in exemplar))
        {
            length += ProtoWriter.BytesField(LabelLength(in label));
        }

        return length;
    }

    private static long LabelLength(in LabelRow label) =>
        ProtoWriter.BytesField(label.Name.Length) + ProtoWriter.BytesField(label.Value.Length);

    private void WriteExemplar(byte tag, in ExemplarRow exemplar)
    {
        ProtoWriter.WriteBytesHeader(tag, ExemplarLength(in exemplar), ref _cursor);
        foreach (ref readonly LabelRow label in LabelsOf(in exemplar))
        {
            ProtoWriter.WriteBytesHeader(ProtoTag.ExemplarLabel, LabelLength(in label), ref _cursor);
            ProtoWriter.WriteBytesHeader(ProtoTag.LabelName, label.Name.Length, ref _cursor);
            _cursor.Write(_set.Text(label.Name));
            ProtoWriter.WriteBytesHeader(ProtoTag.LabelValue, label.Value.Length, ref _cursor);
            _cursor.Write(_set.Text(label.Value));
        }

        ProtoWriter.WriteDoubleField(ProtoTag.ExemplarValue, exemplar.Value, ref _cursor);
        if (exemplar.Time is { } time)
        {
            WriteTime(ProtoTag.ExemplarTime, time);
        }
    }

    // proto3: a zero is left out.
    private static long TimeLength(UnixTime time) =>
        (time.Seconds != 0 ? 1 + ProtoWriter.VarintLength((ulong)time.Seconds) : 0)
            + (time.Nanos != 0 ? 1 + ProtoWriter.VarintLength((ulong)time.Nanos) : 0);

    private void WriteTime(byte tag, UnixTime time)
    {
        ProtoWriter.WriteBytesHeader(tag, TimeLength(time), ref _cursor);
        if (time.Seconds != 0)
        {
            ProtoWriter.WriteVarintField(ProtoTag.TimeSeconds, (ulong)time.Seconds, ref _cursor);
        }

        if (time.Nanos != 0)
        {
            ProtoWriter.WriteVarintField(ProtoTag.TimeNanos, (ulong)time.Nanos, ref _cursor);
        }
    }
}
