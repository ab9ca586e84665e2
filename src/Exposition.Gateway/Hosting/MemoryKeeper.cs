using Exposition.Kestrel.Bodies;
using Exposition.Store;

namespace Exposition.Gateway.Hosting;

// Large arrays are collected with the oldest generation only, and that, as long as most of it survives, only after it has grown several times over.
// When groups are filled, or their series change, that is hundreds of megabytes that nobody uses; and when pushes have become steady, nothing is
// allocated any more, so nothing is collected, and it stays. Hence:
//   while large blocks are allocated   a collection in the background for each eighth of the heap. It costs milliseconds, as blocks hold no references
//   every few seconds                  spare memory that was not needed since the last time is let go
//   a while after the last block       one that moves memory together and gives the rest to the system, if there is much to give. It stops all pushes, for
//                                      0.2 ms per MiB that is live as measured, so large heaps are left alone

/// <summary>Asks for collections when the store's large blocks have left garbage.</summary>
internal sealed class MemoryKeeper : IDisposable
{
    private const long LeastBytes = 32 << 20;
    private const int ShareOfHeap = 8;
    private const long LargestCompacted = 512 << 20;
    private const int QuietLooks = 10;
    private const int LooksPerTrim = 8;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(500);

    private readonly MetricStore _store;
    private readonly Timer _timer;
    private long _collectedAt;
    private long _last;
    private long _trimmed;
    private int _quiet = QuietLooks;
    private int _looks;

    public MemoryKeeper(MetricStore store)
    {
        _store = store;
        _timer = new Timer(static keeper => ((MemoryKeeper)keeper!).Look(), this, s_every, s_every);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (++_looks % LooksPerTrim == 0)
        {
            _trimmed += _store.TrimSpareMemory() + BodyMemory.Trim();
        }

        long bytes = _store.LargeBlockBytes;
        if (bytes != _last)
        {
            (_last, _quiet) = (bytes, 0);
            if (bytes - _collectedAt > Math.Max(LeastBytes, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes / ShareOfHeap))
            {
                _collectedAt = bytes;
                _trimmed = 0;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
            }
        }
        else if ((_quiet < QuietLooks && ++_quiet == QuietLooks) || _trimmed > LeastBytes)
        {
            GCMemoryInfo heap = GC.GetGCMemoryInfo(GCKind.Any);
            if (heap.FragmentedBytes + _trimmed > Math.Max(LeastBytes, heap.HeapSizeBytes / ShareOfHeap) && heap.HeapSizeBytes - heap.FragmentedBytes < LargestCompacted)
            {
                _trimmed = 0;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
    }
}
