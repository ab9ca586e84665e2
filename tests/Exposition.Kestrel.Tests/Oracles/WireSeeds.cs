namespace Exposition.Kestrel.Tests;

/// <summary>What clients may send on a connection: what is served raw, what is not, what is wrong, and several of them in a row.</summary>
internal static class WireSeeds
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n";
    private const string Chunked = "POST /metrics/job/a/x/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Delete = "DELETE /metrics/job@base64/YQ== HTTP/1.1\r\nHost: h\r\n\r\n";
    private const string Scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n";
    private const string Cold = "GET /metrics/nothing HTTP/1.1\r\nHost: h\r\n\r\n";

    public static IReadOnlyList<string> All { get; } =
    [
        Push, Delete, Scrape, Cold,
        Push + Delete + Scrape + Push,
        Push + Cold + Push + Delete,
        Chunked + "4\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "2;x=\"y\"\r\na \r\n2\r\n1\n\r\n0\r\nT: t\r\n\r\n" + Delete,
        Chunked + "4\na 1\n\r\n0\r\n\r\n",
        Chunked + "4\r\na 1\n0\r\n\r\n",
        Chunked + "4\r\na 1\n\r\n0\r\n",
        Chunked + "x\r\n",
        Chunked + "00000004\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "000000004\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "7fffffff\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "80000000\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "100000004\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "10000000000000004\r\na 1\n\r\n0\r\n\r\n" + Push,
        Chunked + "3e9\r\n" + new string('#', 1001) + "\r\n0\r\n\r\n",
        Push[..^2],
        Push[..20],
        Push.Replace("/a ", "/bad/odd ", StringComparison.Ordinal) + Push,
        Push.Replace("a 1\n", "bad\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nConnection: close\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nConnection: keep-alive\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nExpect: 100-continue\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nContent-Length: 4\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nTransfer-Encoding: chunked\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nX: y\r\n z\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\n", StringComparison.Ordinal) + Push,
        Push.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal) + Push,
        Push.Replace("PUT", "PATCH", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 04", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: +4", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 4294967300", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 999999999999999999", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 9223372036854775808", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 18446744073709551620", StringComparison.Ordinal) + Push,
        Push.Replace("Content-Length: 4", "Content-Length: 1001", StringComparison.Ordinal) + new string('#', 1000),
        Push.Replace("Host: h\r\n", "Host: h\r\nExposition-Expire-After: 15m\r\n", StringComparison.Ordinal),
        Push.Replace("Host: h\r\n", "Host: h\r\nContent-Encoding: gzip\r\n", StringComparison.Ordinal) + Push,
        Push.Replace("Host: h\r\n", "Host: h\r\nContent-Encoding: br\r\n", StringComparison.Ordinal) + Push,
        "PUT /metrics/job/" + new string('j', 500) + " HTTP/1.1\r\nHost: h\r\n\r\n" + Push,
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: " + new string('x', 2000) + "\r\n\r\n" + Push,
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 20)) + "\r\n" + Push,
        "PUT http://h/metrics/job/a%2Fb//c HTTP/1.1\r\nHost: h\r\n\r\n" + Push,
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    ];

    /// <summary>Pieces of the language.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", ";", "0\r\n\r\n", "1\r\n", "PUT /metrics/job/a HTTP/1.1\r\n",
            "GET /metrics HTTP/1.1\r\n", "DELETE ", "POST ", "HTTP/1.0", "Host: h\r\n", "Host: ",
        "Content-Length: 4\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: ", "chunked",
            "Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: upgrade\r\n",
        "Expect: 100-continue\r\n", "TE: trailers\r\n", "Trailer: T\r\n", "Upgrade: h2c\r\n",
            "Content-Type: application/openmetrics-text\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: deflate\r\n",
        "Authorization: Basic eDp5\r\n", "Accept-Encoding: gzip\r\n", "Exposition-Expire-After: 1h\r\n",
            "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n", "/job/a", "%2F", "//", "..", "@base64/", "?x", "http://h/", "a 1\n",
        Push, Chunked, Delete, Scrape,
    ];
}
