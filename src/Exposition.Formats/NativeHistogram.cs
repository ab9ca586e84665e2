using Exposition.Formats.Protobuf;

namespace Exposition.Formats;

/// <summary>A bucket of a native histogram, or its zero bucket.</summary>
/// <param name="Boundaries">0: (lower,upper]; 1: [lower,upper); 2: open on both sides; 3: closed on both sides. The numbering of the
/// Prometheus API.</param>
/// <param name="Lower">Lower bound.</param>
/// <param name="Upper">Upper bound.</param>
/// <param name="Count">Observations in this bucket alone, where the histogram counts in integers. Inconsistent deltas wrap around, as in
/// the Pushgateway.</param>
/// <param name="CountFloat">The same where it counts in floats (<see cref="NativeHistogram.IsFloat"/>).</param>
public readonly record struct NativeBucket(int Boundaries, double Lower, double Upper, ulong Count, double CountFloat);

// Buckets are stored sparsely: spans (offset from the previous span, length) name bucket indexes; deltas (integers, each the difference to
// the bucket before) or counts (floats, absolute) give one number per index. Index i of schema s covers (2^((i-1)/2^s), 2^(i/2^s)].
// Spans and numbers come from strangers and need not agree: a walk is bounded by the numbers that are really there, an index may only grow,
// and it ends where either gives out. A schema outside -4..8 has no buckets beside the zero bucket.

/// <summary>
/// The sparse part of a histogram, decoded from the protobuf bytes of its metric for people to look at:
/// the JSON API and the page. Immutable. Never throws on bytes that are inconsistent. Not for the hot path: it allocates.
/// </summary>
/// <example>
/// <code>
/// foreach (MetricView metric in family.Metrics)
/// {
///     if (metric.TryGetNativeHistogram(out NativeHistogram? histogram))
///     {
///         buckets.AddRange(histogram.EnumerateBuckets().Select(bucket =&gt; $"({bucket.Lower},{bucket.Upper}]: {bucket.Count}"));
///     }
/// }
/// </code>
/// </example>
public sealed class NativeHistogram
{
    private const int MinSchema = -4;

    private readonly List<(int Offset, uint Length)> _negativeSpans = [];
    private readonly List<(int Offset, uint Length)> _positiveSpans = [];
    private readonly List<long> _negativeDeltas = [];
    private readonly List<long> _positiveDeltas = [];
    private readonly List<double> _negativeCounts = [];
    private readonly List<double> _positiveCounts = [];
    private int _schema;
    private double _zeroThreshold;
    private ulong _zeroCount;
    private double _zeroCountFloat;
    private double _countFloat;

    private NativeHistogram()
    {
    }

    /// <summary>The resolution: a power of two is divided into 2^schema buckets.</summary>
    public int Schema => _schema;

    /// <summary>Half the width of the zero bucket.</summary>
    public double ZeroThreshold => _zeroThreshold;

    /// <summary>Whether it counts in floats: its count or its zero count is a float greater than zero.</summary>
    public bool IsFloat => _countFloat > 0 || _zeroCountFloat > 0;

    /// <summary>Decodes the histogram of a metric.</summary>
    /// <param name="metric">The bytes of an io.prometheus.client.Metric message; not kept.</param>
    /// <param name="histogram">The histogram, or null.</param>
    /// <returns>False if the metric has no histogram with spans, or its bytes are malformed.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> metric, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NativeHistogram? histogram)
    {
        histogram = null;
        if (!ProtoSchema.IsWellFormed(ProtoMessage.Metric, metric))
        {
            return false;
        }

        var decoded = new NativeHistogram();
        var reader = new ProtoReader(metric);
        while (reader.TryReadTag(out uint tag))
        {
            // One that occurs twice is merged: numbers are replaced, lists are joined.
            if (tag == ProtoTag.Histogram)
            {
                decoded.Read(reader.Enter());
            }
            else
            {
                reader.TrySkip(tag);
            }
        }

        histogram = decoded._positiveSpans.Count + decoded._negativeSpans.Count > 0 ? decoded : null;
        return histogram is not null;
    }

    /// <summary>
    /// The buckets that are not empty: negative ones from the most negative upward, then the zero bucket, then positive ones.
    /// </summary>
    public IEnumerable<NativeBucket> EnumerateBuckets()
    {
        List<NativeBucket> negative = Walk(_negativeSpans, _negativeDeltas, _negativeCounts, negative: true);
        negative.Reverse();
        IEnumerable<NativeBucket> zero = (IsFloat ? _zeroCountFloat != 0 : _zeroCount != 0)
            ? [new NativeBucket(3, -_zeroThreshold, _zeroThreshold, IsFloat ? 0 : _zeroCount, IsFloat ? _zeroCountFloat : 0)]
            : [];
        return negative.Concat(zero).Concat(Walk(_positiveSpans, _positiveDeltas, _positiveCounts, negative: false));
    }

    private List<NativeBucket> Walk(List<(int Offset, uint Length)> spans, List<long> deltas, List<double> counts, bool negative)
    {
        var buckets = new List<NativeBucket>();
        if (_schema is < MinSchema or > ExponentialBounds.MaxSchema)
        {
            return buckets;
        }

        int available = IsFloat ? counts.Count : deltas.Count;
        int taken = 0;
        long index = 0;
        long count = 0;
        for (int span = 0; span < spans.Count; span++)
        {
            if (span > 0 && spans[span].Offset < 0)
            {
                break;
            }

            index += spans[span].Offset;
            for (uint i = 0; i < spans[span].Length && taken < available; i++, taken++, index++)
            {
                double countFloat = IsFloat ? counts[taken] : 0;
                count = IsFloat ? 0 : unchecked(count + deltas[taken]);
                if (count == 0 && countFloat == 0)
                {
                    continue;
                }

                double upper = ExponentialBounds.At(index, _schema);
                double lower = ExponentialBounds.At(index - 1, _schema);
                (lower, upper) = negative ? (-upper, -lower) : (lower, upper);
                buckets.Add(new NativeBucket(Boundaries(lower, upper), lower, upper, (ulong)count, countFloat));
            }
        }

        return buckets;
    }

    // The bound that is farther from zero belongs to the bucket.
    private static int Boundaries(double lower, double upper) => (lower < 0, upper > 0) switch
    {
        (false, true) => 0,
        (true, false) => 1,
        (false, false) => 2,
        _ => 3,
    };

    private void Read(ProtoReader reader)
    {
        while (reader.TryReadTag(out uint tag))
        {
            if (!ProtoSchema.TryGetField(ProtoMessage.Histogram, tag, out ProtoField? field))
            {
                reader.TrySkip(tag);
            }
            else if (field.WireType == WireType.Bytes)
            {
                ProtoReader child = reader.Enter();
                if (field.Child == ProtoMessage.BucketSpan)
                {
                    (field.Number == 12 ? _positiveSpans : _negativeSpans).Add(ReadSpan(child));
                }
            }
            else if (ProtoSchema.IsPacked(field, tag))
            {
                ProtoReader packed = reader.Enter();
                while (!packed.AtEnd)
                {
                    Take(field, ref packed);
                }
            }
            else
            {
                Take(field, ref reader);
            }
        }
    }

    private void Take(ProtoField field, ref ProtoReader reader)
    {
        ulong bits;
        _ = field.WireType == WireType.Fixed64 ? reader.TryReadFixed64(out bits) : reader.TryReadVarint(out bits);
        switch (field.Number)
        {
            case 4:
                _countFloat = BitConverter.UInt64BitsToDouble(bits);
                break;
            case 5:
                _schema = (int)ProtoReader.ZigZag((uint)bits);
                break;
            case 6:
                _zeroThreshold = BitConverter.UInt64BitsToDouble(bits);
                break;
            case 7:
                _zeroCount = bits;
                break;
            case 8:
                _zeroCountFloat = BitConverter.UInt64BitsToDouble(bits);
                break;
            case 10:
                _negativeDeltas.Add(ProtoReader.ZigZag(bits));
                break;
            case 11:
                _negativeCounts.Add(BitConverter.UInt64BitsToDouble(bits));
                break;
            case 13:
                _positiveDeltas.Add(ProtoReader.ZigZag(bits));
                break;
            case 14:
                _positiveCounts.Add(BitConverter.UInt64BitsToDouble(bits));
                break;
            default:
                break;
        }
    }

    private static (int Offset, uint Length) ReadSpan(ProtoReader reader)
    {
        ulong offset = 0;
        ulong length = 0;
        while (reader.TryReadTag(out uint tag))
        {
            _ = tag switch
            {
                (1 << 3) | (uint)WireType.Varint => reader.TryReadVarint(out offset),
                (2 << 3) | (uint)WireType.Varint => reader.TryReadVarint(out length),
                _ => reader.TrySkip(tag),
            };
        }

        return ((int)ProtoReader.ZigZag((uint)offset), (uint)length);
    }
}
