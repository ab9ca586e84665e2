using System.Buffers;
using System.IO.Compression;
using System.Text;
using Exposition.Engine.Scraping;
using Exposition.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Endpoints;

/// <summary>Compresses what is written to it on the way to another writer.</summary>
internal sealed class GzipWriter : IBufferWriter<byte>, IDisposable
{
    private const int LeastRoom = 4 << 10;

    private readonly GZipStream _gzip;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(LeastRoom);

    public GzipWriter(IBufferWriter<byte> output) => _gzip = new GZipStream(OutputStream.Over(output), CompressionLevel.Fastest);

    /// <summary>Whether a client takes what is compressed.</summary>
    public static bool IsTakenBy(HttpRequest request) =>
        FormatNegotiator.AcceptsGzip(Encoding.Latin1.GetBytes(request.Headers.AcceptEncoding.ToString()));

    /// <summary>Says in the headers of an answer that it is compressed if the client takes that.</summary>
    /// <returns>Whether it does.</returns>
    public static bool Announce(HttpContext context)
    {
        bool gzip = IsTakenBy(context.Request);
        IHeaderDictionary headers = context.Response.Headers;
        headers.Vary = "Accept-Encoding";
        headers.ContentEncoding = gzip ? "gzip" : default(StringValues);
        return gzip;
    }

    public void Advance(int count) => _gzip.Write(_buffer.AsSpan(0, count));

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(sizeHint);
        }

        return _buffer;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Writes the rest and the checksum. Nothing is written after that.</summary>
    public void Dispose()
    {
        _gzip.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
