using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>What strangers do to a port. Each attack goes on until the end; what the server does to it is the server's right.</summary>
internal sealed class HostileClients(int port)
{
    private static readonly byte[] s_piece = Encoding.ASCII.GetBytes(new string('#', 64 << 10));

    public static IEnumerable<Task> Many(int count, Func<Task> attack) => Enumerable.Range(0, count).Select(_ => Task.Run(attack));

    /// <summary>Connects.</summary>
    /// <param name="from">The last byte of the loopback address to come from: each has its own ports, of which the kernel finds a free one
    /// fast only while most are.</param>
    public async Task<Socket> OpenAsync(int from = 1)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from > 1)
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)from]), 0));
        }

        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    // Repeats something with connections until the end; what the server does to them is its right.
    private async Task RepeatAsync(Func<Socket, Task> attack, TimeSpan pause, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var socket = await OpenAsync();
                await attack(socket);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
            }

            await Task.Delay(pause, CancellationToken.None);
        }
    }

    public Task DripAsync(string start, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        for (; ; )
        {
            await socket.SendAsync("#"u8.ToArray(), end);
            await Task.Delay(250, end);
        }
    }, TimeSpan.FromMilliseconds(50), end);

    public Task FloodAsync(string start, string forever, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(forever, 100)));
        for (; ; )
        {
            await socket.SendAsync(piece, end);
            await Task.Delay(20, end);
        }
    }, TimeSpan.FromMilliseconds(50), end);

    // Megabytes that are never completed: together they are more than the server may hold.
    public Task HoldBodyAsync(CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n"), end);
        var piece = Encoding.ASCII.GetBytes(new string('#', 390_000));
        for (var i = 0; i < 10; i++)
        {
            await socket.SendAsync(piece, end);
            await Task.Delay(200, end);
        }

        await Task.Delay(5000, end);
    }, TimeSpan.FromMilliseconds(50), end);

    /// <summary>The start of a body that would be twice as long, and then a byte now and then.</summary>
    public Task SlowBodyAsync(int bytes, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: {2 * bytes}\r\n\r\n"), end);
        var piece = s_piece;
        for (var sent = 0; sent < bytes;)
        {
            sent += await socket.SendAsync(piece.AsMemory(0, Math.Min(piece.Length, bytes - sent)), end);
        }

        for (; ; )
        {
            await Task.Delay(500, end);
            await socket.SendAsync(piece.AsMemory(0, 1), end);
        }
    }, TimeSpan.FromMilliseconds(50), end);

    public Task BombAsync(CancellationToken end)
    {
        var packed = Gzip.Pack(new byte[100 << 20]);
        var request = Encoding.ASCII.GetBytes(
            "PUT /metrics/job/bomb HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: "
            + $"{packed.Length}\r\n\r\n").Concat(packed).ToArray();
        return RepeatAsync(async socket =>
        {
            await socket.SendAsync(request, end);
            var buffer = new byte[4096];

            // Where the others hold all the memory there is, that is the answer.
            Assert.Matches(
                "^HTTP/1.1 (413|503)", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, CancellationToken.None)));
        }, TimeSpan.FromMilliseconds(200), end);
    }

    public Task ResetAsync(string start, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        await Task.Delay(10, end);
        socket.LingerState = new LingerOption(true, 0);
    }, TimeSpan.FromMilliseconds(100), end);

    public Task HalfCloseAsync(string request, string status, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), end);
        socket.Shutdown(SocketShutdown.Send);
        var buffer = new byte[4096];
        var answer = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, CancellationToken.None));

        // While others hold all the memory that bodies may have, a body that cannot be taken is told so.
        Assert.True(answer.StartsWith("HTTP/1.1 " + status, StringComparison.Ordinal)
            || (status == "400" && answer.StartsWith("HTTP/1.1 503", StringComparison.Ordinal)), answer);
    }, TimeSpan.FromMilliseconds(100), end);

    public Task NeverReadAsync(TimeSpan each, CancellationToken end) => RepeatAsync(async socket =>
    {
        socket.ReceiveBufferSize = 4096;
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"), end);
        await Task.Delay(each, end);
    }, TimeSpan.FromMilliseconds(50), end);
}
