using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

public class RawConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private const string Pipeline =
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n"
        + "POST /metrics/job/b/x/1?q HTTP/1.1\r\nhost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n2;e=\"f\"\r\nab\r\n03\r\ncde\r\n0\r\nT: x\r\n\r\n"
        + "DELETE /metrics/job/c HTTP/1.1\r\nHost: [::1]\r\nX-Long: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n"
        + "POST /metrics/job/d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nbad"
        + "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"
        + "PUT /metrics/job/e HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

    private const string PipelineAnswers =
        Ok + Ok + "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        + "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 41\r\n\r\ntext format parsing error in line 1: bad\n"
        + "HTTP/1.1 200 OK\r\nVary: Accept, Accept-Encoding\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8; escaping=underscores\r\nContent-Length: 21\r\n\r\n# TYPE a untyped\na 1\n"
        + "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

    private static readonly string[] s_pipelineCalls =
    [
        """Replace {job="a"} Text a 1""" + "\n",
        """Merge {job="b",x="1"} Text abcde""",
        """Delete {job="c"}""",
        """Merge {job="d"} Text bad""",
        "Scrape Text Underscores",
        """Replace {job="e"} Text """,
    ];

    [Theory]
    [InlineData(4096)]
    [InlineData(16)]
    public async Task EveryCutOfAPipelineIsServedAlike(int segment)
    {
        for (int cut = 0; cut <= Pipeline.Length; cut++)
        {
            var raw = new RawHarness(segment: segment);
            string answers = await raw.ExchangeAsync(Pipeline, cut);
            Assert.Equal(PipelineAnswers, answers);
            Assert.Equal(s_pipelineCalls, raw.Target.Calls);
            Assert.Null(raw.HandedOn);
        }
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(16)]
    public async Task APipelineByteByByte(int segment)
    {
        var raw = new RawHarness(segment: segment);

        Assert.Equal(PipelineAnswers, await raw.ExchangeAsync(Pipeline, [.. Enumerable.Range(1, Pipeline.Length - 1)]));
        Assert.Equal(s_pipelineCalls, raw.Target.Calls);
    }

    [Fact]
    public async Task TheReferencesAnswerToAPushByteByByte()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n");

        Assert.True(raw.Connection.Transport is not null);
        var reader = raw.Connection.Application!.Input;
        string answer = Encoding.Latin1.GetString((await reader.ReadAsync()).Buffer);

        Assert.Equal("HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Length: 0\r\n\r\n", answer);
    }

    public static TheoryData<string> ColdHeads =>
    [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /metrics/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "HEAD /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
        "PATCH /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "put /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.0\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a\r\n\r\n",
        "PUT http://h/metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job//x HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a/../b HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT  /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/\u00E4 HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\nHost: h\n\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\na 1\n",
        "\r\nPUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost:\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: a b\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0x4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length : 4\r\n\r\na 1\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer_Encoding\u00A0: chunked\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\n Host: h\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: a\u0000b\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTrailer: X\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
        "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n",
        "GET /metrics HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001",
        "GET /met",
    ];

    [Theory]
    [MemberData(nameof(ColdHeads))]
    public async Task WhatIsNotWhollyUnderstoodIsHandedOnUnread(string head)
    {
        const string before = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n";
        for (int cut = 0; cut <= head.Length; cut += Math.Max(1, head.Length / 17))
        {
            var raw = new RawHarness();
            string answers = await raw.ExchangeAsync(before + head, before.Length + cut);

            Assert.Equal(Ok, answers);
            Assert.Equal(Ok, raw.SentBeforeHandOff);
            Assert.StartsWith(raw.HandedOn!, head, StringComparison.Ordinal);
            Assert.NotEqual("", raw.HandedOn);
            Assert.Single(raw.Target.Calls);
        }
    }

    [Fact]
    public async Task HeadsOfTooManyLinesAreHandedOn()
    {
        string ManyHeaders(int count) => "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", count)) + "\r\n";

        Assert.Equal(Ok, await new RawHarness().ExchangeAsync(ManyHeaders(99)));
        var many = new RawHarness();
        Assert.Equal("", await many.ExchangeAsync(ManyHeaders(100)));
        Assert.Equal(ManyHeaders(100), many.HandedOn);
    }

    [Theory]
    [InlineData("Connection: keep-alive", "Connection: keep-alive\r\nKeep-Alive: timeout=120\r\n")]
    [InlineData("connection: Keep-Alive, TE\r\nTE: deflate", "Connection: keep-alive\r\nKeep-Alive: timeout=120\r\n")]
    [InlineData("Connection: close", "Connection: close\r\n")]
    [InlineData("Connection: keep-alive\r\nConnection: close", "Connection: close\r\n")]
    [InlineData("Connection: TE\r\nTE: trailers", "")]
    public async Task ConnectionOptions(string header, string answered) => Assert.Equal(
        $"HTTP/1.1 200 OK\r\n{answered}Content-Length: 0\r\n\r\n",
        await new RawHarness().ExchangeAsync($"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n{header}\r\n\r\n"));

    [Theory]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na 1\n", "unexpected EOF")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\na 1\n", "unexpected EOF")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n", "unexpected EOF")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid byte in chunk length")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n", "http chunk length too large")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\na 1\n\r\n0\r\n\r\n", "invalid byte in chunk length")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4;x\na 1\n\r\n0\r\n\r\n", "malformed chunked encoding")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n0\r\n\r\n", "malformed chunked encoding")]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nGET /x\n\r\n", "malformed chunked encoding")]
    public async Task BodiesThatDoNotComeAreAnsweredAndNothingIsStored(string request, string error)
    {
        var raw = new RawHarness();

        string answers = await raw.ExchangeAsync(request);

        Assert.Equal($"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {error.Length + 1}\r\n\r\n{error}\n", answers);
        Assert.Empty(raw.Target.Calls);
        Assert.Null(raw.HandedOn);
    }

    [Theory]
    [InlineData("Content-Length: 1001\r\n\r\n", 1001)]
    [InlineData("Content-Length: 1001\r\n\r\n", 0)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 1001)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 0)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n3e8\r\n", 500)]
    public async Task BodiesThatAreTooLargeAreRefusedAndDrained(string framing, int sent)
    {
        var raw = new RawHarness(new ExpositionOptions { MaxBodyBytes = 1000 });
        raw.Send($"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n{framing}{new string('x', sent)}");

        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n", raw.Received(), StringComparison.Ordinal);
        Assert.False(raw.Run.IsCompleted);
        raw.Send(new string('x', 10_000));
        Assert.False(raw.Run.IsCompleted);
        raw.End();
        await raw.Run;
        Assert.Empty(raw.Target.Calls);
    }

    [Fact]
    public async Task DrainingEndsByItself()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxBodyBytes = 10 });
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx");
        raw.Beat(TimeSpan.FromSeconds(4));
        Assert.False(raw.Run.IsCompleted);
        raw.Beat(TimeSpan.FromSeconds(2));
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task LargeBodiesArriveWhole(int size)
    {
        byte[] body = new byte[size];
        new Random(size).NextBytes(body);
        foreach (bool chunked in new[] { false, true })
        {
            var raw = new RawHarness();
            raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n" + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {size}\r\n\r\n"));
            for (int at = 0; at < size; at += 70_000)
            {
                byte[] piece = body[at..Math.Min(size, at + 70_000)];
                raw.Send(chunked ? piece.Length.ToString("X", CultureInfo.InvariantCulture) + "\r\n" : "");
                raw.Send(piece);
                raw.Send(chunked ? "\r\n" : "");
            }

            raw.Send(chunked ? "0\r\n\r\n" : "");
            raw.End();
            await raw.Run.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            Assert.Equal(Ok, raw.Received());
            Assert.EndsWith(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body)), raw.Target.Calls.Single(),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task IdleConnectionsEndQuietly()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Beat(TimeSpan.FromSeconds(129));
        Assert.False(raw.Run.IsCompleted);
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Beat(TimeSpan.FromSeconds(129));
        Assert.False(raw.Run.IsCompleted);
        raw.Beat(TimeSpan.FromSeconds(2));
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Null(raw.HandedOn);
    }

    [Fact]
    public async Task SlowHeadsAreAnswered408()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metr");
        for (int i = 0; i < 3 && !raw.Run.IsCompleted; i++)
        {
            raw.Beat(TimeSpan.FromSeconds(11));
            raw.Send("i");
        }

        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Null(raw.HandedOn);
        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n", raw.Received(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SlowBodiesAreAnswered408AndGoodOnesGetTimeForTheirSize()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
        raw.Send(new byte[20_000]);
        raw.Beat(TimeSpan.FromSeconds(45));
        Assert.False(raw.Run.IsCompleted);
        raw.Beat(TimeSpan.FromSeconds(6));
        Assert.Contains("HTTP/1.1 408 Request Timeout\r\n", raw.Received(), StringComparison.Ordinal);
        raw.Beat(TimeSpan.FromSeconds(6));
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Empty(raw.Target.Calls);
    }

    [Fact]
    public async Task ShutdownEndsIdleConnectionsAtOnce()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Shutdown();
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(Ok, raw.Received());
    }

    [Fact]
    public async Task ShutdownLetsARequestFinish()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na");
        raw.Shutdown();
        Assert.False(raw.Run.IsCompleted);
        raw.Send(" 1\n");
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", raw.Received());
        Assert.Single(raw.Target.Calls);
    }

    [Fact]
    public async Task AfterAHandOffNoReadIsCancelled()
    {
        var raw = new RawHarness();
        raw.Send("GET /stat");
        raw.Send("us HTTP/1.1\r\nHost: h\r\n\r\n");
        await raw.Run;
        raw.Beat(TimeSpan.FromHours(1));
        raw.Shutdown();
        Assert.False(raw.StrayCancellation);
        raw.Send("more");
        Assert.True(raw.Input.TryRead(out var result));
        Assert.False(result.IsCanceled);
    }

    [Fact]
    public async Task AResetIsNotAnError()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na");
        raw.Reset();
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Empty(raw.Target.Calls);
    }

    [Fact]
    public async Task AFaultOfTheStoreIs500AndTheConnectionEnds()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nthrow");
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.StartsWith("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n", raw.Received(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UncheckedPushesAre202()
    {
        var raw = new RawHarness(target: new FakeTarget { Success = PushStatus.Accepted });
        Assert.Equal("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", await raw.ExchangeAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n"));
    }

    [Fact]
    public async Task BadPathsAreAnsweredAfterTheBodyAndTheConnectionStays()
    {
        var raw = new RawHarness();
        string answers = await raw.ExchangeAsync("PUT /metrics/job/a/x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\nPUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\nContent-Type", answers, StringComparison.Ordinal);
        Assert.EndsWith("odd number of components in label string \"/x\"\n" + Ok, answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScrapesOfKnownAndUnknownLengthAndCompressed()
    {
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40_000).Select(i => $"metric_{i} {i}\n")));
        foreach (bool known in new[] { true, false })
        {
            foreach (bool gzip in new[] { false, true })
            {
                var raw = new RawHarness(target: new FakeTarget { ScrapeBody = body, LengthIsKnown = known });
                string answer = await raw.ExchangeAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n" + (gzip ? "Accept-Encoding: gzip\r\n" : "") + "\r\nPUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");

                int split = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
                Assert.EndsWith(Ok, answer, StringComparison.Ordinal);
                Assert.Equal(gzip, answer[..split].Contains("Content-Encoding: gzip\r\n", StringComparison.Ordinal));
                Assert.Equal(known, answer[..split].Contains("Content-Length: ", StringComparison.Ordinal));
                byte[] payload = Encoding.Latin1.GetBytes(answer[split..^Ok.Length]);
                payload = known ? payload : Dechunk(payload);
                payload = gzip ? Gzip.Unpack(payload) : payload;

                Assert.True(body.AsSpan().SequenceEqual(payload));
                Assert.Equal(0, raw.Target.OpenScrapes);
            }
        }
    }

    [Theory]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", "ProtobufDelimited Underscores")]
    [InlineData("text/plain;version=0.0.4;q=0.3;escaping=allow-utf-8,*/*;q=0.2", "Text AllowUtf8")]
    public async Task ScrapesNegotiate(string accept, string opened)
    {
        var raw = new RawHarness();
        await raw.ExchangeAsync($"GET /metrics HTTP/1.1\r\nHost: h\r\nAccept: {accept}\r\nAccept: x/y\r\n\r\n");
        Assert.Equal("Scrape " + opened, raw.Target.Calls.Single());
    }

    [Fact]
    public async Task AScrapeThatFailsIs500()
    {
        var raw = new RawHarness(target: new FakeTarget { ScrapeFails = true });
        string answer = await raw.ExchangeAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 500 Internal Server Error\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nAn error has occurred while serving metrics, see the log\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AScrapeThatBreaksOffBreaksTheConnection()
    {
        var raw = new RawHarness(target: new FakeTarget { ScrapeBreaksOff = true, ScrapeBody = new byte[200_000], LengthIsKnown = false });
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
        await AbortedAsync(raw);
        Assert.DoesNotContain("\r\n0\r\n\r\n", raw.Received(), StringComparison.Ordinal);
        Assert.Equal(0, raw.Target.OpenScrapes);
    }

    [Fact]
    public async Task AScraperThatDoesNotReadIsCutOffAtItsOwnTimeout()
    {
        var raw = new RawHarness(target: new FakeTarget { ScrapeBody = new byte[1 << 20] }, pause: 100_000);
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\nX-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n\r\n");
        raw.Beat(TimeSpan.FromSeconds(1));
        Assert.False(raw.Connection.ConnectionClosed.IsCancellationRequested);
        raw.Beat(TimeSpan.FromSeconds(1));
        await AbortedAsync(raw);
    }

    /// <summary>One more is served, and the slowest ends for it. Only where those that were ended do not go is one refused.</summary>
    [Fact]
    public async Task TooManyScrapesAre503()
    {
        var options = new ExpositionOptions { MaxScrapes = 1 };
        var target = new FakeTarget();
        var raw = new RawHarness(options, target);
        var open = new List<OpenScrape?> { raw.Engine.Scrapes.TryOpen(default, out _) };
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", raw.Received(), StringComparison.Ordinal);
        while (open[^1] is not null)
        {
            open.Add(raw.Engine.Scrapes.TryOpen(default, out _));
        }

        Assert.InRange(open.Count, 2, 50);
        string answer = await raw.ExchangeAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Contains("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n", answer, StringComparison.Ordinal);
        open.ForEach(static scrape => scrape?.Dispose());
    }

    // The context aborts on another thread.
    private static async Task AbortedAsync(RawHarness raw)
    {
        await Task.Run(() => raw.Connection.ConnectionClosed.WaitHandle.WaitOne(5000));
        Assert.True(raw.Connection.ConnectionClosed.IsCancellationRequested);
    }

    internal static byte[] Dechunk(ReadOnlySpan<byte> chunks)
    {
        var data = new List<byte>();
        while (true)
        {
            int end = chunks.IndexOf("\r\n"u8);
            int size = int.Parse(chunks[..end], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            data.AddRange(chunks.Slice(end + 2, size));
            Assert.True(chunks.Slice(end + 2 + size, 2).SequenceEqual("\r\n"u8));
            chunks = chunks[(end + 4 + size)..];
            if (size == 0)
            {
                Assert.True(chunks.IsEmpty);
                return [.. data];
            }
        }
    }
}
