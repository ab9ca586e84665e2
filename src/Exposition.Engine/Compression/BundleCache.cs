using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Compression;

// A bundle is pinned by every scrape that uses it and by the cache while it keeps it; its block goes back to the pool with the last pin.
// Bytes counts both, so the limit holds however many scrapers there are and however slow: what finds no room is compressed while it is
// sent, and not kept. A scrape that does not find all it needs first lets go of what it did not find use for, so that what has changed
// takes the room, and the blocks, of what it replaces. Two scrapers share everything; if their escaping schemes differ, neither drops what
// is the other's alone, unless it is old.

/// <summary>Compressed parts of scrapes, by what they are made of. Safe for concurrent use.</summary>
/// <param name="capacity">Most bytes of bundles; 0 for none.</param>
internal sealed class BundleCache(long capacity)
{
    // Of objects and tables, beside a block.
    private const int Overhead = 192;
    private const int UnusedScrapes = 16;

    /// <summary>How many bundles are to be pinned in one go.</summary>
    public const int AtOnce = 256;

    private const long SpareMost = 32 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, Bundle> _bundles = [];
    private readonly Dictionary<byte[], (long Serial, long LastUsed)> _headers = new(Utf8Key.Comparer);
    private StretchCache? _stretches;
    private long _bytes;
    private long _refused;
    private long _scrapes;
    private long _hits;
    private long _misses;

    /// <summary>What the groups hold, as the last scrape has met them.</summary>
    public StretchCache Stretches => _stretches ?? Interlocked.CompareExchange(ref _stretches, new StretchCache(this), null) ?? _stretches;

    /// <summary>Scrapes that are over, for the next ones.</summary>
    public ConcurrentBag<BundledScrape> Spare { get; } = [];

    /// <summary>Where blocks of bundles come from.</summary>
    public BlockPool Blocks { get; } = new(Math.Min(SpareMost, capacity / 4));

    /// <summary>One scrape at a time finds its bundles and compresses what is missing: who waits for it finds it done.</summary>
    public SemaphoreSlim Preparing { get; } = new(1, 1);

    /// <summary>Bytes of all bundles that are kept or in use.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How often something found no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>How often a bundle was found, and how often it was not.</summary>
    public (long Hits, long Misses) Lookups => (Volatile.Read(ref _hits), Volatile.Read(ref _misses));

    // A fault to be caught by the test that looks for it: what a bundle is made of does not count.
    public bool IgnoresSerials { get; set; }

    /// <summary>A number for a scrape that begins.</summary>
    public long BeginScrape() => Interlocked.Increment(ref _scrapes);

    /// <summary>The serial of a family's header: one for each text of it.</summary>
    public long SerialOfHeader(ReadOnlySpan<byte> text, long scrape)
    {
        lock (_lock)
        {
            ref (long Serial, long LastUsed) header = ref CollectionsMarshal.GetValueRefOrAddDefault(
                _headers.GetAlternateLookup<ReadOnlySpan<byte>>(), text, out bool known);
            if (!known)
            {
                header.Serial = EntrySerial.Next();
                _bytes += text.Length + Overhead;
            }

            header.LastUsed = Math.Max(header.LastUsed, scrape);
            return header.Serial;
        }
    }

    /// <summary>Finds bundles and pins them.</summary>
    public void Pin(Span<BundleRange> ranges, long scrape, EscapingScheme scheme)
    {
        lock (_lock)
        {
            foreach (ref BundleRange range in ranges)
            {
                if (!_bundles.TryGetValue(range.Identity, out Bundle? bundle))
                {
                    continue;
                }

                range.Bundle = bundle;
                _hits++;
                bundle.Pins++;
                if (bundle.LastUsed < scrape)
                {
                    bundle.LastUsed = scrape;
                    bundle.Scheme = scheme;
                    bundle.Hits++;
                }
            }
        }
    }

    /// <summary>Keeps a new bundle, and pins it for the scrape that has made it.</summary>
    /// <returns>False if there is no room; then the block has gone back.</returns>
    public bool TryKeep(UInt128 identity, Bundle bundle, long scrape, EscapingScheme scheme)
    {
        lock (_lock)
        {
            _misses++;
            if (_bytes + Size(bundle) > capacity)
            {
                _refused += capacity > 0 ? 1 : 0;
                Blocks.Return(bundle.Block);
                return false;
            }

            (bundle.Pins, bundle.LastUsed, bundle.Scheme) = (1, scrape, scheme);
            _bytes += Size(bundle);
            Keep(identity, bundle);
            return true;
        }
    }

    /// <summary>Pins a bundle that the cache does not keep: a whole small scrape.</summary>
    public void Lend(Bundle bundle)
    {
        lock (_lock)
        {
            bundle.Pins = 1;
            _bytes += Size(bundle);
        }
    }

    /// <summary>Puts a bundle of the better level in the place of one of the same bytes.</summary>
    public void Replace(UInt128 identity, Bundle old, Bundle better)
    {
        lock (_lock)
        {
            if (!_bundles.TryGetValue(identity, out Bundle? kept) || !ReferenceEquals(kept, old)
                || (Size(better) > Size(old) && _bytes + Size(better) - Size(old) > capacity))
            {
                Blocks.Return(better.Block);
                return;
            }

            (better.LastUsed, better.Scheme, better.Hits) = (old.LastUsed, old.Scheme, old.Hits);
            _bytes += Size(better);
            Keep(identity, better);
        }
    }

    /// <summary>Takes room for something else than bundles, if there is.</summary>
    public bool TryReserve(long bytes)
    {
        lock (_lock)
        {
            bool fits = _bytes + bytes <= capacity;
            _bytes += fits ? bytes : 0;
            _refused += fits || capacity <= 0 ? 0 : 1;
            return fits;
        }
    }

    /// <summary>Gives it back.</summary>
    public void Unreserve(long bytes)
    {
        lock (_lock)
        {
            _bytes -= bytes;
        }
    }

    /// <summary>Ends a scrape's use of bundles.</summary>
    public void Unpin(Span<BundleRange> ranges)
    {
        for (; !ranges.IsEmpty; ranges = ranges[Math.Min(ranges.Length, AtOnce)..])
        {
            lock (_lock)
            {
                foreach (ref BundleRange range in ranges[..Math.Min(ranges.Length, AtOnce)])
                {
                    if (range.Bundle is { } bundle)
                    {
                        range.Bundle = null;
                        Release(bundle);
                    }
                }
            }
        }
    }

    /// <summary>Lets go of what a scrape of an escaping scheme did not find use for.</summary>
    public void Sweep(long scrape, EscapingScheme scheme)
    {
        lock (_lock)
        {
            foreach ((UInt128 identity, Bundle bundle) in _bundles)
            {
                if (bundle.LastUsed < (bundle.Scheme == scheme ? scrape : scrape - UnusedScrapes))
                {
                    _bundles.Remove(identity);
                    Release(bundle);
                }
            }

            foreach ((byte[] text, (long _, long lastUsed)) in _headers)
            {
                if (lastUsed < scrape - UnusedScrapes)
                {
                    _headers.Remove(text);
                    _bytes -= text.Length + Overhead;
                }
            }
        }
    }

    /// <summary>
    /// Lets go of spare memory that was not needed since the last call, and of everything if it is more than what is stored.
    /// </summary>
    /// <param name="stored">What the groups take.</param>
    /// <returns>How many bytes that is.</returns>
    public long Trim(long stored)
    {
        if (Bytes > stored && Preparing.Wait(0))
        {
            try
            {
                // As a scrape that has met nothing.
                Stretches.Sweep(long.MaxValue);
                Sweep(long.MaxValue, default);
            }
            finally
            {
                Preparing.Release();
            }
        }

        return Blocks.Trim() + Stretches.Trim();
    }

    private static long Size(Bundle bundle) => bundle.Block.Length + Overhead;

    private void Keep(UInt128 identity, Bundle bundle)
    {
        bundle.Pins++;
        if (_bundles.TryGetValue(identity, out Bundle? before))
        {
            Release(before);
        }

        _bundles[identity] = bundle;
    }

    private void Release(Bundle bundle)
    {
        if (--bundle.Pins == 0)
        {
            _bytes -= Size(bundle);
            Blocks.Return(bundle.Block);
        }
    }
}
