using Exposition.Formats;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Protobuf;

namespace Exposition.Engine.Adding;

// Of two metrics that are put together the exemplars of the newer one stay, bucket by bucket, and fields that nobody knows go.

/// <summary>What of a metric rows have no place for: when it was created, exemplars, the buckets of a native histogram.</summary>
internal sealed class MetricExtras
{
    private readonly Dictionary<double, byte[]> _bucketExemplars = [];
    private byte[]? _exemplar;
    private List<byte[]> _nativeExemplars = [];

    /// <summary>When it began to count.</summary>
    public UnixTime? Created { get; private set; }

    public NativeBuckets? Native { get; private set; }

    /// <summary>Reads those of a metric.</summary>
    /// <returns>What keeps it from being added, or null.</returns>
    public static string? TryRead(FamilySet set, int metric, MetricType type, out MetricExtras extras)
    {
        extras = new MetricExtras();
        ref readonly MetricRow row = ref set.Metrics[metric];
        if ((row.Content & (MetricContent.OnlyInRaw | MetricContent.NativeHistogram)) == 0 || row.Raw.IsEmpty)
        {
            return null;
        }

        bool isFloat = (row.Content & MetricContent.FloatCounts) != 0;
        byte wanted = type == MetricType.Counter ? ProtoTag.Counter : type == MetricType.Summary ? ProtoTag.Summary : ProtoTag.Histogram;
        ReadOnlySpan<byte> raw = set.Text(row.Raw);
        var reader = new ProtoReader(raw);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == wanted && reader.TryReadBytes(out TextRef value))
            {
                ReadOnlySpan<byte> message = raw.Slice(value.Start, value.Length);
                extras.Read(message, type);
                if ((row.Content & MetricContent.NativeHistogram) != 0 && type == MetricType.Histogram)
                {
                    if (NativeBuckets.TryRead(message, isFloat, out NativeBuckets native) is { } error)
                    {
                        return error;
                    }

                    extras.Native = native;
                }
            }
            else if (tag != wanted)
            {
                reader.TrySkip(tag);
            }
        }

        return null;
    }

    /// <summary>Takes over what an older metric has and this one has not; of the two created times the earlier.</summary>
    public void TakeFrom(MetricExtras older)
    {
        bool isEarlier = Created?.Nanoseconds <= older.Created?.Nanoseconds;
        Created = isEarlier ? Created : older.Created ?? Created;
        _exemplar ??= older._exemplar;
        _nativeExemplars = _nativeExemplars.Count > 0 ? _nativeExemplars : older._nativeExemplars;
        foreach ((double bound, byte[] exemplar) in older._bucketExemplars)
        {
            _bucketExemplars.TryAdd(bound, exemplar);
        }
    }

    /// <summary>Sets the buckets.</summary>
    public void Replace(NativeBuckets? native) => Native = native;

    /// <summary>Gives a metric the message that says all of it, if rows alone do not.</summary>
    public void Apply(FamilySet set, int metric, MetricType type)
    {
        ref MetricRow row = ref set.Metrics[metric];
        if (Created is null && _exemplar is null && _bucketExemplars.Count == 0 && _nativeExemplars.Count == 0 && Native is null)
        {
            return;
        }

        var value = new MessageWriter();
        byte tag = ProtoTag.Histogram;
        switch (type)
        {
            case MetricType.Counter:
                tag = ProtoTag.Counter;
                value.Double(ProtoTag.ScalarValue, row.Value);
                if (_exemplar is not null)
                {
                    value.Bytes(ProtoTag.CounterExemplar, _exemplar);
                }

                PutCreated(value, ProtoTag.CounterCreated);
                break;
            case MetricType.Summary:
                tag = ProtoTag.Summary;
                PutCountAndSum(value, row);
                PutPoints(value, set, row, type);
                PutCreated(value, ProtoTag.SummaryCreated);
                break;
            default:
                PutCountAndSum(value, row);
                PutPoints(value, set, row, type);
                if ((row.Content & MetricContent.FloatCounts) != 0)
                {
                    value.Double(ProtoTag.SampleCountFloat, row.CountFloat);
                }

                Native?.Write(value);
                PutCreated(value, ProtoTag.HistogramCreated);
                _nativeExemplars.ForEach(exemplar => value.Bytes((16 << 3) | (int)WireType.Bytes, exemplar));
                break;
        }

        var message = new MessageWriter();
        message.Bytes(tag, value.Written);
        row.Raw = set.AddText(message.Written);
        row.Content |= MetricContent.OnlyInRaw | (Native is null ? 0 : MetricContent.NativeHistogram);
    }

    private void Read(ReadOnlySpan<byte> message, MetricType type)
    {
        uint created = type == MetricType.Counter ? ProtoTag.CounterCreated
            : type == MetricType.Summary ? ProtoTag.SummaryCreated : ProtoTag.HistogramCreated;
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            bool isBytes = (WireType)(tag & 7) == WireType.Bytes;
            if (!isBytes || !reader.TryReadBytes(out TextRef field))
            {
                if (!isBytes)
                {
                    reader.TrySkip(tag);
                }

                continue;
            }

            ReadOnlySpan<byte> bytes = message.Slice(field.Start, field.Length);
            if (tag == created)
            {
                Created = UnixTime.Read(new ProtoReader(bytes));
            }
            else if (type == MetricType.Counter && tag == ProtoTag.CounterExemplar)
            {
                _exemplar = bytes.ToArray();
            }
            else if (type == MetricType.Histogram && tag == ProtoTag.Point)
            {
                ReadBucket(bytes);
            }
            else if (type == MetricType.Histogram && tag == ((16 << 3) | (int)WireType.Bytes))
            {
                _nativeExemplars.Add(bytes.ToArray());
            }
        }
    }

    private void ReadBucket(ReadOnlySpan<byte> message)
    {
        double bound = 0;
        byte[]? exemplar = null;
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == ProtoTag.UpperBound)
            {
                reader.TryReadDouble(out bound);
            }
            else if (tag == ProtoTag.BucketExemplar && reader.TryReadBytes(out TextRef bytes))
            {
                exemplar = message.Slice(bytes.Start, bytes.Length).ToArray();
            }
            else if (tag != ProtoTag.BucketExemplar)
            {
                reader.TrySkip(tag);
            }
        }

        if (exemplar is not null)
        {
            _bucketExemplars[bound] = exemplar;
        }
    }

    private void PutCreated(MessageWriter into, byte tag)
    {
        if (Created is not { } created)
        {
            return;
        }

        var time = new MessageWriter();
        time.Varint(ProtoTag.TimeSeconds, (ulong)created.Seconds);
        time.Varint(ProtoTag.TimeNanos, (ulong)created.Nanos);
        into.Bytes(tag, time.Written);
    }

    private static void PutCountAndSum(MessageWriter into, in MetricRow row)
    {
        if ((row.Content & (MetricContent.NoCount | MetricContent.FloatCounts)) == 0)
        {
            into.Varint(ProtoTag.SampleCount, row.Count);
        }

        if ((row.Content & MetricContent.NoSum) == 0)
        {
            into.Double(ProtoTag.SampleSum, row.Value);
        }
    }

    private void PutPoints(MessageWriter into, FamilySet set, in MetricRow row, MetricType type)
    {
        for (int at = row.FirstPoint; at >= 0; at = set.Points[at].Next)
        {
            PointRow point = set.Points[at];
            var message = new MessageWriter();
            if (type == MetricType.Summary)
            {
                message.Double(ProtoTag.Quantile, point.Bound);
                message.Double(ProtoTag.QuantileValue, point.Value);
            }
            else
            {
                bool isFloat = (row.Content & MetricContent.FloatCounts) != 0;
                if (!isFloat)
                {
                    message.Varint(ProtoTag.CumulativeCount, point.Count);
                }

                message.Double(ProtoTag.UpperBound, point.Bound);
                if (_bucketExemplars.TryGetValue(point.Bound, out byte[]? exemplar))
                {
                    message.Bytes(ProtoTag.BucketExemplar, exemplar);
                }

                if (isFloat)
                {
                    message.Double(ProtoTag.CumulativeCountFloat, point.Value);
                }
            }

            into.Bytes(ProtoTag.Point, message.Written);
        }
    }
}
