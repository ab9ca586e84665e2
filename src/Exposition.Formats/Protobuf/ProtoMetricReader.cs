namespace Exposition.Formats.Protobuf;

// A message that occurs twice in a metric is merged as protobuf demands: scalars of the later one win, lists are joined. So a value
// message is decoded on top of what the row already says. Values of other kinds than the family's type are only checked.
//
// What the text format cannot say is flagged OnlyInRaw, so that the store keeps the metric's own bytes: exemplars, created timestamps,
// unknown fields, several values, fields of a native histogram without spans, absent fields, -0, unusual NaNs, counts that a float64
// does not hold, and points that a text reader would drop or refuse.

/// <summary>Decodes Metric messages into the rows of a set.</summary>
internal readonly ref partial struct ProtoMetricReader
{
    private readonly ReadOnlySpan<byte> _source;
    private readonly FamilySet _set;
    private readonly MetricContent _wanted;

    public ProtoMetricReader(ReadOnlySpan<byte> source, FamilySet set, MetricType type)
    {
        _source = source;
        _set = set;
        _wanted = type switch
        {
            MetricType.Counter => MetricContent.Counter,
            MetricType.Gauge => MetricContent.Gauge,
            MetricType.Summary => MetricContent.Summary,
            MetricType.Untyped => MetricContent.Untyped,
            MetricType.Histogram or MetricType.GaugeHistogram => MetricContent.Histogram,
            _ => MetricContent.None,
        };
    }

    /// <summary>Appends a metric to a family.</summary>
    /// <returns>False if the message is malformed.</returns>
    public bool TryRead(int family, TextRef message)
    {
        _set.Progress.At = message.Start;
        int metric = _set.AddMetric(family);
        var row = new Value();
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.Label:
                    ReadLabel(ref reader);
                    break;
                case ProtoTag.Gauge:
                    ReadValue(MetricContent.Gauge, ProtoMessage.Scalar, ref reader, metric, ref row);
                    break;
                case ProtoTag.Counter:
                    ReadValue(MetricContent.Counter, ProtoMessage.Counter, ref reader, metric, ref row);
                    break;
                case ProtoTag.Summary:
                    ReadValue(MetricContent.Summary, ProtoMessage.Summary, ref reader, metric, ref row);
                    break;
                case ProtoTag.Untyped:
                    ReadValue(MetricContent.Untyped, ProtoMessage.Scalar, ref reader, metric, ref row);
                    break;
                case ProtoTag.Histogram:
                    ReadValue(MetricContent.Histogram, ProtoMessage.Histogram, ref reader, metric, ref row);
                    break;
                case ProtoTag.TimestampMs:
                    reader.TryReadVarint(out ulong milliseconds);
                    row.TimestampMs = (long)milliseconds;
                    row.Content |= MetricContent.Timestamp;
                    break;
                default:
                    reader.TrySkip(tag);
                    row.Content |= MetricContent.OnlyInRaw;
                    break;
            }
        }

        row.Finish(_wanted);
        ref MetricRow stored = ref _set.Metrics[metric];
        stored.Content = row.Content;
        stored.Value = row.Number;
        stored.Count = row.Count;
        stored.CountFloat = row.CountFloat;
        stored.TimestampMs = row.TimestampMs;
        stored.Raw = message;
        return reader.IsWhole;
    }

    private void ReadLabel(ref ProtoReader outer)
    {
        TextRef name = default;
        TextRef value = default;
        ProtoReader reader = outer.Enter();
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                ProtoTag.LabelName => reader.TryReadBytes(out name),
                ProtoTag.LabelValue => reader.TryReadBytes(out value),
                _ => reader.TrySkip(tag),
            };
        }

        outer.Leave(in reader);
        _set.AddLabel(name, value);
    }

    private void ReadValue(MetricContent kind, ProtoMessage type, ref ProtoReader outer, int metric, ref Value row)
    {
        row.FlagIf((row.Content & kind) != 0);
        row.Content |= kind;
        if (kind != _wanted)
        {
            ProtoSchema.SkipMessage(type, ref outer);
            return;
        }

        ProtoReader reader = outer.Enter();
        if (type is ProtoMessage.Summary or ProtoMessage.Histogram)
        {
            ReadDistribution(type, ref reader, metric, ref row);
        }
        else
        {
            ReadScalar(type, ref reader, ref row);
        }

        outer.Leave(in reader);
    }

    private static void ReadScalar(ProtoMessage type, ref ProtoReader reader, ref Value row)
    {
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == ProtoTag.ScalarValue)
            {
                reader.TryReadDouble(out row.Number);
                row.Seen |= Seen.Value;
            }
            else
            {
                SkipOther(type, tag, ref reader, ref row);
            }
        }
    }

    // Summaries and histograms share the numbers of count, sum and points.
    private void ReadDistribution(ProtoMessage type, ref ProtoReader reader, int metric, ref Value row)
    {
        bool histogram = type == ProtoMessage.Histogram;
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.SampleCount:
                    reader.TryReadVarint(out row.Count);
                    row.Seen |= Seen.Count;
                    break;
                case ProtoTag.SampleSum:
                    reader.TryReadDouble(out row.Number);
                    row.Seen |= Seen.Sum;
                    break;
                case ProtoTag.Point when histogram:
                    ReadBucket(ref reader, metric, ref row);
                    break;
                case ProtoTag.Point:
                    ReadQuantile(ref reader, metric, ref row);
                    break;
                case ProtoTag.SampleCountFloat when histogram:
                    reader.TryReadDouble(out row.CountFloat);
                    row.Seen |= Seen.Count;
                    row.Content |= MetricContent.FloatCounts;
                    break;
                default:
                    SkipOther(type, tag, ref reader, ref row);
                    break;
            }
        }
    }

    private void ReadQuantile(ref ProtoReader outer, int metric, ref Value row)
    {
        double quantile = 0;
        double value = 0;
        bool hasQuantile = false;
        bool hasValue = false;
        ProtoReader reader = outer.Enter();
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.Quantile:
                    hasQuantile = reader.TryReadDouble(out quantile);
                    break;
                case ProtoTag.QuantileValue:
                    hasValue = reader.TryReadDouble(out value);
                    break;
                default:
                    SkipOther(ProtoMessage.Quantile, tag, ref reader, ref row);
                    break;
            }
        }

        outer.Leave(in reader);
        _set.AddPoint(metric, quantile, value, 0);
        row.FlagIf(!(hasQuantile && hasValue) || !IsPlain(quantile) || double.IsNaN(quantile) || !IsPlain(value));
    }

    private void ReadBucket(ref ProtoReader outer, int metric, ref Value row)
    {
        double bound = 0;
        double countFloat = 0;
        ulong count = 0;
        bool hasBound = false;
        bool hasCount = false;
        bool hasFloat = false;
        ProtoReader reader = outer.Enter();
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.CumulativeCount:
                    hasCount = reader.TryReadVarint(out count);
                    break;
                case ProtoTag.UpperBound:
                    hasBound = reader.TryReadDouble(out bound);
                    break;
                case ProtoTag.CumulativeCountFloat:
                    hasFloat = reader.TryReadDouble(out countFloat);
                    break;
                default:
                    SkipOther(ProtoMessage.Bucket, tag, ref reader, ref row);
                    break;
            }
        }

        outer.Leave(in reader);
        _set.AddPoint(metric, bound, countFloat, count);
        row.Content |= (hasFloat ? MetricContent.FloatCounts : 0) | (double.IsPositiveInfinity(bound) ? MetricContent.InfBucket : 0);
        row.FlagIf(!hasBound || !(hasCount || hasFloat) || !IsPlain(bound) || double.IsNaN(bound)
            || !IsExact(count) || !IsPlain(countFloat) || countFloat < 0);
    }

    // Fields that the rows have no place for: checked here, kept only in the metric's own bytes.
    private static void SkipOther(ProtoMessage type, uint tag, ref ProtoReader reader, ref Value row)
    {
        if (!ProtoSchema.TryGetField(type, tag, out ProtoField? field))
        {
            row.Content |= MetricContent.OnlyInRaw;
            reader.TrySkip(tag);
            return;
        }

        if (type == ProtoMessage.Histogram && field.Number is >= 5 and <= 14)
        {
            row.Seen |= Seen.NativeField;
            row.Content |= field.Child == ProtoMessage.BucketSpan && field.Kind == ProtoKind.Message ? MetricContent.NativeHistogram : 0;
        }
        else
        {
            row.Content |= MetricContent.OnlyInRaw;
        }

        ProtoSchema.SkipField(field, tag, ref reader);
    }
}
