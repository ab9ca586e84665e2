using System.Numerics;

namespace Exposition.Load.Measuring;

/// <summary>
/// Counts of times in buckets that are 1/128 of their value wide, whatever the value: from a nanosecond to centuries in 58 KB. Not safe for
/// concurrent use: each thread has its own, and they are added up.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 7;
    private const int Linear = 1 << Bits;

    private readonly long[] _counts = new long[(63 - Bits + 1) * Linear];

    /// <summary>How many were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The largest, exactly; 0 if there is none.</summary>
    public long Max { get; private set; }

    /// <summary>Records a time in nanoseconds; one below 0 is one of 0.</summary>
    public void Record(long nanoseconds)
    {
        long value = Math.Max(0, nanoseconds);
        _counts[IndexOf(value)]++;
        Count++;
        Max = Math.Max(Max, value);
    }

    /// <summary>Adds all of another one.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The time that this share of all does not exceed, at most 0.8 % too large; 0 if there is none.</summary>
    /// <param name="share">From 0 to 1.</param>
    public long Percentile(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(LastOf(i), Max);
            }
        }

        return Max;
    }

    // Below 128 each value has a bucket; above, each power of two has 128.
    private static int IndexOf(long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)value) - Bits);
        return (shift << Bits) + (int)(value >> shift);
    }

    private static long LastOf(int index)
    {
        int shift = Math.Max(0, (index >> Bits) - 1);
        long step = index - ((long)shift << Bits);
        return ((step + 1) << shift) - 1;
    }
}
