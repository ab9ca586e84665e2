using System.Collections.Concurrent;
using System.Numerics;

namespace Exposition.Engine.Memory;

// Pushes take from here and put back at each push, on all processors at once; so each processor has its own shelves, as far as there are so
// many, and looks at those of others only where it finds nothing. What is asked for changes: when bodies have grown, the sizes of yesterday
// must not fill the room. So eviction is CLOCK: what is put on an empty shelf evicts from size classes unused since the hand's last pass.
// What is larger than the room on any shelf is kept for a few seconds, the last one of all.

/// <summary>Spare things by size, up to a number of bytes in all. Safe for concurrent use; takes no lock.</summary>
/// <param name="capacity">Most bytes that lie here unused.</param>
internal sealed class SparePool<T>(long capacity)
    where T : class
{
    private const int MostStripes = 8;
    private const int Steps = 32;
    private const int Large = 64 << 10;

    private readonly LastLarge<T> _large = new();
    private readonly Stripe[] _stripes = [
        .. Enumerable.Range(0, Math.Min(MostStripes, Environment.ProcessorCount)).Select(static _ => new Stripe())];

    /// <summary>Bytes that lie here unused.</summary>
    public long Bytes
    {
        get
        {
            long bytes = _large.Bytes;
            foreach (Stripe stripe in _stripes)
            {
                bytes += Volatile.Read(ref stripe.Bytes);
            }

            return bytes;
        }
    }

    /// <summary>
    /// Sizes are rounded up to an eighth of a power of two, so at most an eighth is waste, and there are few different ones; large ones to
    /// a thirty-second.
    /// </summary>
    public static int SizeFor(int size)
    {
        long step = Math.Max(1, (1L << BitOperations.Log2((uint)size)) / (size < Large ? 8 : Steps));
        return (int)Math.Min((size + step - 1) / step * step, Array.MaxLength);
    }

    /// <summary>A spare thing of a size.</summary>
    /// <param name="size">As <see cref="SizeFor"/> gives it.</param>
    public T? TryTake(int size)
    {
        int index = IndexOf(size);
        int first = Thread.GetCurrentProcessorId() % _stripes.Length;
        for (int i = 0; i < _stripes.Length; i++)
        {
            Stripe stripe = _stripes[(first + i) % _stripes.Length];
            if (Volatile.Read(ref stripe.Bytes) > 0 && Volatile.Read(ref stripe.Shelves[index]) is { } shelf
                && shelf.TryTake() is { } spare)
            {
                shelf.IsUsed = true;
                stripe.Remove(shelf.BytesEach);
                return spare;
            }
        }

        return _large.TryTake(size);
    }

    /// <summary>Takes a thing that nobody refers to any more, if there is room.</summary>
    /// <param name="size">As <see cref="SizeFor"/> gives it.</param>
    /// <param name="bytes">How much memory that is.</param>
    /// <param name="spare">The thing.</param>
    public void Put(int size, long bytes, T spare)
    {
        Stripe stripe = _stripes[Thread.GetCurrentProcessorId() % _stripes.Length];
        ref Shelf? place = ref stripe.Shelves[IndexOf(size)];
        Shelf shelf = Volatile.Read(ref place) ?? Interlocked.CompareExchange(ref place, new Shelf(bytes), null) ?? place;
        long most = capacity / _stripes.Length;
        if (Interlocked.Add(ref stripe.Bytes, bytes) <= most || (shelf.IsEmpty && bytes <= most && stripe.TryMakeRoom(most)))
        {
            shelf.Put(spare);
        }
        else
        {
            stripe.Remove(bytes);
            Interlocked.Add(ref stripe.Refused, bytes);
            if (bytes > most)
            {
                _large.Put(spare, size, bytes);
            }
        }
    }

    /// <summary>Lets go of what was not needed since the last call: so much has always been left.</summary>
    /// <returns>How many bytes that is, with what found no room since.</returns>
    public long Trim()
    {
        _large.Trim();
        long trimmed = 0;
        foreach (Stripe stripe in _stripes)
        {
            trimmed += stripe.Trim() + Interlocked.Exchange(ref stripe.Refused, 0);
        }

        return trimmed;
    }

    // Each size has its own.
    private static int IndexOf(int size)
    {
        int log = BitOperations.Log2((uint)size);
        return (log * Steps) + ((log >= 5 ? size >> (log - 5) : size) & (Steps - 1));
    }

    private sealed class Stripe
    {
        public readonly Shelf?[] Shelves = new Shelf?[32 * Steps];
        public long Bytes;
        public long Refused;

        // The fewest that there have been since the last trim. A race may miss some: then a little too much is let go.
        private long _least;
        private int _hand;

        public void Remove(long bytes)
        {
            long left = Interlocked.Add(ref Bytes, -bytes);
            if (left < Volatile.Read(ref _least))
            {
                Volatile.Write(ref _least, left);
            }
        }

        // Once round, and once more for those that were passed over.
        public bool TryMakeRoom(long most)
        {
            for (int step = 0; step < 2 * Shelves.Length; step++)
            {
                if (Volatile.Read(ref Bytes) <= most)
                {
                    return true;
                }

                int at = (int)((uint)Interlocked.Increment(ref _hand) % Shelves.Length);
                if (Volatile.Read(ref Shelves[at]) is { IsEmpty: false } shelf)
                {
                    if (shelf.IsUsed)
                    {
                        shelf.IsUsed = false;
                    }
                    else if (shelf.TryTakeOldest() is not null)
                    {
                        Remove(shelf.BytesEach);
                        Interlocked.Add(ref Refused, shelf.BytesEach);
                    }
                }
            }

            return Volatile.Read(ref Bytes) <= most;
        }

        public long Trim()
        {
            long surplus = Volatile.Read(ref _least);
            long trimmed = 0;
            for (int i = 0; i < Shelves.Length && trimmed < surplus; i++)
            {
                Shelf? shelf = Volatile.Read(ref Shelves[i]);
                while (shelf is not null && trimmed + shelf.BytesEach <= surplus && shelf.TryTakeOldest() is not null)
                {
                    Remove(shelf.BytesEach);
                    trimmed += shelf.BytesEach;
                }
            }

            Volatile.Write(ref _least, Volatile.Read(ref Bytes));
            return trimmed;
        }
    }

    /// <summary>Spare things of one size. What was put last is mostly taken first, because it is warm.</summary>
    /// <param name="bytesEach">How much memory each of them is.</param>
    private sealed class Shelf(long bytesEach)
    {
        private readonly ConcurrentQueue<T> _more = [];
        private T? _last;

        public long BytesEach { get; } = bytesEach;

        /// <summary>Whether something was taken since the hand came by.</summary>
        public bool IsUsed { get; set; }

        public bool IsEmpty => Volatile.Read(ref _last) is null && _more.IsEmpty;

        public T? TryTake() => Interlocked.Exchange(ref _last, null) ?? (_more.TryDequeue(out T? spare) ? spare : null);

        public T? TryTakeOldest() => _more.TryDequeue(out T? spare) ? spare : Interlocked.Exchange(ref _last, null);

        public void Put(T spare)
        {
            if (Interlocked.Exchange(ref _last, spare) is { } before)
            {
                _more.Enqueue(before);
            }
        }
    }
}
