using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exposition.Kestrel.Tests;

/// <summary>Both doors answer alike, and as the reference did where it was recorded.</summary>
public class DoorsTests(TwoDoors doors) : IClassFixture<TwoDoors>
{
    private static readonly string s_gzip = Encoding.Latin1.GetString(Gzip.Pack("a 1\n"u8));

    public static TheoryData<string> SameAnswers =>
    [
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n",
        "POST /metrics/job/a/x/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\na 1\n\r\n0\r\nT: t\r\n\r\n",
        "PUT /metrics/job/a%2Fb/x/%2F/y/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job@base64/YQ/x@base64/= HTTP/1.1\r\nHost: h\r\n\r\n",
        "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nbad",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nbad",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
        "PUT /metrics/job/a/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nbad",
        "PUT /metrics/job/a/%22/x HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/%FF HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job@base64/! HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/%C3%A4/x HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a/.. HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job//x HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /METRICS/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT http://h/metrics/job/abs HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\na 1",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: GZIP\r\nContent-Length: {gzip}",
        "PUT /metrics/job/a/odd HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\na 1",
        "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: snappy\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: snappy\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nbad\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: deflate, identity\r\nContent-Length: 4\r\n\r\nbad\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: deflate\r\nContent-Length: "
            + "12\r\n\r\nx\u009CKT0\u00E4\u0002\u0000\u0002T\u0000\u00BD",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: deflate\r\nContent-Length: 6\r\n\r\nKT0\u00E4\u0002\u0000",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Type: application/vnd.google.protobuf; "
            + "proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nExposition-Expire-After: 15m\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nExposition-Expire-After: 15\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nExposition-Expire-After:\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a/x HTTP/1.1\r\nHost: h\r\nExposition-Expire-After: x\r\nContent-Length: 4\r\n\r\na 1\n",
        "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\nExposition-Expire-After: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nExposition-Expire-After: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /metrics?x=y HTTP/1.1\r\nHost: h\r\nAccept: "
            + "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip;q=0, identity\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "GET /metrics/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "PATCH /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /metrics/nothing HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "OPTIONS /metrics HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "GET /api/v1/status HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(SameAnswers))]
    public async Task BothDoorsAnswerAlike(string request)
    {
        request = request.Replace("{gzip}", $"{s_gzip.Length}\r\n\r\n{s_gzip}", StringComparison.Ordinal);
        doors.Target.Calls.Clear();
        string raw = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(doors.RawPort, request)));
        string[] rawCalls = [.. doors.Target.Calls];
        doors.Target.Calls.Clear();
        string endpoint = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(doors.EndpointPort, request)));

        Assert.Equal(raw, endpoint);
        Assert.Equal(rawCalls, doors.Target.Calls);
    }

    /// <summary>Anybody can write these: who has sent something is whoever the connection comes from.</summary>
    [Fact]
    public async Task ForwardedAddressesAreNotBelieved()
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            doors.Target.Details.Clear();
            await TwoDoors.SendAsync(
                port, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 10.1.1.1\r\nX-Real-IP: 10.1.1.1\r\nForwarded: "
                + "for=10.1.1.1\r\nContent-Length: 4\r\n\r\na 1\n");
            Assert.Equal(IPAddress.Loopback, Assert.IsType<IPEndPoint>(Assert.Single(doors.Target.Details).Sender).Address);
        }
    }

    [Theory]
    [InlineData("GET", "/METRICS/job/a", 404, null)]
    [InlineData("GET", "/metrics/job/", 404, null)]
    [InlineData("GET", "/metrics/", 301, "/metrics")]
    [InlineData("GET", "/METRICS/", 301, "/metrics")]
    [InlineData("GET", "/Metrics", 301, "/metrics")]
    [InlineData("PUT", "/Metrics", 404, null)]
    [InlineData("PUT", "/metrics/", 404, null)]
    [InlineData("PUT", "/METRICS/job/", 404, null)]
    [InlineData("PUT", "/metrics/job", 404, null)]
    [InlineData("PUT", "/metrics/job@base64", 404, null)]
    [InlineData("PUT", "/metrics/jobs/a", 404, null)]
    [InlineData("PUT", "/metrics/instance/h1/job/one", 404, null)]
    [InlineData("OPTIONS", "/metrics/", 404, null)]
    [InlineData("OPTIONS", "/METRICS/job/a", 404, null)]
    [InlineData("PATCH", "/metrics/", 404, null)]
    [InlineData("GET", "/-//healthy", 301, "/-/healthy")]
    [InlineData("GET", "//metrics/job/a?x=\u0080", 301, "/metrics/job/a?x=%80")]
    [InlineData("OPTIONS", "/metrics//job/a", 301, "/metrics/job/a")]
    public async Task RedirectsAreTheReferences(string method, string path, int status, string? location)
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            string answer = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, $"{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n")));
            Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
            if (location is null)
            {
                Assert.EndsWith(
                    "\nContent-Length: 19\nContent-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n\n404 page not found\n", answer, StringComparison.Ordinal);
            }
            else if (method == "GET")
            {
                Assert.EndsWith(
                    $"\nContent-Type: text/html; charset=utf-8\nLocation: {location}\n\n<a href=\"{location}\">Moved Permanently</a>.\n\n",
                    answer, StringComparison.Ordinal);
            }
            else
            {
                Assert.EndsWith($"\nContent-Length: 0\nLocation: {location}\n\n", answer, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The reference redirects these, which curl -f and others take for success.</summary>
    [Theory]
    [InlineData("/METRICS/job@base64/eA", 404, "404 page not found: the path is /metrics/job@base64/eA")]
    [InlineData("/metrics/job@BASE64/eA", 404, "404 page not found: the path is /metrics/job@base64/eA")]
    [InlineData("/METRICS/job/eA/", 404, "404 page not found: the path is /metrics/job/eA/")]
    [InlineData("/metrics/JOB/eA/b/?q=%zz", 404, "404 page not found: the path is /metrics/job/eA/b/?q=%zz")]
    [InlineData("/METRICS/job/[x]|^{}\"", 404, "404 page not found: the path is /metrics/job/%5Bx%5D%7C%5E%7B%7D%22")]
    [InlineData("/metrics/job/", 400, "job name is required")]
    [InlineData("/metrics/job@base64/", 404, "404 page not found")]
    [InlineData("//metrics/job/a", 400, "the path has an empty component: ")]
    [InlineData("/metrics//job/a", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job//", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job//a", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job@base64//x/y", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job/a/path//srv/data", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job/a/path//srv", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job/a/x/1//", 400, "the path has an empty component: ")]
    [InlineData("/metrics/job/./b", 400, "the path has a component of dots: ")]
    [InlineData("/metrics/job/a/b/..", 400, "the path has a component of dots: ")]
    [InlineData("/metrics/job/a/b/c/..?x=1", 400, "the path has a component of dots: ")]
    [InlineData("/metrics/job/a/../../../-/quit", 400, "the path has a component of dots: ")]
    public async Task NoChangeIsRedirected(string path, int status, string reason)
    {
        foreach (string method in (string[])["PUT", "POST", "DELETE"])
        {
            foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
            {
                doors.Target.Calls.Clear();
                string answer = Assert.Single(
                    TwoDoors.Split(await TwoDoors.SendAsync(port, $"{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n")));

                Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
                Assert.Contains("\n\n" + reason, answer, StringComparison.Ordinal);
                Assert.Empty(doors.Target.Calls);
            }
        }
    }

    [Theory]
    [InlineData("OPTIONS", "/metrics", 200, "GET, OPTIONS")]
    [InlineData("OPTIONS", "/metrics/job/a/b/c", 200, "DELETE, OPTIONS, POST, PUT")]
    [InlineData("HEAD", "/metrics", 405, "GET, OPTIONS")]
    [InlineData("HEAD", "/metrics/job/a", 405, "DELETE, OPTIONS, POST, PUT")]
    [InlineData("POST", "/metrics", 405, "GET, OPTIONS")]
    [InlineData("GET", "/metrics/job/a", 405, "DELETE, OPTIONS, POST, PUT")]
    [InlineData("Post", "/metrics/job/a", 405, "DELETE, OPTIONS, POST, PUT")]
    [InlineData("TRACE", "/metrics/job/a", 405, "DELETE, OPTIONS, POST, PUT")]
    public async Task MethodsAreTheReferences(string method, string path, int status, string allow)
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            string answer = Assert.Single(TwoDoors.Split(
                await TwoDoors.SendAsync(port, $"{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n", head: method == "HEAD"), method == "HEAD"));
            string rest = status == 200 ? "\nContent-Length: 0\n\n"
                : $"\nContent-Length: 19\nContent-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n\n{(method == "HEAD" ? "" : "Method Not Allowed\n")}";
            Assert.Matches($"^HTTP/1.1 {status} [A-Za-z ]+\nAllow: {allow}{rest}$", answer);
        }
    }

    [Fact]
    public async Task APipelineCrossesFromTheRawDoorToTheEndpoints()
    {
        const string requests =
            "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\nPUT /metrics/job/a HTTP/1.1\r\nHost: "
            + "h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\na 2\n"
            + "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\nPUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        doors.Target.Calls.Clear();

        List<string> whole = TwoDoors.Split(
            (await TwoDoors.SendAsync(doors.RawPort, requests, 5)).Replace("HTTP/1.1 100 Continue\r\n\r\n", "", StringComparison.Ordinal));
        List<string> cut = TwoDoors.Split((await TwoDoors.SendAsync(doors.RawPort, requests, 5, false, 30, 90, 130))
            .Replace("HTTP/1.1 100 Continue\r\n\r\n", "", StringComparison.Ordinal));

        Assert.Equal(4, whole.Count);
        Assert.Equal(whole, cut);
        Assert.Equal(8, doors.Target.Calls.Count);
    }

    [Fact]
    public async Task LargeBodiesThroughBothDoors()
    {
        string body = string.Concat(Enumerable.Range(0, 9000).Select(static i => $"m{i} {i}\n"));
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            foreach (string request in new[]
            {
                $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}",
                $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n",
            })
            {
                doors.Target.Calls.Clear();
                string answer = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, request)));
                Assert.Equal("HTTP/1.1 200 OK\nContent-Length: 0\n\n", answer);
                Assert.EndsWith(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(body))),
                    doors.Target.Calls.Single(), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("Content-Length: 9\r\n\r\na 1\n", "unexpected EOF")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n9\r\na 1\n", "unexpected EOF")]
    public async Task AClientThatStopsInTheMiddleIsTold(string rest, string error)
    {
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            doors.Target.Calls.Clear();
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n" + rest));
            client.Client.Shutdown(SocketShutdown.Send);
            string answer = await new StreamReader(stream).ReadToEndAsync();

            Assert.Empty(doors.Target.Calls);
            Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
            Assert.EndsWith($"\r\n\r\n{error}\n", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ABodyBeyondTheLimitIsAnsweredWhileTheClientStillSends()
    {
        string request =
            "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
            + $"chunked\r\n\r\n200000\r\n{new string('x', 0x200000)}\r\n0\r\n\r\n";
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            string answer = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, request)));
            Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
            Assert.EndsWith("\n\nrequest body too large: more than 100000 bytes\n", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ABodyThatDecodesToTooMuchIs413AndTheConnectionStays()
    {
        string bomb = Encoding.Latin1.GetString(Gzip.Pack(Encoding.ASCII.GetBytes(new string('#', 300_000))));
        foreach (int port in new[] { doors.RawPort, doors.EndpointPort })
        {
            string one = $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: {bomb.Length}\r\n\r\n{bomb}";
            List<string> answers = TwoDoors.Split(await TwoDoors.SendAsync(port, one + one, 2));
            Assert.Equal(2, answers.Count);
            Assert.All(answers, static a => Assert.StartsWith("HTTP/1.1 413 ", a, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task BothDoorsCountTheSameSize()
    {
        using var fresh = new RawHarness();
        const string request =
            "POST /metrics/job/size/x/1?q HTTP/1.1\r\nHost: example:1\r\nUser-Agent: x\r\nAccept: a\r\nAccept: b\r\nContent-Length: "
            + "4\r\n\r\na 1\n";
        await using var own = new TwoDoors();
        await own.InitializeAsync();
        await TwoDoors.SendAsync(own.RawPort, request);
        double raw = SizeSum(own.Engine);
        await TwoDoors.SendAsync(own.EndpointPort, request);
        Assert.True(raw > 50);
        Assert.Equal(2 * raw, SizeSum(own.Engine));
    }

    private static double SizeSum(ExpositionEngine engine)
    {
        var set = new Formats.FamilySet();
        engine.Collect(set);
        foreach (Formats.FamilyRow family in set.Families)
        {
            if (set.Text(family.Name).SequenceEqual("pushgateway_http_push_size_bytes"u8))
            {
                return set.Metrics[family.FirstMetric].Value;
            }
        }

        return 0;
    }
}
