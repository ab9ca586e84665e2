using System.Numerics;

namespace Exposition.Kestrel.SelfMetrics;

// Shape: five slots of two minutes, each a histogram of fixed log-linear buckets (256 to an octave, so values below 512 are exact and
// larger ones within 0.2 %), with the slot's extremes, which the answers are clamped to. A query adds the slots up, so the window is
// between eight and ten minutes, like the Pushgateway's. Writers only increment; the first writer of a new slot clears it under a lock. An
// observation that races with the clearing may be lost from the quantiles, never from sum and count.

/// <summary>
/// Quantiles of the last ten minutes, and sum and count for ever. Observing is lock-free and does not allocate. Values are whole and not
/// negative.
/// </summary>
internal sealed class SlidingSummary
{
    private const int Slots = 5;
    private const int SlotSeconds = 120;
    private const int SubBits = 8;
    private const long Largest = int.MaxValue;
    private const int Buckets = (31 - SubBits + 1) << SubBits;

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Slot[] _slots = new Slot[Slots];
    private readonly Lock _turning = new();
    private long _sum;
    private long _count;

    public SlidingSummary(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        for (int i = 0; i < Slots; i++)
        {
            _slots[i] = new Slot();
        }
    }

    public long Sum => Volatile.Read(ref _sum);

    public long Count => Volatile.Read(ref _count);

    public void Observe(long value)
    {
        Interlocked.Add(ref _sum, value);
        Interlocked.Increment(ref _count);
        Slot slot = Turn(Epoch());

        // Whoever finds it counted finds it between the two.
        Lower(ref slot.Least, value);
        Raise(ref slot.Greatest, value);
        Interlocked.Increment(ref slot.Counts[BucketOf(Math.Clamp(value, 0, Largest))]);
    }

    /// <summary>Estimates quantiles of the window.</summary>
    /// <param name="quantiles">Ascending, in 0..1.</param>
    /// <param name="into">One value each; NaN if the window is empty.</param>
    public void Query(ReadOnlySpan<double> quantiles, Span<double> into)
    {
        into.Fill(double.NaN);
        long epoch = Epoch();

        // 24 KiB: little for a stack, but twice that was nearly all the garbage of a scrape.
        Span<int> total = stackalloc int[Buckets];
        total.Clear();
        long count = 0;
        long least = long.MaxValue;
        long greatest = long.MinValue;
        foreach (Slot slot in _slots)
        {
            if (epoch - Volatile.Read(ref slot.Epoch) >= Slots)
            {
                continue;
            }

            for (int i = 0; i < Buckets; i++)
            {
                // Once: others count meanwhile.
                int counted = Volatile.Read(ref slot.Counts[i]);
                total[i] += counted;
                count += counted;
            }

            least = Math.Min(least, Volatile.Read(ref slot.Least));
            greatest = Math.Max(greatest, Volatile.Read(ref slot.Greatest));
        }

        int bucket = -1;
        long below = 0;
        for (int q = 0; count > 0 && q < quantiles.Length; q++)
        {
            long rank = Math.Clamp((long)Math.Ceiling(quantiles[q] * count), 1, count);
            while (below < rank)
            {
                below += total[++bucket];
            }

            into[q] = Math.Min(Math.Max(MiddleOf(bucket), least), greatest);
        }
    }

    private static int BucketOf(long value)
    {
        if (value < 1 << SubBits)
        {
            return (int)value;
        }

        int octave = BitOperations.Log2((ulong)value) - SubBits;
        return (octave << SubBits) + (int)(value >> octave);
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < 2 << SubBits)
        {
            return bucket;
        }

        int octave = (bucket >> SubBits) - 1;
        long low = (long)(bucket - (octave << SubBits)) << octave;
        return low + (((1L << octave) - 1) / 2.0);
    }

    private static void Lower(ref long least, long value)
    {
        for (long seen = Volatile.Read(ref least); value < seen;)
        {
            seen = Interlocked.CompareExchange(ref least, value, seen);
        }
    }

    private static void Raise(ref long greatest, long value)
    {
        for (long seen = Volatile.Read(ref greatest); value > seen;)
        {
            seen = Interlocked.CompareExchange(ref greatest, value, seen);
        }
    }

    private long Epoch() => (long)_time.GetElapsedTime(_start).TotalSeconds / SlotSeconds;

    private Slot Turn(long epoch)
    {
        Slot slot = _slots[epoch % Slots];
        if (Volatile.Read(ref slot.Epoch) == epoch)
        {
            return slot;
        }

        lock (_turning)
        {
            if (slot.Epoch != epoch)
            {
                Array.Clear(slot.Counts);
                slot.Least = long.MaxValue;
                slot.Greatest = long.MinValue;
                Volatile.Write(ref slot.Epoch, epoch);
            }
        }

        return slot;
    }

    private sealed class Slot
    {
        public readonly int[] Counts = new int[Buckets];
        public long Epoch = long.MinValue / 2;
        public long Least = long.MaxValue;
        public long Greatest = long.MinValue;
    }
}
