using System.Text;

namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>
/// What one real client sent, as recorded: its connections, each a run of requests, each cut where the client's
/// own writes were cut on the wire.
/// </summary>
public sealed record RecordedClient(string Name, IReadOnlyList<IReadOnlyList<RecordedRequest>> Connections)
{
    /// <summary>All that were recorded.</summary>
    public static TheoryData<string> Names =>
    [
        "cpp", "curl", "dotnet", "flink-jm", "flink-tm-2x5", "go",
        "java-simpleclient-0.8.1-jdk17", "node", "prometheus-2.42-native", "prometheus-2.42-scrape-auth", "prometheus-2.42-scrape",
            "python",
    ];

    /// <summary>Reads <c>NAME.http.gz</c> and its index.</summary>
    public static RecordedClient Load(string name) => new(name,
    [
        .. Recording
            .Connections(Checkout.Shared("wire", "requests", name + ".http.gz"), Checkout.Shared("wire", "requests", name + ".json"))
            .Select(static connection => Split(connection.Bytes, connection.Cuts)),
    ]);

    private static List<RecordedRequest> Split(ReadOnlyMemory<byte> connection, IReadOnlyList<int> cuts)
    {
        var requests = new List<RecordedRequest>();
        for (var start = 0; start < connection.Length;)
        {
            var request = RecordedRequest.Read(connection[start..], cuts.Where(cut => cut > start).Select(cut => cut - start));
            requests.Add(request);
            start += request.Bytes.Length;
        }

        return requests;
    }
}

/// <summary>One recorded request: its bytes, where they were cut, and the few facts of its head that decide what must come back.</summary>
public sealed class RecordedRequest
{
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    private RecordedRequest(string requestLine)
    {
        var words = requestLine.Split(' ');
        (Method, Target, Version) = (words[0], words[1], words[2]);
    }

    public string Method { get; }

    public string Target { get; }

    public string Version { get; }

    public ReadOnlyMemory<byte> Bytes { get; private set; }

    public int HeadLength { get; private set; }

    /// <summary>Positions at which the client's writes ended, the last one being the length.</summary>
    public IReadOnlyList<int> Cuts { get; private set; } = [];

    public bool IsPush => Method is "PUT" or "POST" && IsPushPath;

    public bool IsDelete => Method == "DELETE" && IsPushPath;

    public bool IsScrape => Method == "GET" && Target.Split('?')[0] == "/metrics";

    /// <summary>HTTP/1.1 that asks for nothing special: what the raw door promises to serve itself.</summary>
    public bool IsPlain => Version == "HTTP/1.1" && Header("Expect") is null && Header("Upgrade") is null;

    public bool IsPushPath => Target.StartsWith("/metrics/job", StringComparison.Ordinal);

    public string? Header(string name) => _headers.GetValueOrDefault(name);

    public override string ToString() => $"{Method} {Target}";

    /// <summary>The same request, cut elsewhere.</summary>
    /// <param name="cuts">Positions in order, without the length.</param>
    public RecordedRequest CutAt(IEnumerable<int> cuts)
    {
        var cut = (RecordedRequest)MemberwiseClone();
        cut.Cuts = [.. cuts.Where(at => at > 0 && at < Bytes.Length), Bytes.Length];
        return cut;
    }

    /// <summary>The body as the server sees it: chunks joined, content encoding left alone.</summary>
    public byte[] Body()
    {
        var body = Bytes[HeadLength..];
        if (!IsChunked)
        {
            return body.ToArray();
        }

        using var joined = new MemoryStream();
        _ = WalkChunks(body.Span, joined);
        return joined.ToArray();
    }

    /// <summary>Reads the first request of a connection's bytes.</summary>
    public static RecordedRequest Read(ReadOnlyMemory<byte> bytes, IEnumerable<int> cuts)
    {
        var headLength = bytes.Span.IndexOf("\r\n\r\n"u8) + 4;
        var lines = Encoding.Latin1.GetString(bytes.Span[..headLength]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var request = new RecordedRequest(lines[0]) { HeadLength = headLength };
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            request._headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        var bodyLength = request.IsChunked
            ? WalkChunks(bytes.Span[headLength..], Stream.Null)
            : int.Parse(request.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture);

        // A client may have been stopped in its body, or the recording cut there.
        var length = Math.Min(bytes.Length, headLength + bodyLength);
        request.Bytes = bytes[..length];
        request.Cuts = [.. cuts.Where(cut => cut < length), length];
        return request;
    }

    private bool IsChunked => string.Equals(Header("Transfer-Encoding"), "chunked", StringComparison.OrdinalIgnoreCase);

    private static int WalkChunks(ReadOnlySpan<byte> body, Stream joined)
    {
        var at = 0;
        while (true)
        {
            var lineEnd = at + body[at..].IndexOf("\r\n"u8);
            var size = int.Parse(Encoding.ASCII.GetString(body[at..lineEnd]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            at = lineEnd + 2;
            joined.Write(body.Slice(at, size));
            at += size + 2;
            if (size == 0)
            {
                return at;
            }
        }
    }
}
