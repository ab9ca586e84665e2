using Exposition.Formats.Meters;
using Exposition.Formats.Otlp;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Translation;

/// <summary>
/// Writes exemplars of the point that was written last: the newest of a counter and of each bucket, and all of an exponential histogram.
/// </summary>
internal sealed class OtlpExemplars(OtlpNames names)
{
    private readonly List<Found> _found = [];
    private readonly HashSet<int> _taken = [];
    private readonly ExemplarLabels _labels = new(EscapingScheme.AllowUtf8);

    private readonly record struct Found(ulong Time, double Value, TextRef Trace, TextRef Span, TextRef Place);

    public void Write(
        ExpositionWriter writer, ReadOnlySpan<byte> body, OtlpPoint point, OtlpData data, ReadOnlySpan<HistogramBucket> buckets)
    {
        if (point.Exemplars.Count == 0)
        {
            return;
        }

        Find(body, point.Exemplars);
        _taken.Clear();
        if (data == OtlpData.Exponential)
        {
            // From old to new, as Prometheus appends them.
            _found.Reverse();
        }

        foreach (Found exemplar in _found)
        {
            if (data == OtlpData.Exponential || _taken.Add(data == OtlpData.Histogram ? BucketOf(exemplar.Value, buckets) : 0))
            {
                Write(writer, body, exemplar);
            }
        }
    }

    private static int BucketOf(double value, ReadOnlySpan<HistogramBucket> buckets)
    {
        int low = 0;
        int high = buckets.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = value > buckets[middle].UpperBound ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    // The newest first. What is no number is in no bucket.
    private void Find(ReadOnlySpan<byte> body, List<TextRef> places)
    {
        _found.Clear();
        foreach (TextRef place in places)
        {
            Found found = Read(body, place);
            if (!double.IsNaN(found.Value))
            {
                _found.Add(found);
            }
        }

        _found.Sort(static (a, b) => b.Time.CompareTo(a.Time));
    }

    private static Found Read(ReadOnlySpan<byte> body, TextRef place)
    {
        ulong time = 0, bits = 0;
        double value = 0;
        TextRef trace = default, span = default;
        var reader = new ProtoReader(body, place.Start, place.Length);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag >> 3)
            {
                case 2:
                    reader.TryReadFixed64(out time);
                    break;
                case 3:
                    reader.TryReadDouble(out value);
                    break;
                case 4:
                    reader.TryReadBytes(out span);
                    break;
                case 5:
                    reader.TryReadBytes(out trace);
                    break;
                case 6:
                    reader.TryReadFixed64(out bits);
                    value = (long)bits;
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        return new Found(time, value, trace, span, place);
    }

    private void Write(ExpositionWriter writer, ReadOnlySpan<byte> body, in Found exemplar)
    {
        _labels.Clear();
        if (exemplar.Trace.Length > 0)
        {
            _labels.AddTrace(Hex(body, exemplar.Trace), Hex(body, exemplar.Span));
        }

        const uint Filtered = (7 << 3) | (uint)WireType.Bytes;
        int at = 0;
        while (OtlpFields.TryNext(body, exemplar.Place, Filtered, ref at, out TextRef pair))
        {
            string key = OtlpFields.KeyOf(body, pair, out TextRef value);
            if (key.AsSpan().IndexOfAnyExcept('_') >= 0)
            {
                TryAdd(key, OtlpValue.TextOf(body, value));
            }
        }

        writer.WriteExemplar(exemplar.Value, exemplar.Time > 0 ? TimeOf(exemplar.Time) : null, _labels.Span);
    }

    // A key that is no name is left out, like what has no room.
    private void TryAdd(string key, string value)
    {
        try
        {
            string name = names.OfLabel(key);
            if (!name.Contains(':', StringComparison.Ordinal))
            {
                _labels.Add(name, value);
            }
        }
        catch (ArgumentException)
        {
        }
    }

    /// <summary>A time in nanoseconds since 1970, to 100 of them.</summary>
    public static DateTimeOffset TimeOf(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));

    private static string Hex(ReadOnlySpan<byte> body, TextRef id) => Convert.ToHexStringLower(body.Slice(id.Start, id.Length));
}
