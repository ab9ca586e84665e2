namespace Exposition.Engine.Memory;

// The garbage collector lets much garbage lie before it looks, and what it has found it gives back to the system slowly. So the second of
// two pushes of tens of megabytes would take as much again as the first. Here its memory lies until a host asks for a collection
// (MemoryKeeper does so at the third trim after a peak) or, where none trims, for some seconds.

/// <summary>Keeps the last of some things that are too large to be kept for long. Safe for concurrent use.</summary>
internal sealed class LastLarge<T>
    where T : class
{
    // Where memory is short the collector is quick, and what is kept here would be in its way.
    private const int ShareOfMemory = 16;
    private const int TrimsLeft = 2;
    private static readonly TimeSpan s_kept = TimeSpan.FromSeconds(15);

    private Item? _last;

    /// <summary>How many bytes it keeps.</summary>
    public long Bytes => Volatile.Read(ref _last)?.Bytes ?? 0;

    /// <summary>The one that is there.</summary>
    public T? TryTake() => Interlocked.Exchange(ref _last, null)?.Thing;

    /// <summary>The one that is there, if it is of that size.</summary>
    public T? TryTake(int size)
    {
        Item? last = Volatile.Read(ref _last);
        return last?.Size == size && Interlocked.CompareExchange(ref _last, null, last) == last ? last.Thing : null;
    }

    /// <summary>Lets go of what has been there for a while. It was counted as let go of when it came.</summary>
    public void Trim()
    {
        if (Volatile.Read(ref _last) is { } last && ++last.Trims > TrimsLeft)
        {
            Interlocked.CompareExchange(ref _last, null, last);
        }
    }

    /// <summary>Keeps one for a few seconds, instead of another.</summary>
    /// <param name="thing">Nobody refers to it any more.</param>
    /// <param name="size">By which it is found.</param>
    /// <param name="bytes">How much memory it is.</param>
    public void Put(T thing, int size, long bytes)
    {
        if (bytes <= GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes / ShareOfMemory)
        {
            var last = new Item(thing, size, bytes);
            Volatile.Write(ref _last, last);
            _ = ForgetAsync(last);
        }
    }

    private async Task ForgetAsync(Item last)
    {
        await Task.Delay(s_kept).ConfigureAwait(false);
        Interlocked.CompareExchange(ref _last, null, last);
    }

    private sealed record Item(T Thing, int Size, long Bytes)
    {
        public int Trims { get; set; }
    }
}
