using System.Buffers;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Compression;

/// <summary>Puts bundles, one after the other, together to a gzip member. Used again by later scrapes.</summary>
internal sealed class BundleSender
{
    private const int BeforeHeader = -1;

    private readonly byte[] _trailer = new byte[GzipParts.TrailerBytes];
    private ReadOnlyMemory<byte> _pending;
    private int _next = BeforeHeader;
    private uint _crc;
    private long _rawBytes;

    /// <summary>Whether something waits to be copied.</summary>
    public bool IsPending => !_pending.IsEmpty;

    /// <summary>The first bundle that is not in the cache, where sending has stopped.</summary>
    public int Next => _next;

    /// <summary>Takes what comes next.</summary>
    /// <returns>False if the next bundle is not in the cache, or all is sent.</returns>
    public bool TryTakeNext(ReadOnlySpan<BundleRange> ranges)
    {
        if (_next == BeforeHeader)
        {
            _next = 0;
            _pending = GzipParts.Header;
            return true;
        }

        if (_next < ranges.Length)
        {
            if (ranges[_next].Bundle is not { } bundle)
            {
                return false;
            }

            Take(bundle);
            LookAhead(ranges);
            return true;
        }

        if (_next++ == ranges.Length)
        {
            GzipParts.WriteTrailer(_trailer, _crc, _rawBytes);
            _pending = _trailer;
            return true;
        }

        return false;
    }

    /// <summary>Takes the next bundle, which must stay until it is copied.</summary>
    public void Take(Bundle bundle)
    {
        _next++;
        _crc = GzipParts.Combine(_crc, bundle.Crc, bundle.CrcShift);
        _rawBytes += bundle.RawBytes;
        _pending = bundle.Compressed;
    }

    public int Copy(IBufferWriter<byte> output)
    {
        Span<byte> span = output.GetSpan();
        int count = Math.Min(span.Length, _pending.Length);
        _pending.Span[..count].CopyTo(span);
        output.Advance(count);
        _pending = _pending[count..];
        return count;
    }

    public void Reset() => (_pending, _next, _crc, _rawBytes) = (default, BeforeHeader, 0, 0);

    // A bundle is found in the cache by its object and its block, which lie anywhere.
    private void LookAhead(ReadOnlySpan<BundleRange> ranges)
    {
        const int Ahead = 4;
        const int MostLines = 8;
        if (_next + (2 * Ahead) < ranges.Length && ranges[_next + (2 * Ahead)].Bundle is { } far
            && ranges[_next + Ahead].Bundle is { } near)
        {
            Prefetch.Object(far);
            Prefetch.Span(near.Compressed.Span, MostLines);
        }
    }
}
