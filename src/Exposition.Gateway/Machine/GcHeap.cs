using System.Runtime.InteropServices;

namespace Exposition.Gateway.Machine;

/// <summary>What the keeper of memory does with the garbage collector's heap, and what it is told of it.</summary>
internal interface IHeap
{
    /// <summary>Bytes in use and in gaps, as of the last collection of any kind.</summary>
    public long Size { get; }

    /// <summary>Whether the collection that was asked for last is over.</summary>
    public bool IsCollected { get; }

    /// <summary>Live bytes as of the last collection of all generations, and bytes that the system has given for the heap.</summary>
    public (long Live, long Held) Figures { get; }

    /// <summary>
    /// Starts a background collection of all generations: its pauses are short, and it returns next to no memory to the system.
    /// </summary>
    public void Collect();

    /// <summary>Compacts the heap and returns free memory to the system. All threads are paused meanwhile.</summary>
    public void Compact();
}

/// <summary>The heap of this process.</summary>
internal sealed partial class GcHeap : IHeap
{
    // What is resident and not the heap's: nearly all of it is the program.
    private readonly long _beside = Math.Max(0, Environment.WorkingSet - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes);
    private long _before;

    public long Size => GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes;

    public bool IsCollected => LastFull.Index > _before;

    // Regions that a background collection has freed whole do not count as committed, and stay resident: 502 MiB of 1,419, as measured.
    public (long Live, long Held) Figures
    {
        get
        {
            GCMemoryInfo heap = LastFull;
            return (heap.HeapSizeBytes - heap.FragmentedBytes, Math.Max(heap.TotalCommittedBytes, Environment.WorkingSet - _beside));
        }
    }

    // Where the host has switched background collections off, one that was asked for is a blocking one.
    private static GCMemoryInfo LastFull
    {
        get
        {
            GCMemoryInfo background = GC.GetGCMemoryInfo(GCKind.Background);
            GCMemoryInfo blocking = GC.GetGCMemoryInfo(GCKind.FullBlocking);
            return background.Index > blocking.Index ? background : blocking;
        }
    }

    public void Collect()
    {
        _before = LastFull.Index;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
    }

    public void Compact()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        TrimNative();
    }

    // What SQLite has given back stays with the C library, which looks at the end of its memory only (32 MiB of cached pages). Others than
    // GNU's have no such function.
    private static void TrimNative()
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                _ = MallocTrim(0);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint left);
}
