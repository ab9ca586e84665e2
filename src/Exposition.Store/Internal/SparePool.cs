using System.Collections.Concurrent;
using System.Numerics;

namespace Exposition.Store.Internal;

// Pushes take from here and put back at each push, on all processors at once; so each processor has its own shelves, as far as there are so many, and
// looks at those of others only where it finds nothing.

/// <summary>Spare things by size, up to a number of bytes in all. Safe for concurrent use; takes no lock.</summary>
/// <param name="capacity">Most bytes that lie here unused.</param>
internal sealed class SparePool<T>(long capacity)
    where T : class
{
    private const int MostStripes = 8;

    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, Math.Min(MostStripes, Environment.ProcessorCount)).Select(static _ => new Stripe())];

    /// <summary>Bytes that lie here unused.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (Stripe stripe in _stripes)
            {
                bytes += Volatile.Read(ref stripe.Bytes);
            }

            return bytes;
        }
    }

    /// <summary>Sizes are rounded up to an eighth of a power of two, so at most an eighth is waste, and there are few different ones.</summary>
    public static int SizeFor(int size)
    {
        int step = Math.Max(1, (1 << BitOperations.Log2((uint)size)) / 8);
        return (int)Math.Min(((long)size + step - 1) / step * step, Array.MaxLength);
    }

    /// <summary>A spare thing of a size.</summary>
    /// <param name="size">As <see cref="SizeFor"/> gives it.</param>
    /// <param name="bytes">How much memory that is.</param>
    public T? TryTake(int size, long bytes)
    {
        int first = Thread.GetCurrentProcessorId() % _stripes.Length;
        for (int i = 0; i < _stripes.Length; i++)
        {
            Stripe stripe = _stripes[(first + i) % _stripes.Length];
            if (Volatile.Read(ref stripe.Bytes) > 0 && stripe.Shelves.TryGetValue(size, out Shelf? shelf) && shelf.TryTake() is { } spare)
            {
                Interlocked.Add(ref stripe.Bytes, -bytes);
                return spare;
            }
        }

        return null;
    }

    /// <summary>Takes a thing that nobody refers to any more, if there is room.</summary>
    public void Put(int size, long bytes, T spare)
    {
        Stripe stripe = _stripes[Thread.GetCurrentProcessorId() % _stripes.Length];
        if (Interlocked.Add(ref stripe.Bytes, bytes) > capacity / _stripes.Length)
        {
            Interlocked.Add(ref stripe.Bytes, -bytes);
        }
        else
        {
            stripe.Shelves.GetOrAdd(size, static _ => new Shelf()).Put(spare);
        }
    }

    private sealed class Stripe
    {
        public readonly ConcurrentDictionary<int, Shelf> Shelves = [];
        public long Bytes;
    }

    /// <summary>Spare things of one size. What was put last is mostly taken first, because it is warm.</summary>
    private sealed class Shelf
    {
        private readonly ConcurrentQueue<T> _more = [];
        private T? _last;

        public T? TryTake() => Interlocked.Exchange(ref _last, null) ?? (_more.TryDequeue(out T? spare) ? spare : null);

        public void Put(T spare)
        {
            if (Interlocked.Exchange(ref _last, spare) is { } before)
            {
                _more.Enqueue(before);
            }
        }
    }
}
