using System.Buffers;
using System.Runtime.CompilerServices;

namespace Exposition.Store.Internal.Bundles;

// Preparing: cut, then look up; what is missing is compressed by one scrape at a time, in order, until all is there or the cache has no room. Sending: what
// is there is copied, what is not is compressed when its turn comes. The length is known if all is there.
// A scrape that is as small as a bundle is one, and is not kept. Where all is at hand, nothing of the store is needed any more: however slow the reader
// is, it holds no more than bundles.

/// <summary>A scrape in text as a gzip member made of bundles. Not safe for concurrent use.</summary>
/// <param name="workspace">Holds the plan. Not used after <see cref="PrepareAsync"/> where the length is known then.</param>
/// <param name="cache">Keeps the bundles.</param>
internal sealed class BundledScrape(ScrapeWorkspace workspace, BundleCache cache)
{
    private const int SmallScrape = 64 << 10;
    private const int HitsBeforeBetter = 3;
    private const int BetterBytesAtOnce = 1 << 20;

    private readonly BundleList _bundles = BundleList.Rent();
    private readonly long _scrape = cache.BeginScrape();
    private int _missing;
    private int _next = -1;
    private uint _crc;
    private long _rawBytes;
    private ReadOnlyMemory<byte> _pending;
    private Bundle? _passing;
    private bool _isSmall;

    /// <summary>Length of the member, where all of it is at hand.</summary>
    public long? Length { get; private set; }

    /// <summary>Compresses what is missing.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PrepareAsync(CancellationToken cancellation)
    {
        Turn turn = Turn.Start();
        _bundles.Begin(workspace.Plan, workspace.Text, cache.IgnoresSerials);
        while (_bundles.Continue(cache, _scrape))
        {
            if (turn.IsOver())
            {
                await Turn.Pass();
            }
        }

        _isSmall = _bundles.RawBytes <= SmallScrape;
        Find();
        if (_missing > 0)
        {
            await (_isSmall ? CompressSmallAsync(cancellation) : CompressMissingAsync(cancellation));
        }

        if (_missing == 0)
        {
            await ImproveAsync(cancellation);
            Length = MemberLength();
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

    /// <summary>Lets go of the bundles.</summary>
    public void Close()
    {
        Pass();
        _bundles.Return(cache);
    }

    private void Find()
    {
        _missing = 0;
        foreach (ref BundleRange range in _bundles.Ranges)
        {
            range.Bundle ??= cache.TryPin(range.Identity, _scrape, workspace.Text.Escaping);
            _missing += range.Bundle is null ? 1 : 0;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CompressSmallAsync(CancellationToken cancellation)
    {
        await CompressionSlots.Shared.WaitAsync(cancellation);
        try
        {
            Bundle all = workspace.Compressor.Compress(_bundles, 0, _bundles.Ranges.Length, better: false, cache.Blocks);
            cache.Lend(all);
            _bundles.ReplaceAll(all, cache);
            _missing = 0;
        }
        finally
        {
            CompressionSlots.Shared.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CompressMissingAsync(CancellationToken cancellation)
    {
        await cache.Preparing.WaitAsync(cancellation);
        try
        {
            Find();
            cache.Sweep(_scrape, workspace.Text.Escaping);
            await CompressionSlots.Shared.WaitAsync(cancellation);
            try
            {
                await KeepMissingAsync(cancellation);
            }
            finally
            {
                CompressionSlots.Shared.Release();
            }
        }
        finally
        {
            cache.Preparing.Release();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask KeepMissingAsync(CancellationToken cancellation)
    {
        Turn turn = Turn.Start();
        for (int i = 0; i < _bundles.Ranges.Length; i++)
        {
            if (_bundles.Ranges[i].Bundle is not null)
            {
                continue;
            }

            Bundle bundle = Compress(i, better: false);
            if (!cache.TryKeep(_bundles.Ranges[i].Identity, bundle, _scrape, workspace.Text.Escaping))
            {
                return;
            }

            _bundles.Ranges[i].Bundle = bundle;
            _missing--;
            if (turn.IsOver())
            {
                await Turn.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    // Compresses some of what has not changed for a while better, for later scrapes: a few milliseconds each time.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ImproveAsync(CancellationToken cancellation)
    {
        if (_isSmall || !HasBetterToDo() || !await cache.Preparing.WaitAsync(0, CancellationToken.None))
        {
            return;
        }

        try
        {
            await CompressionSlots.Shared.WaitAsync(cancellation);
            try
            {
                Turn turn = Turn.Start();
                long left = BetterBytesAtOnce;
                for (int i = 0; i < _bundles.Ranges.Length && left > 0 && !cancellation.IsCancellationRequested; i++)
                {
                    if (_bundles.Ranges[i].Bundle is not { } bundle || !IsWorthIt(bundle))
                    {
                        continue;
                    }

                    left -= bundle.RawBytes;
                    cache.Replace(_bundles.Ranges[i].Identity, bundle, Compress(i, better: true));
                    if (turn.IsOver())
                    {
                        await Turn.Pass();
                    }
                }
            }
            finally
            {
                CompressionSlots.Shared.Release();
            }
        }
        finally
        {
            cache.Preparing.Release();
        }
    }

    private static bool IsWorthIt(Bundle bundle) => !bundle.IsBetter && bundle.Hits >= HitsBeforeBetter;

    private bool HasBetterToDo()
    {
        foreach (ref readonly BundleRange range in _bundles.Ranges)
        {
            if (IsWorthIt(range.Bundle!))
            {
                return true;
            }
        }

        return false;
    }

    private Bundle Compress(int index, bool better) => workspace.Compressor.Compress(_bundles, index, 1, better, cache.Blocks);

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
            cache.Blocks.Return(passed.Block);
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
