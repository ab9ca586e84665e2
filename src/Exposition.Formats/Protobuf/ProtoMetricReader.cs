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
    /// <param name="family">Index of the family.</param>
    /// <param name="message">Where the message lies in the source.</param>
    /// <returns>False if the message is malformed.</returns>
    public bool TryRead(int family, TextRef message)
    {
        _set.Progress.At = message.Start;
        int metric = _set.AddMetric(family);
        var row = new Value();
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag))
            {
                return false;
            }

            bool read;
            switch (tag)
            {
                case ProtoTag.Label:
                    read = reader.TryReadBytes(out TextRef label) && TryReadLabel(label);
                    break;
                case ProtoTag.Gauge:
                    read = reader.TryReadBytes(out TextRef gauge)
                        && TryReadValue(MetricContent.Gauge, ProtoMessage.Scalar, gauge, metric, ref row);
                    break;
                case ProtoTag.Counter:
                    read = reader.TryReadBytes(out TextRef counter)
                        && TryReadValue(MetricContent.Counter, ProtoMessage.Counter, counter, metric, ref row);
                    break;
                case ProtoTag.Summary:
                    read = reader.TryReadBytes(out TextRef summary)
                        && TryReadValue(MetricContent.Summary, ProtoMessage.Summary, summary, metric, ref row);
                    break;
                case ProtoTag.Untyped:
                    read = reader.TryReadBytes(out TextRef untyped)
                        && TryReadValue(MetricContent.Untyped, ProtoMessage.Scalar, untyped, metric, ref row);
                    break;
                case ProtoTag.Histogram:
                    read = reader.TryReadBytes(out TextRef histogram)
                        && TryReadValue(MetricContent.Histogram, ProtoMessage.Histogram, histogram, metric, ref row);
                    break;
                case ProtoTag.TimestampMs:
                    read = reader.TryReadVarint(out ulong milliseconds);
                    row.TimestampMs = (long)milliseconds;
                    row.Content |= MetricContent.Timestamp;
                    break;
                default:
                    read = reader.TrySkip(tag);
                    row.Content |= MetricContent.OnlyInRaw;
                    break;
            }

            if (!read)
            {
                return false;
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
        return true;
    }

    private bool TryReadLabel(TextRef message)
    {
        TextRef name = default;
        TextRef value = default;
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag)
                || !(tag switch
                {
                    ProtoTag.LabelName => reader.TryReadBytes(out name),
                    ProtoTag.LabelValue => reader.TryReadBytes(out value),
                    _ => reader.TrySkip(tag),
                }))
            {
                return false;
            }
        }

        _set.AddLabel(name, value);
        return true;
    }

    private bool TryReadValue(MetricContent kind, ProtoMessage type, TextRef message, int metric, ref Value row)
    {
        if ((row.Content & kind) != 0)
        {
            row.Content |= MetricContent.OnlyInRaw;
        }

        row.Content |= kind;
        if (kind != _wanted)
        {
            return ProtoSchema.IsWellFormed(type, _source, message);
        }

        return type switch
        {
            ProtoMessage.Summary or ProtoMessage.Histogram => TryReadDistribution(type, message, metric, ref row),
            _ => TryReadScalar(type, message, ref row),
        };
    }

    private bool TryReadScalar(ProtoMessage type, TextRef message, ref Value row)
    {
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag))
            {
                return false;
            }

            if (tag == ProtoTag.ScalarValue)
            {
                if (!reader.TryReadDouble(out row.Number))
                {
                    return false;
                }

                row.Seen |= Seen.Value;
            }
            else if (!TryReadOther(type, tag, ref reader, ref row))
            {
                return false;
            }
        }

        return true;
    }

    // Summaries and histograms share the numbers of count, sum and points.
    private bool TryReadDistribution(ProtoMessage type, TextRef message, int metric, ref Value row)
    {
        bool histogram = type == ProtoMessage.Histogram;
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag))
            {
                return false;
            }

            bool read;
            switch (tag)
            {
                case ProtoTag.SampleCount:
                    read = reader.TryReadVarint(out row.Count);
                    row.Seen |= Seen.Count;
                    break;
                case ProtoTag.SampleSum:
                    read = reader.TryReadDouble(out row.Number);
                    row.Seen |= Seen.Sum;
                    break;
                case ProtoTag.Point:
                    read = reader.TryReadBytes(out TextRef point)
                        && (histogram ? TryReadBucket(point, metric, ref row) : TryReadQuantile(point, metric, ref row));
                    break;
                case ProtoTag.SampleCountFloat when histogram:
                    read = reader.TryReadDouble(out row.CountFloat);
                    row.Seen |= Seen.Count;
                    row.Content |= MetricContent.FloatCounts;
                    break;
                default:
                    read = TryReadOther(type, tag, ref reader, ref row);
                    break;
            }

            if (!read)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadQuantile(TextRef message, int metric, ref Value row)
    {
        double quantile = 0;
        double value = 0;
        int fields = 0;
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag)
                || !(tag switch
                {
                    ProtoTag.Quantile => reader.TryReadDouble(out quantile),
                    ProtoTag.QuantileValue => reader.TryReadDouble(out value),
                    _ => TryReadOther(ProtoMessage.Quantile, tag, ref reader, ref row),
                }))
            {
                return false;
            }

            fields |= tag switch { ProtoTag.Quantile => 1, ProtoTag.QuantileValue => 2, _ => 0 };
        }

        _set.AddPoint(metric, quantile, value, 0);
        row.FlagIf(fields != 3 || !IsPlain(quantile) || double.IsNaN(quantile) || !IsPlain(value));
        return true;
    }

    private bool TryReadBucket(TextRef message, int metric, ref Value row)
    {
        double bound = 0;
        double countFloat = 0;
        ulong count = 0;
        bool hasBound = false;
        bool hasCount = false;
        bool hasFloat = false;
        var reader = new ProtoReader(_source, message.Start, message.Length);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out uint tag))
            {
                return false;
            }

            bool read;
            switch (tag)
            {
                case ProtoTag.CumulativeCount:
                    read = reader.TryReadVarint(out count);
                    hasCount = true;
                    break;
                case ProtoTag.UpperBound:
                    read = reader.TryReadDouble(out bound);
                    hasBound = true;
                    break;
                case ProtoTag.CumulativeCountFloat:
                    read = reader.TryReadDouble(out countFloat);
                    hasFloat = true;
                    break;
                default:
                    read = TryReadOther(ProtoMessage.Bucket, tag, ref reader, ref row);
                    break;
            }

            if (!read)
            {
                return false;
            }
        }

        _set.AddPoint(metric, bound, countFloat, count);
        row.Content |= (hasFloat ? MetricContent.FloatCounts : 0) | (double.IsPositiveInfinity(bound) ? MetricContent.InfBucket : 0);
        row.FlagIf(!hasBound || !(hasCount || hasFloat) || !IsPlain(bound) || double.IsNaN(bound)
            || !IsExact(count) || !IsPlain(countFloat) || countFloat < 0);
        return true;
    }

    // Fields that the rows have no place for: checked here, kept only in the metric's own bytes.
    private bool TryReadOther(ProtoMessage type, uint tag, ref ProtoReader reader, ref Value row)
    {
        if (!ProtoSchema.TryGetField(type, tag, out ProtoField? field))
        {
            row.Content |= MetricContent.OnlyInRaw;
            return reader.TrySkip(tag);
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

        if (field.Kind == ProtoKind.Message)
        {
            return reader.TryReadBytes(out TextRef message) && ProtoSchema.IsWellFormed(field.Child, _source, message);
        }

        return ProtoSchema.IsPacked(field, tag)
            ? reader.TryReadBytes(out TextRef run) && ProtoSchema.IsWellFormedRun(field, _source, run)
            : reader.TrySkip(tag);
    }
}
