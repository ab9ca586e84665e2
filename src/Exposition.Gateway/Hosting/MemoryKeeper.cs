using Exposition.Store;

namespace Exposition.Gateway.Hosting;

// Large arrays are collected with the oldest generation only, and that, as long as most of it survives, only after it has grown several times over.
// When groups are filled, or their series change, that is hundreds of megabytes that nobody uses. A collection in the background costs milliseconds here,
// because large blocks hold no references.

/// <summary>Asks for a collection in the background whenever the store's large blocks have been allocated to a share of the heap.</summary>
internal sealed class MemoryKeeper : IDisposable
{
    private const long LeastBytes = 32 << 20;
    private const int ShareOfHeap = 8;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(500);

    private readonly MetricStore _store;
    private readonly Timer _timer;
    private long _seen;

    public MemoryKeeper(MetricStore store)
    {
        _store = store;
        _timer = new Timer(static keeper => ((MemoryKeeper)keeper!).Look(), this, s_every, s_every);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long bytes = _store.LargeBlockBytes;
        if (bytes - _seen > Math.Max(LeastBytes, GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes / ShareOfHeap))
        {
            _seen = bytes;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
        }
    }
}
