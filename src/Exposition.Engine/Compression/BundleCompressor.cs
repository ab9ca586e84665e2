using System.Buffers.Binary;
using System.IO.Compression;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

// The framework has no raw deflate with a checksum, but a gzip stream that is flushed and closed holds both: its header, the blocks that
// were asked for, then (after the flush) an empty last block and the CRC-32. Making the stream costs 2 us, so nothing is kept from one
// bundle to the next.

/// <summary>Compresses bundles, one after the other. Not safe for concurrent use.</summary>
internal sealed class BundleCompressor
{
    private readonly BlockWriter _compressed = new();
    private readonly OutputStream _into;
    private readonly byte[] _gathered = new byte[32 << 10];

    public BundleCompressor() => _into = OutputStream.Over(_compressed);

    /// <summary>
    /// Makes one bundle out of some that follow one another in a scrape, and are not empty. The better level takes four times as long.
    /// </summary>
    public Bundle Compress(BundleList bundles, int first, int count, bool better, BlockPool blocks)
    {
        _compressed.Clear();
        int flushed;
        long rawBytes;
        using (var stream = new GZipStream(_into, better ? CompressionLevel.Optimal : CompressionLevel.Fastest, leaveOpen: true))
        {
            var raw = new RawBytes(stream, _gathered);
            for (int i = 0; i < count; i++)
            {
                bundles.WriteRaw(first + i, ref raw);
            }

            raw.Flush();
            stream.Flush();
            flushed = _compressed.Count;
            rawBytes = raw.Count;
        }

        ReadOnlySpan<byte> parts = _compressed.Written[GzipParts.HeaderBytes..flushed];
        byte[] block = blocks.Rent(parts.Length);
        parts.CopyTo(block);
        return new Bundle(block, parts.Length, rawBytes, BinaryPrimitives.ReadUInt32LittleEndian(_compressed.Written[^8..]), better);
    }

    /// <summary>Hands raw bytes to a compressor, small pieces together: a call costs more than a copy.</summary>
    internal ref struct RawBytes(GZipStream stream, byte[] gathered)
    {
        private int _length;

        public long Count { get; private set; }

        public void Write(ReadOnlySpan<byte> raw)
        {
            Count += raw.Length;
            if (raw.Length > gathered.Length - _length)
            {
                Flush();
                if (raw.Length >= gathered.Length)
                {
                    stream.Write(raw);
                    return;
                }
            }

            raw.CopyTo(gathered.AsSpan(_length));
            _length += raw.Length;
        }

        public void Flush()
        {
            stream.Write(gathered, 0, _length);
            _length = 0;
        }
    }
}
