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

    /// <summary>Steps to the next field of the value message.</summary>
    private bool TryNext(out uint tag, out TextRef bytes)
    {
        bytes = default;
        while (true)
        {
            if (!_inner.AtEnd)
            {
                if (!_inner.TryReadTag(out tag))
                {
                    return false;
                }

                return (WireType)(tag & 7) == WireType.Bytes ? _inner.TryReadBytes(out bytes) : _inner.TrySkip(tag);
            }

            if (_outer.AtEnd || !_outer.TryReadTag(out tag))
            {
                tag = 0;
                return false;
            }

            if (tag != _valueTag)
            {
                if (!_outer.TrySkip(tag))
                {
                    return false;
                }
            }
            else if (_outer.TryReadBytes(out TextRef value))
            {
                _inner = new ProtoReader(_metric, value.Start, value.Length);
            }
            else
            {
                return false;
            }
        }
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
            while (!reader.AtEnd && reader.TryReadTag(out uint field))
            {
                if (field == ProtoTag.BucketExemplar && reader.TryReadBytes(out TextRef bytes))
                {
                    exemplar = ReadExemplar(_metric.Slice(bytes.Start, bytes.Length));
                    found = true;
                }
                else if (field == ProtoTag.BucketExemplar || !reader.TrySkip(field))
                {
                    break;
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
        while (!reader.AtEnd && reader.TryReadTag(out uint tag))
        {
            bool read = tag switch
            {
                ProtoTag.ExemplarValue => reader.TryReadDouble(out exemplar.Value),
                ProtoTag.ExemplarTime => TakeTime(ref reader, message, ref exemplar),
                _ => reader.TrySkip(tag),
            };
            if (!read)
            {
                break;
            }
        }

        return exemplar;
    }

    private static bool TakeTime(ref ProtoReader reader, ReadOnlySpan<byte> message, ref Exemplar exemplar)
    {
        bool read = reader.TryReadBytes(out TextRef bytes);
        exemplar.Time = read ? ReadTime(message.Slice(bytes.Start, bytes.Length)) : null;
        return read;
    }

    private static UnixTime ReadTime(ReadOnlySpan<byte> message)
    {
        ulong seconds = 0;
        ulong nanos = 0;
        var reader = new ProtoReader(message);
        while (!reader.AtEnd && reader.TryReadTag(out uint tag))
        {
            bool read = tag switch
            {
                ProtoTag.TimeSeconds => reader.TryReadVarint(out seconds),
                ProtoTag.TimeNanos => reader.TryReadVarint(out nanos),
                _ => reader.TrySkip(tag),
            };
            if (!read)
            {
                break;
            }
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
        while (!reader.AtEnd && reader.TryReadTag(out uint tag))
        {
            if (tag != ProtoTag.ExemplarLabel)
            {
                if (!reader.TrySkip(tag))
                {
                    return false;
                }

                continue;
            }

            if (!reader.TryReadBytes(out TextRef label))
            {
                return false;
            }

            var fields = new ProtoReader(message, label.Start, label.Length);
            while (!fields.AtEnd && fields.TryReadTag(out uint field))
            {
                if ((WireType)(field & 7) != WireType.Bytes)
                {
                    if (!fields.TrySkip(field))
                    {
                        return false;
                    }

                    continue;
                }

                if (!fields.TryReadBytes(out TextRef text))
                {
                    return false;
                }

                ReadOnlySpan<byte> bytes = message.Slice(text.Start, text.Length);
                name = field == ProtoTag.LabelName ? bytes : name;
                value = field == ProtoTag.LabelValue ? bytes : value;
            }

            at = reader.Position;
            return true;
        }

        return false;
    }
}
