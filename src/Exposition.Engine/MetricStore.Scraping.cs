using Exposition.Engine.Compression;
using Exposition.Engine.Memory;

namespace Exposition.Engine;

// What scrapes leave behind for later ones, and what they hold meanwhile.

public sealed partial class MetricStore
{
    private readonly HeldBytes _held = new();
    private BundleCache? _bundles;

    /// <summary>
    /// Memory held by scrapes that are open, in bytes: of snapshots that were replaced and may still be shown, and their own tables.
    /// </summary>
    public long HeldBytes => _held.Now;

    /// <summary>Memory for compressed parts of scrapes, in bytes.</summary>
    public long BundleBytes => Bundles.Bytes;

    /// <summary>How often a part of a compressed scrape was found ready, and how often it had to be compressed.</summary>
    public (long Found, long Compressed) BundleLookups => Bundles.Lookups;

    internal BundleCache Bundles =>
        _bundles
        ?? Interlocked.CompareExchange(ref _bundles, new BundleCache(Options.BundleCacheBytes), null)
        ?? _bundles;

    internal StoreView OpenScrapeView(out long heldMark)
    {
        heldMark = _held.Open();
        try
        {
            return OpenView();
        }
        finally
        {
            _held.Opened();
        }
    }

    internal void AddScrapeTables(long bytes) => _held.AddTables(bytes);

    internal void CloseScrapeView(StoreView view, long heldMark)
    {
        view.Dispose();
        _held.Close(heldMark);
    }
}
