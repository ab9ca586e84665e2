using Exposition.Formats.Protobuf;

namespace Exposition.Formats.OpenMetrics;

/// <summary>An exemplar as its message says it.</summary>
internal ref struct Exemplar
{
    /// <summary>The message; its labels are read from it.</summary>
    public ReadOnlySpan<byte> Message;
    public double Value;
    public UnixTime? Time;
}

// The value message of a metric may come in pieces, which protobuf merges: the last created time and exemplar count, buckets are joined. So
// buckets come in the order of the row's points, one for one.

/// <summary>
/// Finds exemplars and created times in a metric's own bytes, which are well formed: the protobuf reader has been over them.
/// </summary>
internal ref struct OpenMetricsExtras
{
    private readonly ReadOnlySpan<byte> _metric;
    private readonly byte _valueTag;
    private ProtoReader _outer;
    private ProtoReader _inner;

    public OpenMetricsExtras(ReadOnlySpan<byte> metric, MetricType type)
    {
        _metric = metric;
        _valueTag = type switch
        {
            MetricType.Counter => ProtoTag.Counter,
            MetricType.Summary => ProtoTag.Summary,
            _ => ProtoTag.Histogram,
        };
        _outer = new ProtoReader(metric);
    }

    // Steps to the next field of the value message; the bytes of one that has none are empty.
    private bool TryNext(out uint tag, out TextRef bytes)
    {
        bytes = default;
        while (!_inner.TryReadTag(out tag))
        {
            if (!_outer.TryReadTag(out tag))
            {
                return false;
            }

            if (tag == _valueTag)
            {
                _inner = _outer.Enter();
            }
            else
            {
                _outer.TrySkip(tag);
            }
        }

        return (WireType)(tag & 7) == WireType.Bytes ? _inner.TryReadBytes(out bytes) : _inner.TrySkip(tag);
    }

    /// <summary>When the metric was created, if it says so and the time is one. Independent of what was stepped over.</summary>
    public readonly bool TryGetCreated(out UnixTime created)
    {
        byte wanted = _valueTag switch
        {
            ProtoTag.Counter => ProtoTag.CounterCreated,
            ProtoTag.Summary => ProtoTag.SummaryCreated,
            _ => ProtoTag.HistogramCreated,
        };
        OpenMetricsExtras all = this with { _outer = new ProtoReader(_metric), _inner = default };
        UnixTime? found = null;
        while (all.TryNext(out uint tag, out TextRef bytes))
        {
            found = tag == wanted ? ReadTime(_metric.Slice(bytes.Start, bytes.Length)) : found;
        }

        created = found ?? default;
        return found is not null && created.IsValid;
    }

    /// <summary>The exemplar of a counter.</summary>
    public bool TryGetExemplar(out Exemplar exemplar)
    {
        exemplar = default;
        bool found = false;
        while (TryNext(out uint tag, out TextRef bytes))
        {
            if (tag == ProtoTag.CounterExemplar)
            {
                exemplar = ReadExemplar(_metric.Slice(bytes.Start, bytes.Length));
                found = true;
            }
        }

        return found;
    }

    /// <summary>Steps to the next bucket of a histogram.</summary>
    /// <returns>Whether it has an exemplar.</returns>
    public bool TryGetNextBucketExemplar(out Exemplar exemplar)
    {
        exemplar = default;
        bool found = false;
        while (TryNext(out uint tag, out TextRef bucket))
        {
            if (tag != ProtoTag.Point)
            {
                continue;
            }

            var reader = new ProtoReader(_metric, bucket.Start, bucket.Length);
            while (reader.TryReadTag(out uint field))
            {
                if (field != ProtoTag.BucketExemplar)
                {
                    reader.TrySkip(field);
                }
                else if (reader.TryReadBytes(out TextRef bytes))
                {
                    exemplar = ReadExemplar(_metric.Slice(bytes.Start, bytes.Length));
                    found = true;
                }
            }

            return found;
        }

        return false;
    }

    private static Exemplar ReadExemplar(ReadOnlySpan<byte> message)
    {
        var exemplar = new Exemplar { Message = message };
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.ExemplarValue:
                    reader.TryReadDouble(out exemplar.Value);
                    break;
                case ProtoTag.ExemplarTime:
                    reader.TryReadBytes(out TextRef time);
                    exemplar.Time = ReadTime(message.Slice(time.Start, time.Length));
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        return exemplar;
    }

    private static UnixTime ReadTime(ReadOnlySpan<byte> message)
    {
        ulong seconds = 0;
        ulong nanos = 0;
        var reader = new ProtoReader(message);
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                ProtoTag.TimeSeconds => reader.TryReadVarint(out seconds),
                ProtoTag.TimeNanos => reader.TryReadVarint(out nanos),
                _ => reader.TrySkip(tag),
            };
        }

        return new UnixTime((long)seconds, (int)nanos);
    }

    /// <summary>Reads the next label of an exemplar.</summary>
    /// <param name="message">The exemplar.</param>
    /// <param name="at">Where to go on; 0 at first.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public static bool TryReadLabel(ReadOnlySpan<byte> message, ref int at, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        var reader = new ProtoReader(message, at, message.Length - at);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag != ProtoTag.ExemplarLabel)
            {
                reader.TrySkip(tag);
                continue;
            }

            ProtoReader label = reader.Enter();
            while (label.TryReadTag(out uint field))
            {
                TextRef text = default;
                _ = (WireType)(field & 7) == WireType.Bytes ? label.TryReadBytes(out text) : label.TrySkip(field);
                name = field == ProtoTag.LabelName ? message.Slice(text.Start, text.Length) : name;
                value = field == ProtoTag.LabelValue ? message.Slice(text.Start, text.Length) : value;
            }

            at = reader.Position;
            return true;
        }

        return false;
    }
}
