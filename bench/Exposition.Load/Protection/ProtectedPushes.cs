using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Exposition.Load.Servers;

namespace Exposition.Load.Protection;

/// <summary>What a round has shown.</summary>
internal sealed record ProtectedResult(double PushesPerSecond, double MegabytesPerSecond, double CpuMicroseconds);

/// <summary>Connections that push one body to some groups, each its next push when the last was answered.</summary>
internal sealed class ProtectedPushes(string name, byte[] body, int connections, int groups)
{
    public string Name => name;

    /// <summary>Pushes for some seconds.</summary>
    /// <exception cref="InvalidOperationException">A push was not answered with 200.</exception>
    public async Task<ProtectedResult> RunAsync(ServerProcess server, ProtectionKind kind, double seconds)
    {
        using var end = new CancellationTokenSource();
        Stream[] streams = await Task.WhenAll(
            Enumerable.Range(0, connections).Select(_ => ConnectAsync(server.Port, WebFiles.IsTls(kind))));

        // The first push pays for the check of the password.
        await PushAsync(streams[0], Request(0, kind));
        TimeSpan cpu = server.Cpu;
        long started = Stopwatch.GetTimestamp();
        end.CancelAfter(TimeSpan.FromSeconds(seconds));
        long[] counts = await Task.WhenAll(streams.Select((stream, i) => Task.Run(() => PushManyAsync(stream, i, kind, end.Token))));
        double elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double used = (server.Cpu - cpu).TotalMicroseconds;
        foreach (Stream stream in streams)
        {
            await stream.DisposeAsync();
        }

        long pushes = counts.Sum();
        return new ProtectedResult(pushes / elapsed, pushes * (double)body.Length / elapsed / 1e6, used / pushes);
    }

    private static async Task<Stream> ConnectAsync(int port, bool tls)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (!tls)
        {
            return stream;
        }

#pragma warning disable CA5359 // Our own server, whose certificate was made a moment ago.
        var secure = new SslStream(stream, leaveInnerStreamOpen: false, static (_, _, _, _) => true);
#pragma warning restore CA5359
        await secure.AuthenticateAsClientAsync("127.0.0.1");
        return secure;
    }

    private async Task<long> PushManyAsync(Stream stream, int connection, ProtectionKind kind, CancellationToken end)
    {
        byte[][] requests = [
            .. Enumerable.Range(0, groups).Where(group => group % connections == connection).Select(group => Request(group, kind))];
        long count = 0;
        while (!end.IsCancellationRequested)
        {
            await PushAsync(stream, requests[count++ % requests.Length]);
        }

        return count;
    }

    private static async Task PushAsync(Stream stream, byte[] request)
    {
        await stream.WriteAsync(request);
        byte[] answer = new byte[1024];
        int read = 0;
        while (read < 4 || !answer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
        {
            int count = await stream.ReadAsync(answer.AsMemory(read));
            if (count == 0)
            {
                throw new InvalidOperationException("the server has closed the connection");
            }

            read += count;
            if (read >= 12 && !answer.AsSpan().StartsWith("HTTP/1.1 200"u8))
            {
                throw new InvalidOperationException(Encoding.ASCII.GetString(answer, 0, read));
            }
        }
    }

    private byte[] Request(int group, ProtectionKind kind)
    {
        string head =
            $"PUT /metrics/job/load/instance/i{group} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain; "
            + $"version=0.0.4\r\nContent-Length: {body.Length}\r\n";
        return [.. Encoding.ASCII.GetBytes(
            head + (kind is ProtectionKind.Auth or ProtectionKind.TlsAndAuth ? WebFiles.Authorization : "") + "\r\n"), .. body];
    }
}
