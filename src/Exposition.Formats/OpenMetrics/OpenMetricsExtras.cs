using Exposition.Formats.Protobuf;

namespace Exposition.Formats.OpenMetrics;

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
            found = tag == wanted ? UnixTime.Read(new ProtoReader(_metric, bytes.Start, bytes.Length)) : found;
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
                exemplar = Exemplar.Read(_metric.Slice(bytes.Start, bytes.Length));
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
                    exemplar = Exemplar.Read(_metric.Slice(bytes.Start, bytes.Length));
                    found = true;
                }
            }

            return found;
        }

        return false;
    }
}
