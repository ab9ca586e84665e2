using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Many requests one behind the other on one connection, some hundred before the answer of the first is awaited.</summary>
internal sealed class Pipelined : IAsyncDisposable
{
    private const int AtOnce = 200;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _received = new byte[64 << 10];

    /// <summary>Connects to the server on a port of this machine.</summary>
    public static async Task<Pipelined> ConnectAsync(int port)
    {
        var one = new Pipelined();
        await one._socket.ConnectAsync("127.0.0.1", port);
        return one;
    }

    /// <summary>Sends requests that must all succeed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="request">Makes one: all of it but the host.</param>
    public async Task SendAsync(int count, Func<int, (string Line, string Fields)> request)
    {
        for (var at = 0; at < count; at += AtOnce)
        {
            var now = Math.Min(AtOnce, count - at);
            var requests = Enumerable.Range(at, now).Select(request)
                .Select(static one => $"{one.Line} HTTP/1.1\r\nHost: gateway\r\n{one.Fields}");
            await _socket.SendAsync(Encoding.UTF8.GetBytes(string.Concat(requests)));
            var answers = "";
            while (!answers.EndsWith("\r\n\r\n", StringComparison.Ordinal) || Regex.Count(answers, "HTTP/1.1 20") < now)
            {
                var read = await _socket.ReceiveAsync(_received);
                Assert.NotEqual(0, read);
                answers += Encoding.ASCII.GetString(_received, 0, read);
                Assert.DoesNotMatch("HTTP/1.1 [^2]", answers);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
