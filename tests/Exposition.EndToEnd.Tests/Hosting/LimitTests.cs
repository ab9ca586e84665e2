using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Limits set by flags, at both doors, and what the program says of them.</summary>
public sealed class LimitTests
{
    // Seconds that a busy machine does not take for what comes in one piece.
    private static readonly string[] s_flags =
    [
        "--limit.head-bytes=2KiB", "--limit.target-bytes=500", "--limit.body-bytes=1000", "--limit.decoded-bytes=5000",
            "--limit.series-per-push=5", "--limit.groups=2",
        "--limit.label-value-bytes=20", "--limit.head-timeout=3s", "--limit.body-timeout=3s", "--limit.connections=4",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_limit_has_its_code_and_is_counted(bool general)
    {
        await using var gateway = await GatewayProcess.StartAsync(s_flags);
        string Put(string job, string body) => $"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        (string Limit, int Status, string Request)[] cases =
        [
            ("target-bytes", 414, Put(new string('x', 600), "a 1\n")),
            ("head-bytes", 431, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: " + new string('x', 3000) + "\r\n\r\n"),
            ("body-bytes", 413, Put("a", new string('#', 1001))),
            ("body-bytes", 413, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n"
                + new string('#', 0x500) + "\r\n0\r\n\r\n"),
            ("series-per-push", 413, Put("a", "a 1\nb 1\nc 1\nd 1\ne 1\nf 1\n")),
            ("label-value-bytes", 400, Put("a", "a{b=\"123456789012345678901\"} 1\n")),
            ("head-timeout", 408, "PUT /metrics/job/a HTTP/1.1\r\nHo"),

            // Handed on unfinished, it has its time once more, and no longer.
            ("head-timeout", 408, "PATCH /metrics/job/a HTTP/1.1\r\nHo"),
            ("body-timeout", 408, Put("a", "a 1\n")[..^2]),
        ];
        var expected = new SortedDictionary<string, int>();
        foreach (var (limit, status, request) in cases)
        {
            Assert.StartsWith($"HTTP/1.1 {status} ", await SendAsync(gateway.Port, request, general), StringComparison.Ordinal);
            expected[limit] = expected.GetValueOrDefault(limit) + 1;
        }

        Assert.StartsWith("HTTP/1.1 200 ", await SendAsync(gateway.Port, Put("a", "a 1\n"), general), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await SendAsync(gateway.Port, Put("b", "a 1\n"), general), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 507 ", await SendAsync(gateway.Port, Put("c", "a 1\n"), general), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await SendAsync(gateway.Port, Put("a", "a 2\n"), general), StringComparison.Ordinal);
        expected["groups"] = 1;

        var scraped = await gateway.ScrapeAsync();
        Assert.Equal(expected, new SortedDictionary<string, int>(
            scraped.Samples.Where(static s => s.Key.StartsWith("pushgateway_limit_refusals_total", StringComparison.Ordinal) && s.Value > 0)
            .ToDictionary(static s => s.Key.Split('"')[1], static s => (int)s.Value)));
        Assert.Contains("\"limit.head-bytes\":\"2KiB\"", await gateway.Client.GetStringAsync(new Uri("api/v1/status", UriKind.Relative)),
            StringComparison.Ordinal);
    }

    /// <summary>Without a rate that earns time, the timeout is all there is, however steadily a body drips.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_drips_has_no_more_than_its_time(bool general)
    {
        await using var gateway = await GatewayProcess.StartAsync("--limit.body-timeout=2s", "--limit.body-rate=0");
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var socket = await OpenAsync(gateway.Port);
        var buffer = new byte[4096];
        if (general)
        {
            await socket.SendAsync("GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray(), end.Token);
            await Task.Delay(300, end.Token);
            await socket.ReceiveAsync(buffer, end.Token);
        }

        await socket.SendAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"u8.ToArray(), end.Token);
        var answer = socket.ReceiveAsync(buffer, end.Token).AsTask();
        while (!answer.IsCompleted)
        {
            await socket.SendAsync("#"u8.ToArray(), end.Token);
            await Task.WhenAny(answer, Task.Delay(300, end.Token));
        }

        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(buffer, 0, await answer), StringComparison.Ordinal);
        await Task.Delay(500, end.Token);
        Assert.DoesNotContain("level=error", gateway.Log, StringComparison.Ordinal);
    }

    /// <summary>All from one address: the longest idle connections end, without a word, and are counted.</summary>
    [Fact]
    public async Task Beyond_the_number_of_connections_the_longest_idle_end()
    {
        await using var gateway = await GatewayProcess.StartAsync(s_flags);
        var held = new List<Socket>();
        for (var i = 0; i < 10; i++)
        {
            held.Add(await OpenAsync(gateway.Port));
        }

        Assert.StartsWith("HTTP/1.1 200 ", await SendAsync(gateway.Port, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", general: false),
            StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await SendAsync(gateway.Port, "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n", general: true),
            StringComparison.Ordinal);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Assert.True(await HasEndedAsync(held[0], patience.Token));
        Assert.True((await gateway.ScrapeAsync()).Value("pushgateway_limit_refusals_total{limit=\"connections\"}") >= 6);
        held.ForEach(static socket => socket.Dispose());
    }

    private static async Task<Socket> OpenAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    // In order where it went when it was told, by a reset where it was broken: which of the two comes first is a matter of time.
    private static async Task<bool> HasEndedAsync(Socket socket, CancellationToken patience)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], patience) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    // The start of the answer. A probe before it makes the connection the general door's.
    private static async Task<string> SendAsync(int port, string request, bool general)
    {
        using var socket = await OpenAsync(port);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[4096];
        if (general)
        {
            await socket.SendAsync("GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray(), patience.Token);
            var text = "";
            while (!text.EndsWith("\r\n\r\nOK", StringComparison.Ordinal))
            {
                text += Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
            }
        }

        await socket.SendAsync(Encoding.ASCII.GetBytes(request), patience.Token);
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
    }
}
