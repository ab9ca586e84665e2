using System.Buffers;
using System.Collections.Concurrent;
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

    private static readonly ConcurrentBag<BundledScrape> s_pool = [];

    private readonly BundleList _bundles = new();
    private StoreView _view = null!;
    private ReadOnlyMemory<FamilyEntry> _own;
    private TextPieces _text = null!;
    private BundleCompressor? _compressor;
    private BundleCache _cache = null!;
    private long _scrape;
    private int _missing;
    private int _next = -1;
    private uint _crc;
    private long _rawBytes;
    private ReadOnlyMemory<byte> _pending;
    private Bundle? _passing;
    private bool _isSmall;
    private bool _hasBetterToDo;

    private BundledScrape()
    {
    }

    /// <summary>Length of the member, where all of it is at hand.</summary>
    public long? Length { get; private set; }

    /// <summary>Memory of its tables, in bytes.</summary>
    public long TableBytes => _bundles.TableBytes;

    private BundleCompressor Compressor => _compressor ??= new BundleCompressor();

    /// <summary>Begins one.</summary>
    /// <param name="view">What there is. Not used after <see cref="PrepareAsync"/> where the length is known then.</param>
    /// <param name="own">The host's own families; the same.</param>
    /// <param name="text">What writes the pieces. Not used after <see cref="PrepareAsync"/> where the length is known then.</param>
    /// <param name="cache">Keeps the bundles.</param>
    public static BundledScrape Rent(StoreView view, ReadOnlyMemory<FamilyEntry> own, TextPieces text, BundleCache cache)
    {
        if (!s_pool.TryTake(out BundledScrape? scrape))
        {
            scrape = new BundledScrape();
        }

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
            if (_missing > 0)
            {
                await CompressMissingAsync(cancellation);
            }

            if (_missing == 0)
            {
                if (!_isSmall && _hasBetterToDo)
                {
                    await ImproveAsync(cancellation);
                }

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
        for (int written = 0; written < stepBytes;)
        {
            if (_pending.IsEmpty && !TryTakeNext())
            {
                if (_next > _bundles.Ranges.Length)
                {
                    return false;
                }

                await CompressionSlots.Shared.WaitAsync(cancellation);
                try
                {
                    Take(_passing = Compress(_next++, better: false));
                }
                finally
                {
                    CompressionSlots.Shared.Release();
                }
            }

            written += Copy(output);
        }

        return true;
    }

    /// <summary>Lets go of the bundles, and of this.</summary>
    public void Close()
    {
        Pass();
        _bundles.Clear();
        (_view, _own, _text, _cache, _pending) = (null!, default, null!, null!, default);
        (_next, _missing, _crc, _rawBytes, _isSmall, _hasBetterToDo, Length) = (-1, 0, 0, 0, false, false, null);
        if (s_pool.Count < Kept)
        {
            s_pool.Add(this);
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
            Find(_bundles.Ranges.Slice(start, Math.Min(BundleCache.AtOnce, _bundles.Ranges.Length - start)));
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private void Find(Span<BundleRange> ranges)
    {
        _cache.Pin(ranges, _scrape, _text.Escaping);
        foreach (ref readonly BundleRange range in ranges)
        {
            _missing += range.Bundle is null ? 1 : 0;
            _hasBetterToDo |= range.Bundle is { } bundle && IsWorthIt(bundle);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CompressMissingAsync(CancellationToken cancellation)
    {
        await CompressionSlots.Shared.WaitAsync(cancellation);
        try
        {
            if (_isSmall)
            {
                CompressSmall();
            }
            else
            {
                _cache.Sweep(_scrape, _text.Escaping);
                await KeepMissingAsync(cancellation);
            }
        }
        finally
        {
            CompressionSlots.Shared.Release();
        }
    }

    private void CompressSmall()
    {
        Bundle all = Compressor.Compress(_bundles, 0, _bundles.Ranges.Length, better: false, _cache.Blocks);
        _cache.Lend(all);
        _bundles.ReplaceAll(all);
        _missing = 0;
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
        await CompressionSlots.Shared.WaitAsync(cancellation);
        try
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
        finally
        {
            CompressionSlots.Shared.Release();
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

    // False if the next bundle is not at hand, or if all is written.
    private bool TryTakeNext()
    {
        Pass();
        if (_next < 0)
        {
            _next = 0;
            _pending = GzipParts.Header;
            return true;
        }

        if (_next < _bundles.Ranges.Length)
        {
            if (_bundles.Ranges[_next].Bundle is not { } bundle)
            {
                return false;
            }

            _next++;
            LookAhead();
            Take(bundle);
            return true;
        }

        if (_next++ == _bundles.Ranges.Length)
        {
            GzipParts.WriteTrailer(_bundles.Trailer, _crc, _rawBytes);
            _pending = _bundles.Trailer;
            return true;
        }

        return false;
    }

    // A bundle is found in the cache by its object and its block, which lie anywhere.
    private void LookAhead()
    {
        const int Ahead = 4;
        const int MostLines = 8;
        ReadOnlySpan<BundleRange> ranges = _bundles.Ranges;
        if (_next + (2 * Ahead) < ranges.Length && ranges[_next + (2 * Ahead)].Bundle is { } far
            && ranges[_next + Ahead].Bundle is { } near)
        {
            Prefetch.Object(far);
            Prefetch.Span(near.Compressed.Span, MostLines);
        }
    }

    private void Take(Bundle bundle)
    {
        _crc = GzipParts.Combine(_crc, bundle.Crc, bundle.CrcShift);
        _rawBytes += bundle.RawBytes;
        _pending = bundle.Compressed;
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

    private int Copy(IBufferWriter<byte> output)
    {
        Span<byte> span = output.GetSpan();
        int count = Math.Min(span.Length, _pending.Length);
        _pending.Span[..count].CopyTo(span);
        output.Advance(count);
        _pending = _pending[count..];
        return count;
    }
}
