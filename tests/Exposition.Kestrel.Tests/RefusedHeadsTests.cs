using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exposition.Kestrel.Tests;

/// <summary>What no handler sees is refused in words, and counted; what only looks odd is served. Both doors alike.</summary>
public class RefusedHeadsTests(TwoDoors doors) : IClassFixture<TwoDoors>
{
    private const string Ok = "PUT /metrics/job/before HTTP/1.1\r\nHost: h\r\n\r\n";

    /// <summary>
    /// Between the request line and the empty line of a push with the body "a 1\n"; the answer; the reason that it is counted under.
    /// </summary>
    public static TheoryData<string, string, string> BadHeaders => new()
    {
        { "", "400 Bad Request: missing required Host header", "host" },
        { "Host: a\r\nHost: b", "400 Bad Request: too many Host headers", "host" },
        { "Host: a\r\nHost: a", "400 Bad Request: too many Host headers", "host" },
        { "Host: a/b", "400 Bad Request: malformed Host header", "host" },
        { "Host: a b", "400 Bad Request: malformed Host header", "host" },
        { "Host: h@x", "400 Bad Request: malformed Host header", "host" },
        { "Host : h", "400 Bad Request: invalid header name", "header" },
        { "Host: h\r\nX\u00e4: y", "400 Bad Request: invalid header name", "header" },
        { "Host: h\r\n: y", "400 Bad Request: invalid header name", "header" },
        { "Host: h\r\nnothing", "400 Bad Request: malformed header line", "header" },
        { "Host: h\r\nX: y\r\n z", "400 Bad Request: malformed header line", "header" },
        { "Host: h\r\nX: y\nZ: z", "400 Bad Request: a line does not end in CR LF", "header" },
        { "Host: h\r\nX: \u0001", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nX: a\rb", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nX: a\0b", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nX: \u007f", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nContent-Length: +4", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: -0", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: \u000b4", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nContent-Length: 4\u000c", "400 Bad Request: invalid header value", "header" },
        { "Host: h\r\nContent-Length: 4, 4", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: 4\r\nContent-Length: 5", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: 0x4", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: ", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: 4 4", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nContent-Length: 18446744073709551620", "400 Bad Request: bad Content-Length", "content_length" },
        { "Host: h\r\nTransfer-Encoding: gzip, chunked", "501 Not Implemented: unsupported transfer encoding", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: gzip", "501 Not Implemented: unsupported transfer encoding", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: identity", "501 Not Implemented: unsupported transfer encoding", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: \"chunked\"", "501 Not Implemented: unsupported transfer encoding", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: chunked, chunked", "400 Bad Request: too many transfer encodings", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "400 Bad Request: too many transfer encodings",
            "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: chunked, gzip", "400 Bad Request: chunked is not the last transfer encoding",
            "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding: ,chunked", "400 Bad Request: empty transfer encoding", "transfer_encoding" },
        { "Host: h\r\nTransfer-Encoding:", "400 Bad Request: empty transfer encoding", "transfer_encoding" },
        { "Host: h\r\nExpect: a-miracle", "417 Expectation Failed: the only expectation is 100-continue", "expect" },
    };

    /// <summary>Request lines; the answer; the reason that it is counted under.</summary>
    public static TheoryData<string, string, string> BadLines => new()
    {
        { "PUT /metrics/job/a", "400 Bad Request: malformed request line", "request_line" },
        { "PUT  /metrics/job/a HTTP/1.1", "400 Bad Request: invalid character in the request target", "target" },
        { "P\u00dcT /metrics/job/a HTTP/1.1", "400 Bad Request: malformed request line", "request_line" },
        { "PUT /metrics/job/a HTTP/1.2", "505 HTTP Version Not Supported: unsupported protocol version", "version" },
        { "PUT /metrics/job/a HTTP/2.0", "505 HTTP Version Not Supported: unsupported protocol version", "version" },
        { "PUT /metrics/job/a HTTP/1.1x", "400 Bad Request: malformed HTTP version", "request_line" },
        { "PUT /metrics/job/a http/1.1", "400 Bad Request: malformed HTTP version", "request_line" },
        { "PUT /metrics/job/a\u0001 HTTP/1.1", "400 Bad Request: invalid character in the request target", "target" },
        { "GET //x?\u0001 HTTP/1.1", "400 Bad Request: invalid character in the request target", "target" },
        { "PUT * HTTP/1.1", "400 Bad Request: the target * is for OPTIONS only", "target" },
        { "PUT metrics/job/a HTTP/1.1", "400 Bad Request: malformed request target", "target" },
        { "PUT http:///metrics HTTP/1.1", "400 Bad Request: malformed host in the request target", "target" },
        { "\u0016\u0003\u0001", "400 Bad Request: malformed request line", "request_line" },
        { "PUT /metrics/job/a%zz HTTP/1.1",
            "400 Bad Request: malformed percent escape in the request target (a percent sign itself is sent as %25)", "target" },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public Task AHeaderThatIsNotInOrder(string headers, string answer, string reason) =>
        RefusedAsync("PUT /metrics/job/a HTTP/1.1\r\n" + headers + (headers.Length > 0 ? "\r\n" : "") + "\r\na 1\n", answer, reason);

    [Theory]
    [MemberData(nameof(BadLines))]
    public Task ARequestLineThatIsNotInOrder(string line, string answer, string reason) =>
        RefusedAsync(line + "\r\nHost: h\r\n\r\n", answer, reason);

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775806")]
    [InlineData("09223372036854775807")]
    [InlineData("100001")]
    public async Task ALengthBeyondTheLimitIsCalledTooLarge(string length)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            string answer = await TwoDoors.SendAsync(port, $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
            Assert.EndsWith("request body too large: more than 100000 bytes\n", answer, StringComparison.Ordinal);
        }
    }

    /// <summary>As the reference, which looks at the bytes of a Host alone.</summary>
    [Theory]
    [InlineData("[fe80::1%eth0]:9091")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("gw:")]
    [InlineData("a%2fb")]
    [InlineData("h:x")]
    [InlineData("[")]
    [InlineData("%")]
    [InlineData(":")]
    [InlineData("a,b")]
    public async Task AHostThatRealClientsSendIsServed(string host)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            doors.Target.Calls.Clear();
            string answers = await TwoDoors.SendAsync(
                port, $"PUT /metrics/job/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\na 1\nGET /metrics HTTP/1.1\r\nHost: "
                    + $"{host}\r\nConnection: close\r\n\r\n", 2);
            Assert.All(TwoDoors.Split(answers), static answer => Assert.StartsWith("HTTP/1.1 200 OK\n", answer, StringComparison.Ordinal));
            Assert.Equal(2, doors.Target.Calls.Count);
        }
    }

    /// <summary>Served by either door or by the other one only, and answered although the client has ended its side.</summary>
    [Theory]
    [InlineData("PUT /metrics/job/m\u00c3\u00bc HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n{0}\r\na 1\n",
        "Replace {job=\"m\u00fc\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/%00 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n{0}\r\na 1\n", "Replace {job=\"\0\"} Text a 1\n")]
    [InlineData("PUT http://other:1/metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n{0}\r\na 1\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT http://u@other/metrics/job/a HTTP/1.1\r\nHost: a/b\r\nContent-Length: 4\r\n{0}\r\na 1\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n{0}\r\na 1\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 000000000000000000004\r\n{0}\r\na 1\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost:\r\nContent-Length: 4\r\n{0}\r\na 1\n", "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.0\r\n{0}\r\n", "Replace {job=\"a\"} Text ")]
    [InlineData("POST /metrics/job/a HTTP/1.0\r\nHost: upstream\r\nConnection: close\r\n{0}\r\n", "Merge {job=\"a\"} Text ")]
    [InlineData("POST /metrics/job/a HTTP/1.0\r\nContent-Length: 4\r\n{0}\r\na 1\n", "Merge {job=\"a\"} Text a 1\n")]
    [InlineData("DELETE /metrics/job/a HTTP/1.0\r\n{0}\r\n", "Delete {job=\"a\"}")]
    [InlineData("GET /metrics HTTP/1.0\r\n{0}\r\n", "Scrape Text Underscores")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n{0}\r\n4\r\na 1\n\r\n0\r\n\r\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n{0}\r\n4  \r\na 1\n\r\n0\t\r\n\r\n",
        "Replace {job=\"a\"} Text a 1\n")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n{0}\r\n0000000000000004 ;x\r\na 1\n\r\n0\r\nT: "
        + "t\r\n\r\n", "Replace {job=\"a\"} Text a 1\n")]
    public async Task AHalfClosedRequestIsServed(string request, string call)
    {
        foreach (string header in (string[])["", "Connection: some-option\r\n"])
        {
            string sent = string.Format(CultureInfo.InvariantCulture, request, header);
            foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
            {
                foreach (int cut in (int[])[0, 10, sent.Length - 2])
                {
                    doors.Target.Calls.Clear();
                    string answer = await HalfCloseAsync(port, sent, cut);
                    Assert.Matches("^HTTP/1.1 20[02] ", answer);
                    Assert.Equal(call, Assert.Single(doors.Target.Calls));
                }
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Connection: some-option\r\n")]
    public async Task SeveralRequestsBeforeTheEndAreAllServed(string header)
    {
        string push = $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n{header}\r\na 1\n";
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            doors.Target.Calls.Clear();
            Assert.Equal(3, TwoDoors.Split(await HalfCloseAsync(port, push + push + push, 70)).Count);
            Assert.Equal(3, doors.Target.Calls.Count);
        }
    }

    /// <summary>A body that cannot be completed is answered at either door.</summary>
    [Theory]
    [InlineData("Content-Length: 9\r\n{0}\r\na 1\n", "400 Bad Request", "unexpected EOF")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n10\r\nabc", "400 Bad Request", "unexpected EOF")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n4\r\na 1\n", "400 Bad Request", "unexpected EOF")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\nzz\r\n", "400 Bad Request", "invalid byte in chunk length")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n4\r\na 1\nx", "400 Bad Request", "malformed chunked encoding")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n4\na 1\n", "400 Bad Request", "invalid byte in chunk length")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n100000004\r\nabcd", "400 Bad Request", "http chunk length too large")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n00000000000000004\r\nabcd", "400 Bad Request", "http chunk length too large")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n80000000\r\nabcd", "413 Payload Too Large",
        "request body too large: more than 100000 bytes")]
    [InlineData("Transfer-Encoding: chunked\r\n{0}\r\n0\r\nT\0: t\r\n\r\n", "400 Bad Request", "malformed chunked encoding")]
    public async Task ABodyThatCannotBeCompletedIsAnswered(string rest, string status, string error)
    {
        foreach (string header in (string[])["", "Connection: some-option\r\n"])
        {
            foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
            {
                doors.Target.Calls.Clear();
                string answer = await HalfCloseAsync(
                    port, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n" + string.Format(CultureInfo.InvariantCulture, rest, header), 45);
                Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
                Assert.EndsWith($"\r\n\r\n{error}\n", answer, StringComparison.Ordinal);
                Assert.Empty(doors.Target.Calls);
            }
        }
    }

    [Fact]
    public async Task AClientThatStopsInAHeadIsTold()
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            Assert.EndsWith("\r\n\r\n400 Bad Request: unexpected EOF\n",
                await HalfCloseAsync(port, "PUT /metrics/job/a HTTP/1.1\r\nHost:", 5), StringComparison.Ordinal);
        }
    }

    /// <summary>Each head has its own time, however the packets are cut.</summary>
    [Fact]
    public async Task ALaterHeadIsNotJudgedByTheDeadlineOfAnEarlierOne()
    {
        var raw = new RawHarness(new ExpositionOptions { HeadTimeout = TimeSpan.FromSeconds(3) });
        raw.Send(Ok[..10]);
        for (int i = 0; i < 10; i++)
        {
            raw.Beat(TimeSpan.FromSeconds(1));
            raw.Send(Ok[10..] + Ok[..10]);
        }

        Assert.Equal(10, TwoDoors.Split(raw.Received()).Count);
        Assert.DoesNotContain("408", raw.Received(), StringComparison.Ordinal);
        raw.Beat(TimeSpan.FromSeconds(4));
        Assert.Contains("HTTP/1.1 408 Request Timeout\r\n", raw.Received(), StringComparison.Ordinal);
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>What is in order and leads nowhere, and a gzip body that is announced and does not come.</summary>
    [Theory]
    [InlineData("PUT /metrics/jobs/a HTTP/1.1", "404 Not Found", "404 page not found", "not_found")]
    [InlineData("PUT /Metrics/job/a HTTP/1.1", "404 Not Found", "404 page not found: the path is /metrics/job/a", "not_found")]
    [InlineData("PATCH /metrics/job/a HTTP/1.1", "405 Method Not Allowed", "Method Not Allowed", "method")]
    [InlineData("PUT /metrics HTTP/1.1", "405 Method Not Allowed", "Method Not Allowed", "method")]
    [InlineData("GET /metrics HTTP/1.1\r\nContent-Encoding: gzip\r\nConnection: some-option", "400 Bad Request", "EOF", "encoding")]
    public async Task ARequestThatLeadsNowhereIsCounted(string lines, string status, string answer, string reason)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            double before = doors.Rejected(reason);
            string received = await TwoDoors.SendAsync(port, lines + "\r\nHost: h\r\n\r\n");
            Assert.StartsWith($"HTTP/1.1 {status}\r\n", received, StringComparison.Ordinal);
            Assert.EndsWith($"\r\n\r\n{answer}\n", received, StringComparison.Ordinal);
            Assert.Equal(before + 1, doors.Rejected(reason));
        }
    }

    private async Task RefusedAsync(string request, string answer, string reason)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            double before = doors.Rejected(reason);
            doors.Target.Calls.Clear();
            List<string> answers = TwoDoors.Split(await TwoDoors.SendAsync(port, Ok + request, answers: 2));

            Assert.Equal(2, answers.Count);
            Assert.StartsWith($"HTTP/1.1 {answer.Split(':')[0]}\nConnection: close\n", answers[1], StringComparison.Ordinal);
            Assert.EndsWith("\n\n" + answer, answers[1].TrimEnd('\n'), StringComparison.Ordinal);
            Assert.Single(doors.Target.Calls);
            Assert.Equal(before + 1, doors.Rejected(reason));
        }
    }

    private static async Task<string> HalfCloseAsync(int port, string request, int cut)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        byte[] bytes = Encoding.Latin1.GetBytes(request);
        if (cut > 0)
        {
            await stream.WriteAsync(bytes.AsMemory(0, cut));
            await Task.Delay(10);
        }

        await stream.WriteAsync(bytes.AsMemory(cut));
        client.Client.Shutdown(SocketShutdown.Send);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync(patience.Token);
    }
}
