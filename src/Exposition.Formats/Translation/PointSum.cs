using System.Runtime.InteropServices;
using Exposition.Formats.Meters;
using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>One point, or the sum of several deltas, as Prometheus counts them. Used again.</summary>
internal sealed class PointSum
{
    /// <summary>The most buckets of a histogram, of each sign.</summary>
    public const int MostBuckets = 1 << 14;

    private readonly List<double> _bounds = [];
    private readonly List<ulong> _counts = [];
    private readonly List<HistogramBucket> _buckets = [];

    /// <summary>Since when it counts; 0 for unknown.</summary>
    public ulong Start { get; private set; }

    public double Value { get; private set; }

    public ulong Count { get; private set; }

    public double Sum { get; private set; }

    public int Schema { get; private set; }

    public ulong ZeroCount { get; private set; }

    public double ZeroThreshold { get; private set; }

    public BucketSum Positive { get; } = new();

    public BucketSum Negative { get; } = new();

    /// <summary>Classic buckets, cumulative.</summary>
    public ReadOnlySpan<HistogramBucket> Buckets => CollectionsMarshal.AsSpan(_buckets);

    /// <summary>Takes the first point.</summary>
    /// <exception cref="ArgumentException">It contradicts itself; the message says how.</exception>
    public void Set(OtlpPoint point, OtlpData data)
    {
        Check(point, data);
        (Start, Value, Count) = (point.Start, point.Value ?? 0, point.Count);
        Sum = SumOf(point, data);
        _bounds.Clear();
        _counts.Clear();
        _bounds.AddRange(point.Bounds);
        _counts.AddRange(point.Counts);
        if (data == OtlpData.Exponential)
        {
            int scale = ScaleOf(point);
            Schema = ScaledBuckets.SchemaOf(scale);
            ZeroThreshold = ThresholdOf(point);
            ZeroCount = point.ZeroCount;
            Positive.Set(point.Positive, scale, Schema);
            Negative.Set(point.Negative, scale, Schema);
        }

        Accumulate();
    }

    /// <summary>Adds one more delta.</summary>
    /// <exception cref="ArgumentException">It contradicts itself, or cannot be added to the others.</exception>
    public void Add(OtlpPoint point, OtlpData data)
    {
        Check(point, data);
        if (data == OtlpData.Histogram && !CollectionsMarshal.AsSpan(point.Bounds).SequenceEqual(CollectionsMarshal.AsSpan(_bounds)))
        {
            throw new ArgumentException("a delta has other bounds than the delta before it of the same series");
        }

        if (data == OtlpData.Exponential)
        {
            if (ThresholdOf(point) != ZeroThreshold)
            {
                throw new ArgumentException("a delta has another zero threshold than the delta before it of the same series");
            }

            int scale = ScaleOf(point);
            int schema = Math.Min(Schema, ScaledBuckets.SchemaOf(scale));
            Positive.Add(point.Positive, scale, Schema, schema);
            Negative.Add(point.Negative, scale, Schema, schema);
            Schema = schema;
            ZeroCount += point.ZeroCount;
        }

        Start = Math.Min(Start, point.Start);
        Value += point.Value ?? 0;
        Count = Count <= ulong.MaxValue - point.Count
            ? Count + point.Count
            : throw new ArgumentException("a sum of counts is beyond 64 bits");
        Sum += SumOf(point, data);
        for (int i = 0; i < _counts.Count; i++)
        {
            _counts[i] += point.Counts[i];
        }

        Accumulate();
    }

    private void Accumulate()
    {
        _buckets.Clear();
        ulong total = 0;
        for (int i = 0; i < _bounds.Count; i++)
        {
            total += _counts[i];
            _buckets.Add(new HistogramBucket(_bounds[i], total));
        }
    }

    // Prometheus has no sum then, but for native histograms, which have one always: 0.
    private static double SumOf(OtlpPoint point, OtlpData data) => point.Sum ?? (data == OtlpData.Exponential ? 0 : double.NaN);

    // Without buckets any scale is right. SDKs say 0 of what has seen nothing but zeros, which would make all else as coarse.
    private static int ScaleOf(OtlpPoint point) =>
        point.Positive.Counts.Count + point.Negative.Counts.Count > 0 ? point.Scale : ScaledBuckets.MaxSchema;

    private static double ThresholdOf(OtlpPoint point) => point.ZeroThreshold > 0 ? point.ZeroThreshold : ScaledBuckets.ZeroThreshold;

    private static void Check(OtlpPoint point, OtlpData data)
    {
        if (data == OtlpData.Histogram)
        {
            CheckBounds(point);
        }
        else if (data == OtlpData.Exponential)
        {
            CheckScale(point);
        }
    }

    private static void CheckBounds(OtlpPoint point)
    {
        if (point.Counts.Count > MostBuckets)
        {
            throw new ArgumentException($"a histogram has {point.Counts.Count} buckets, more than {MostBuckets}");
        }

        if ((point.Counts.Count > 0 || point.Bounds.Count > 0) && point.Counts.Count != point.Bounds.Count + 1)
        {
            throw new ArgumentException(
                $"a histogram has {point.Counts.Count} bucket counts and {point.Bounds.Count} bounds, expected one count more than bounds");
        }

        CheckTotal(Total(point.Counts), point, isExact: point.Counts.Count > 0);
    }

    private static void CheckScale(OtlpPoint point)
    {
        if (point.Scale < ScaledBuckets.MinSchema)
        {
            throw new ArgumentException(
                $"an exponential histogram has the scale {point.Scale}, "
                    + $"below {ScaledBuckets.MinSchema}, the coarsest of native histograms");
        }

        foreach (OtlpBuckets buckets in (OtlpBuckets[])[point.Positive, point.Negative])
        {
            if (buckets.Counts.Count > MostBuckets || (long)buckets.Offset + buckets.Counts.Count >= int.MaxValue)
            {
                throw new ArgumentException($"an exponential histogram has {buckets.Counts.Count} buckets from {buckets.Offset} on, "
                    + $"expected at most {MostBuckets}, of indexes of 32 bits");
            }
        }

        CheckTotal(point.ZeroCount + Total(point.Positive.Counts) + Total(point.Negative.Counts), point, isExact: true);
    }

    private static UInt128 Total(List<ulong> counts)
    {
        UInt128 total = 0;
        foreach (ulong count in counts)
        {
            total += count;
        }

        return total;
    }

    // Prometheus takes observations that are in no bucket, which are those that are no numbers, only where the sum says so.
    private static void CheckTotal(UInt128 total, OtlpPoint point, bool isExact)
    {
        if (isExact && (total > point.Count || (total < point.Count && point.Sum is not double.NaN)))
        {
            throw new ArgumentException($"the buckets of a histogram count {total}, and its count is {point.Count}: expected the same");
        }
    }
}
