using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>SIGTERM while requests are in flight, through both doors.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Expect: 100-continue\r\n")]
    public async Task A_push_in_flight_is_answered_and_kept_and_the_others_are_let_go(string door)
    {
        var directory = Directory.CreateTempSubdirectory("exposition-stop").FullName;
        try
        {
            var file = "--persistence.file=" + Path.Combine(directory, "state");
            await using (var gateway = await GatewayProcess.StartAsync(file))
            {
                using var idle = await OpenAsync(gateway.Port);
                using var pusher = await OpenAsync(gateway.Port);
                await SendAsync(pusher, $"PUT /metrics/job/last HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n{door}\r\n");
                if (door.Length > 0)
                {
                    Assert.StartsWith("HTTP/1.1 100", await ReadAsync(pusher, 1), StringComparison.Ordinal);
                }

                await SendAsync(pusher, "a 1\n");
                await Task.Delay(1000);
                var stop = gateway.StopAsync();

                // While the other is still waited for, which would go on for as long as the patience of this test.
                Assert.Equal("", await ReadAsync(idle, 1));
                await Assert.ThrowsAnyAsync<SocketException>(() => OpenAsync(gateway.Port));
                await SendAsync(pusher, "b 2\n");
                var answer = await ReadAsync(pusher, 1 << 16);
                Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
                Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
                Assert.Equal(0, await stop);
            }

            await using var next = await GatewayProcess.StartAsync(file);
            Assert.Equal(2, (await next.ScrapeAsync()).Value("b{instance=\"\",job=\"last\"}"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Whoever_does_not_come_to_an_end_is_cut_off_after_the_timeout()
    {
        await using var gateway = await GatewayProcess.StartAsync("--web.shutdown-timeout=1s");
        using var raw = await OpenAsync(gateway.Port);
        using var general = await OpenAsync(gateway.Port);
        await SendAsync(raw, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\na 1\n");
        await SendAsync(general, "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\nTrailer: x\r\n\r\na 1\n");
        await Task.Delay(1000);
        var watch = Stopwatch.StartNew();

        // Without the timeout it would have to be killed, and there would be no code.
        Assert.Equal(0, await gateway.StopAsync());
        Assert.True(watch.Elapsed.TotalSeconds > 0.9, $"cut off after {watch.Elapsed}");
    }

    private static async Task<Socket> OpenAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text));

    // Until so many bytes have come or the server has closed.
    private static async Task<string> ReadAsync(Socket socket, int atLeast)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (text.Length < atLeast && await socket.ReceiveAsync(buffer, patience.Token) is > 0 and var count)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
