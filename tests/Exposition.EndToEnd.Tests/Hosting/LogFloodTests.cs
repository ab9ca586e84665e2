using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Whatever clients send, the log stays within its bounds and shows no stack.</summary>
public sealed class LogFloodTests
{
    private const int Rounds = 60;

    [Theory]
    [InlineData("info")]
    [InlineData("debug")]
    public async Task A_flood_of_refused_requests_writes_a_bounded_number_of_bounded_lines(string level)
    {
        await using var gateway = await GatewayProcess.StartAsync("--log.level=" + level);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(client => FloodAsync(gateway.Port, client)));

        // The last lines come a moment later.
        await Task.Delay(500);
        var lines = gateway.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var purses = level == "debug" ? 2 : 1;
        var seconds = watch.Elapsed.TotalSeconds;
        const int startLines = 20;
        Assert.InRange(lines.Length, 5, (purses * (200 + (3 * seconds))) + startLines);
        Assert.InRange(lines.Sum(static line => Encoding.UTF8.GetByteCount(line)), 1, purses * ((256 + (20 * seconds)) * 1024));
        Assert.All(lines, static line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, 4096));
        Assert.All(lines, static line => Assert.DoesNotContain(line, static c => char.IsControl(c)));
        Assert.DoesNotContain(lines, static line => line.Contains("   at ", StringComparison.Ordinal) || line.Contains("nhandled", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.Contains("pushed metrics are invalid or inconsistent with existing metrics", StringComparison.Ordinal)
            && line.Contains(" method=PUT logged_source=127.0.0.1:", StringComparison.Ordinal));
        using var served = await gateway.Client.PutAsync("metrics/job/honest", new StringContent("a 1\n"));
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    private static async Task FloodAsync(int port, int client)
    {
        var label = new string('\u0001', 60_000);
        for (var i = 0; i < Rounds; i++)
        {
            foreach (var request in (string[])[
                Put($"clash{client}-{i}", "x 1\nx 1\n"),
                Put("bad", $"x{{a=\"{label}\"}} nonsense\n"),
                Put("long", $"x{{a=\"{label}{label}\"}} 1\n"),
                "PUT /metrics/job@base64/%01%7f HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 123456789012345678901\r\n\r\n",
                "GET //x?\u0001\u007f HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET /\u001b[31m HTTP/1.1\r\nHost: h\r\n\r\n",
                "POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\0: x\r\n\r\n",
                "BREW / HTTP/1.1\r\nHost: h\r\nX: " + new string('y', 70_000) + "\r\n\r\n",
            ])
            {
                try
                {
                    using var socket = new TcpClient();
                    await socket.ConnectAsync(IPAddress.Loopback, port);
                    await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request.Replace("Host: h\r\n", "Host: h\r\nConnection: close\r\n", StringComparison.Ordinal)));
                    using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                    await socket.GetStream().CopyToAsync(Stream.Null, patience.Token);
                }
                catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
                {
                    // Refused in whatever way; the log is what counts.
                }
            }
        }
    }

    private static string Put(string job, string body) => $"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}";
}
