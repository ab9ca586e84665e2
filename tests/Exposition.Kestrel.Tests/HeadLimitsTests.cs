using System.Net;

namespace Exposition.Kestrel.Tests;

/// <summary>Heads beyond a limit have one answer, whichever way they come in.</summary>
public class HeadLimitsTests(TwoDoors doors) : IClassFixture<TwoDoors>
{
    private const int Head = 64 << 10;
    private const int Target = 32 << 10;
    private static readonly string s_longest = Push(HeadOf(Head));

    /// <summary>A request, the limit that it is beyond, and the answer's text.</summary>
    public static TheoryData<string, string, string> TooLong => new()
    {
        { Push("", new string('j', Target - 12)), "target-bytes",
            "414 URI Too Long|request target too long: 32769 bytes are more than 32768 (MaxTargetBytes)\n" },
        { "GET /" + new string('x', Target) + " HTTP/1.1\r\nHost: h\r\n\r\n", "target-bytes",
            "414 URI Too Long|request target too long: 32769 bytes are more than 32768 (MaxTargetBytes)\n" },
        { Push(HeadOf(Head + 1)), "head-bytes",
            "431 Request Header Fields Too Large|request head too large: 65537 bytes are more than 65536 (MaxHeadBytes)\n" },
        { "GET /metrics HTTP/1.1\r\nHost:h\r\n" + string.Concat(Enumerable.Repeat("a:\r\n", 100)) + "\r\n", "headers",
            "431 Request Header Fields Too Large|too many request headers: 101 are more than 100 (MaxHeaders)\n" },
    };

    /// <summary>What is not read to its end, with the limit that it is counted under.</summary>
    public static TheoryData<string, string, string> FarTooLong => new()
    {
        { Push("", new string('j', 3 * Target)), "target-bytes", "414 URI Too Long|request target too long: " },
        { Push(HeadOf(3 * Head)), "head-bytes", "431 Request Header Fields Too Large|request head too large: " },
        { Push(string.Concat(Enumerable.Repeat("a:\r\n", 201))), "headers",
            "431 Request Header Fields Too Large|too many request headers: " },
    };

    [Theory]
    [MemberData(nameof(TooLong))]
    public async Task BothDoorsSayWhatIsTooLong(string request, string limit, string answer)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            int before = LimitTests.Refused(doors.Engine, limit);
            string received = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, request, answers: 2)));
            string[] parts = answer.Split('|');
            Assert.StartsWith("HTTP/1.1 " + parts[0] + "\nConnection: close\n", received, StringComparison.Ordinal);
            Assert.EndsWith("\n\n" + parts[1], received, StringComparison.Ordinal);
            Assert.Equal(before + 1, LimitTests.Refused(doors.Engine, limit));
        }
    }

    [Theory]
    [MemberData(nameof(FarTooLong))]
    public async Task BeyondTwiceTheLimitItIsSaidBeforeAllHasCome(string request, string limit, string answer)
    {
        foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
        {
            int before = LimitTests.Refused(doors.Engine, limit);
            string received = Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, request, answers: 2)));
            string[] parts = answer.Split('|');
            Assert.StartsWith("HTTP/1.1 " + parts[0] + "\nConnection: close\n", received, StringComparison.Ordinal);
            Assert.Contains("\n\n" + parts[1], received, StringComparison.Ordinal);
            Assert.Equal(before + 1, LimitTests.Refused(doors.Engine, limit));
        }
    }

    [Fact]
    public async Task AtTheLimitBothDoorsServe()
    {
        string padded = s_longest.Replace("Host:h", "Host: \t  h \t ", StringComparison.Ordinal);
        foreach (string request in (string[])[s_longest, padded, Push("", new string('j', Target - 13))])
        {
            foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
            {
                Assert.StartsWith(
                    "HTTP/1.1 200 OK\n", Assert.Single(TwoDoors.Split(await TwoDoors.SendAsync(port, request))), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(100, 10, 1, HttpStatusCode.OK, "", "")]
    [InlineData(40_000, 10, 1, HttpStatusCode.RequestUriTooLong, "target-bytes",
        "request target too long: 40013 bytes are more than 32768 (MaxTargetBytes)\n")]
    [InlineData(10, 40_000, 2, HttpStatusCode.RequestHeaderFieldsTooLarge, "head-bytes", "request head too large: 80")]
    [InlineData(10, 1, 120, HttpStatusCode.RequestHeaderFieldsTooLarge, "headers", "too many request headers: 12")]
    public async Task OverHttp2ItIsTheSame(int target, int value, int headers, HttpStatusCode status, string limit, string text)
    {
        int before = LimitTests.Refused(doors.Engine, limit);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Put, $"http://127.0.0.1:{doors.Http2Port}/metrics/job/{new string('j', target)}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent("a 1\n"u8.ToArray()),
        };
        for (int i = 0; i < headers; i++)
        {
            request.Headers.Add("x" + i, new string('y', value));
        }

        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
        Assert.StartsWith(text, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        if (limit.Length > 0)
        {
            Assert.Equal(before + 1, LimitTests.Refused(doors.Engine, limit));
        }
    }

    // Kestrel mostly ends the whole connection then, before there is a request that could be answered or counted.
    [Theory]
    [InlineData(30, 10_000, false)]
    [InlineData(1, 200_000, false)]
    [InlineData(220, 1, true)]
    public async Task OverHttp2KestrelRefusesBeyondTwiceTheLimit(int headers, int value, bool answers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{doors.Http2Port}/metrics")
        { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        for (int i = 0; i < headers; i++)
        {
            request.Headers.Add("x" + i, new string('y', value));
        }

        Task<HttpResponseMessage> sending = client.SendAsync(request, TestContext.Current.CancellationToken);
        if (answers)
        {
            using HttpResponseMessage response = await sending;
            Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
        }
        else
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => sending);
        }
    }

    private static string Push(string headers, string job = "a") => $"PUT /metrics/job/{job} HTTP/1.1\r\nHost:h\r\n{headers}\r\n";

    // A header that makes a push's head so long.
    private static string HeadOf(int bytes) => "X:" + new string('x', bytes - Push("X:\r\n").Length) + "\r\n";
}
