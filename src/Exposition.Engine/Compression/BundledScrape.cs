using System.Buffers;
using System.Runtime.CompilerServices;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

// Preparing, one scrape at a time: cut, then look up; what is missing is compressed until all is there or the cache has no room. Sending:
// what is there is copied, what is not is compressed when its turn comes. The length is known if all is there. A scrape that is as small as
// a bundle is one, and is not kept. Where all is at hand, nothing of the store is needed any more: however slow the reader is, it holds no
// more than bundles.

/// <summary>A scrape in text as a gzip member made of bundles. Not safe for concurrent use.</summary>
internal sealed class BundledScrape
{
    private const int SmallScrape = 64 << 10;
    private const int HitsBeforeBetter = 3;
    private const int BetterBytesAtOnce = 512 << 10;
    private const int Kept = 4;


    private readonly BundleList _bundles = new();
    private readonly BundleSender _sender = new();
    private BundleCompressor? _compressor;
    private StoreView _view = null!;
    private ReadOnlyMemory<FamilyEntry> _own;
    private TextPieces _text = null!;
    private BundleCache _cache = null!;
    private long _scrape;
    private int _missing;
    private Bundle? _passing;
    private bool _isSmall;
    private bool _hasBetterToDo;

    private BundledScrape()
    {
    }

    /// <summary>Length of the member, where all of it is at hand.</summary>
    public long? Length { get; private set; }

    public long TableBytes => _bundles.TableBytes;

    private BundleCompressor Compressor => _compressor ??= new BundleCompressor();

    /// <summary>
    /// Begins one. View, own families and text are not used after <see cref="PrepareAsync"/> where the length is known then.
    /// </summary>
    public static BundledScrape Rent(StoreView view, ReadOnlyMemory<FamilyEntry> own, TextPieces text, BundleCache cache)
    {
        BundledScrape scrape = cache.Spare.TryTake(out BundledScrape? spare) ? spare : new BundledScrape();
        (scrape._view, scrape._own, scrape._text, scrape._cache) = (view, own, text, cache);
        return scrape;
    }

    /// <summary>Compresses what is missing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PrepareAsync(CancellationToken cancellation)
    {
        if (!_cache.Preparing.Wait(0, CancellationToken.None))
        {
            // What is not collected yet keeps all that is replaced meanwhile from being used again.
            _ = _view.Groups;
            await _cache.Preparing.WaitAsync(cancellation);
        }

        try
        {
            await CutAsync(cancellation);
            await FindAsync(cancellation);
            if (_missing > 0 || (_hasBetterToDo && !_isSmall))
            {
                await CompressAsync(cancellation);
            }

            if (_missing == 0)
            {
                Length = MemberLength();
                _bundles.ForgetGroups();
            }
        }
        finally
        {
            _cache.Preparing.Release();
        }
    }

    /// <summary>Writes some of the member.</summary>
    /// <returns>False when all is written.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation)
    {
        for (int written = 0; written < stepBytes; written += _sender.Copy(output))
        {
            if (_sender.IsPending)
            {
                continue;
            }

            Pass();
            if (_sender.TryTakeNext(_bundles.Ranges))
            {
                continue;
            }

            if (_sender.Next > _bundles.Ranges.Length)
            {
                return false;
            }

            await CompressionSlots.Shared.WaitAsync(cancellation);
            try
            {
                _passing = Compress(_sender.Next, better: false);
                _sender.Take(_passing);
            }
            finally
            {
                CompressionSlots.Shared.Release();
            }
        }

        return true;
    }

    /// <summary>Lets go of the bundles, and of this.</summary>
    public void Close()
    {
        Pass();
        _bundles.Clear();
        _sender.Reset();
        BundleCache cache = _cache;
        (_view, _own, _text, _cache) = (null!, default, null!, null!);
        (_missing, _isSmall, _hasBetterToDo, Length) = (0, false, false, null);
        if (cache.Spare.Count < Kept)
        {
            cache.Spare.Add(this);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CutAsync(CancellationToken cancellation)
    {
        TimeSlice slice = TimeSlice.Start();
        _scrape = _cache.BeginScrape();
        _bundles.Begin(_view, _own, _text, _cache, _scrape);
        while (_bundles.Continue())
        {
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }

        _isSmall = _bundles.RawBytes <= SmallScrape;
        _cache.Stretches.Sweep(_scrape);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FindAsync(CancellationToken cancellation)
    {
        TimeSlice slice = TimeSlice.Start();
        _missing = 0;
        for (int start = 0; start < _bundles.Ranges.Length; start += BundleCache.AtOnce)
        {
            Span<BundleRange> ranges = _bundles.Ranges.Slice(start, Math.Min(BundleCache.AtOnce, _bundles.Ranges.Length - start));
            _cache.Pin(ranges, _scrape, _text.Escaping);
            foreach (ref readonly BundleRange range in ranges)
            {
                _missing += range.Bundle is null ? 1 : 0;
                _hasBetterToDo |= range.Bundle is { } bundle && IsWorthIt(bundle);
            }

            if (slice.IsOver())
            {
                await TimeSlice.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CompressAsync(CancellationToken cancellation)
    {
        await CompressionSlots.Shared.WaitAsync(cancellation);
        try
        {
            if (_missing > 0 && _isSmall)
            {
                Bundle all = Compressor.Compress(_bundles, 0, _bundles.Ranges.Length, better: false, _cache.Blocks);
                _cache.Lend(all);
                _bundles.ReplaceAll(all);
                _missing = 0;
            }
            else if (_missing > 0)
            {
                _cache.Sweep(_scrape, _text.Escaping);
                await KeepMissingAsync(cancellation);
            }

            if (_missing == 0 && _hasBetterToDo && !_isSmall)
            {
                await ImproveAsync(cancellation);
            }
        }
        finally
        {
            CompressionSlots.Shared.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask KeepMissingAsync(CancellationToken cancellation)
    {
        TimeSlice slice = TimeSlice.Start();
        int count = _bundles.FindMissing();
        for (int i = 0; i < count; i++)
        {
            int index = _bundles.MissingAt(i);
            Bundle bundle = Compress(index, better: false);
            if (!_cache.TryKeep(_bundles.Ranges[index].Identity, bundle, _scrape, _text.Escaping))
            {
                return;
            }

            _bundles.Ranges[index].Bundle = bundle;
            _missing--;
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    // Compresses some of what has not changed for a while better, for later scrapes: a few milliseconds each time.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ImproveAsync(CancellationToken cancellation)
    {
        TimeSlice slice = TimeSlice.Start();
        long left = BetterBytesAtOnce;
        for (int i = 0; i < _bundles.Ranges.Length && left > 0 && !cancellation.IsCancellationRequested; i++)
        {
            if (_bundles.Ranges[i].Bundle is not { } bundle || !IsWorthIt(bundle))
            {
                continue;
            }

            left -= bundle.RawBytes;
            _cache.Replace(_bundles.Ranges[i].Identity, bundle, Compress(i, better: true));
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
            }
        }
    }

    private static bool IsWorthIt(Bundle bundle) => !bundle.IsBetter && bundle.Hits >= HitsBeforeBetter;

    private Bundle Compress(int index, bool better) => Compressor.Compress(_bundles, index, 1, better, _cache.Blocks);

    private long MemberLength()
    {
        long length = GzipParts.HeaderBytes + GzipParts.TrailerBytes;
        foreach (ref readonly BundleRange range in _bundles.Ranges)
        {
            length += range.Bundle!.Compressed.Length;
        }

        return length;
    }

    // A bundle that is not kept goes as soon as it is written.
    private void Pass()
    {
        if (_passing is { } passed)
        {
            _passing = null;
            _cache.Blocks.Return(passed.Block);
        }
    }
}
