using System.Runtime;

namespace Exposition.Persistence.Loading;

// Nearly all that loading allocates stays. So each collection meanwhile marks and moves everything since the last one, twice, and frees
// next to nothing: with a million groups that is 2.6 s of 5.7.

/// <summary>Keeps the garbage collector from running while groups are loaded, as far as there is memory enough.</summary>
internal sealed class LoadingHeap : IDisposable
{
    // Of memory that loading allocates for one byte of the file: 2.2 with small groups, less with large ones.
    private const int BytesPerByte = 3;

    // Loading less is not worth it.
    private const long LeastBytes = 64 << 20;

    // As much as the limit of the process must have room for, so that it is no nearer to its limit than with collections.
    private const int ShareOfMemory = 2;

    private readonly bool _began;

    private LoadingHeap(long bytes) => _began = TryBegin(bytes);

    /// <summary>Begins for a file that is to be loaded; ends when it is disposed of.</summary>
    public static LoadingHeap For(string file) => new(SizeOf(file) * BytesPerByte);

    /// <inheritdoc/>
    public void Dispose()
    {
        // It has ended already where more was allocated than was foreseen.
        if (_began && GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();

            // All is in the youngest generation now, and the next two collections would go through it. Nobody waits for an answer yet.
            GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: false);
            GC.Collect(1, GCCollectionMode.Forced, blocking: true, compacting: false);
        }
    }

    private static bool TryBegin(long bytes)
    {
        if (bytes < LeastBytes || bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory)
        {
            return false;
        }

        try
        {
            return GC.TryStartNoGCRegion(bytes, disallowFullBlockingGC: true);
        }
        catch (ArgumentOutOfRangeException)
        {
            // More than this collector can.
            return false;
        }
    }

    private static long SizeOf(string file)
    {
        try
        {
            var info = new FileInfo(file);
            return info.Exists ? info.Length : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // Whoever opens it next says what is wrong with it.
            return 0;
        }
    }
}
