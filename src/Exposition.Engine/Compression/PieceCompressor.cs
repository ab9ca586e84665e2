using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

/// <summary>Compresses a scrape that has no bundles, as it goes. Not safe for concurrent use.</summary>
internal sealed class PieceCompressor(PieceSource pieces) : IDisposable
{
    private const int RawBytesAtOnce = 64 << 10;

    private GZipStream? _stream;

    /// <summary>Waits for its turn, and writes the next bytes of the member.</summary>
    /// <returns>False when all is written.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, CancellationToken cancellation)
    {
        await CompressionSlots.Shared.WaitAsync(cancellation);
        try
        {
            return WriteNext(output);
        }
        finally
        {
            CompressionSlots.Shared.Release();
        }
    }

    public void Dispose() => _stream?.Dispose();

    private bool WriteNext(IBufferWriter<byte> output)
    {
        _stream ??= new GZipStream(new OutputStream(), CompressionLevel.Fastest);
        var into = (OutputStream)_stream.BaseStream;
        into.Output = output;
        byte[] raw = ArrayPool<byte>.Shared.Rent(RawBytesAtOnce);
        try
        {
            bool more = pieces.Fill(raw, out int written);
            _stream.Write(raw, 0, written);
            if (!more)
            {
                _stream.Dispose();
            }

            return more;
        }
        finally
        {
            into.Output = null;
            ArrayPool<byte>.Shared.Return(raw);
        }
    }
}
