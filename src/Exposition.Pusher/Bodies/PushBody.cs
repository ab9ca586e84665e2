using System.IO.Compression;
using System.Net.Http.Headers;

namespace Exposition.Pusher.Bodies;

/// <summary>What a push sends, as often as it has to.</summary>
internal sealed class PushBody(ReadOnlyMemory<byte> bytes, string contentType)
{
    public const string Text = "text/plain; version=0.0.4; charset=utf-8";

    private ReadOnlyMemory<byte>? _packed;

    public int Length => bytes.Length;

    /// <summary>The content of one request. Its length is known.</summary>
    public HttpContent ToContent(bool gzip)
    {
        var content = new ReadOnlyMemoryContent(gzip ? _packed ??= Pack() : bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return content;
    }

    private ReadOnlyMemory<byte> Pack()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes.Span);
        }

        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }
}
