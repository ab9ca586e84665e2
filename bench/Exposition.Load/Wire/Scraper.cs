using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace Exposition.Load.Wire;

/// <summary>In which language, and how, a scrape is asked for.</summary>
internal enum ScrapeKind
{
    Text,
    Gzip,
    Protobuf,
}

/// <summary>A scrape as it came.</summary>
/// <param name="Time">From sending the request to the last byte of the answer.</param>
/// <param name="Bytes">Of the answer, compressed if it is.</param>
/// <param name="Body">What was exposed, not compressed.</param>
/// <param name="ContentType">Of the answer.</param>
internal sealed record Scraped(TimeSpan Time, long Bytes, byte[] Body, string ContentType);

/// <summary>Asks as Prometheus does, over a connection that is kept.</summary>
internal sealed class Scraper(int port, string path) : IDisposable
{
    private const string Protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3";

    private readonly MemoryStream _answer = new();
    private readonly HttpClient _client = new(
        new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = DecompressionMethods.None })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>Scrapes once.</summary>
    /// <exception cref="IOException">The answer is no 200, or not of the kind that was asked for.</exception>
    public async Task<Scraped> ScrapeAsync(ScrapeKind kind, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", kind == ScrapeKind.Protobuf ? Protobuf : "text/plain;version=0.0.4");
        if (kind == ScrapeKind.Gzip)
        {
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        }

        _answer.SetLength(0);
        long started = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        await answer.Content.CopyToAsync(_answer, cancellation);
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new IOException($"a scrape was answered with {(int)answer.StatusCode}");
        }

        string type = answer.Content.Headers.ContentType?.ToString() ?? "";
        if (type.Contains("protobuf", StringComparison.Ordinal) != (kind == ScrapeKind.Protobuf))
        {
            throw new IOException($"a scrape as {kind} was answered as {type}");
        }

        long bytes = _answer.Length;
        return new Scraped(time, bytes, answer.Content.Headers.ContentEncoding.Contains("gzip") ? Unpacked() : _answer.ToArray(), type);
    }

    public void Dispose()
    {
        _client.Dispose();
        _answer.Dispose();
    }

    private byte[] Unpacked()
    {
        _answer.Position = 0;
        using var packed = new GZipStream(_answer, CompressionMode.Decompress, leaveOpen: true);
        using var whole = new MemoryStream();
        packed.CopyTo(whole);
        return whole.ToArray();
    }
}
