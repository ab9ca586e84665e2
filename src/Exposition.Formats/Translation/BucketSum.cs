using System.Runtime.InteropServices;
using Exposition.Formats.Meters;
using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>Native buckets of one sign.</summary>
internal sealed class BucketSum
{
    private readonly List<ulong> _counts = [];

    /// <summary>Index of the first.</summary>
    public int Offset { get; private set; }

    public ReadOnlySpan<ulong> Counts => CollectionsMarshal.AsSpan(_counts);

    /// <summary>Takes those of the first point.</summary>
    public void Set(OtlpBuckets buckets, int scale, int schema)
    {
        _counts.Clear();
        Offset = 0;
        Add(Scaled(buckets, scale, schema));
    }

    /// <summary>Adds those of another point.</summary>
    /// <param name="buckets">They.</param>
    /// <param name="scale">Their scale.</param>
    /// <param name="from">The schema of what is here.</param>
    /// <param name="to">The schema that both come to.</param>
    public void Add(OtlpBuckets buckets, int scale, int from, int to)
    {
        if (from != to && _counts.Count > 0)
        {
            var coarser = new ScaledBuckets(from, to, Offset - 1);
            _counts.ForEach(coarser.Add);
            _counts.Clear();
            Add(coarser);
        }

        Add(Scaled(buckets, scale, to));
    }

    private static ScaledBuckets Scaled(OtlpBuckets buckets, int scale, int schema)
    {
        var scaled = new ScaledBuckets(scale, schema, buckets.Offset);
        buckets.Counts.ForEach(scaled.Add);
        return scaled;
    }

    private void Add(ScaledBuckets scaled)
    {
        if (scaled.Counts.IsEmpty)
        {
            return;
        }

        if (_counts.Count == 0)
        {
            Offset = scaled.Offset;
        }

        long first = Math.Min(Offset, scaled.Offset);
        long end = Math.Max((long)Offset + _counts.Count, (long)scaled.Offset + scaled.Counts.Length);
        if (end - first > PointSum.MostBuckets)
        {
            throw new ArgumentException($"deltas of one series reach over {end - first} buckets, more than {PointSum.MostBuckets}");
        }

        _counts.InsertRange(0, new ulong[Offset - first]);
        _counts.AddRange(new ulong[end - first - _counts.Count]);
        Offset = (int)first;
        for (int i = 0; i < scaled.Counts.Length; i++)
        {
            _counts[i + (int)(scaled.Offset - first)] += scaled.Counts[i];
        }
    }
}
