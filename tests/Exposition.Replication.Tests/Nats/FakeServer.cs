using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exposition.Replication.Tests.Nats;

/// <summary>Introduces itself as a nats-server with properties that the real one here has not, and answers pings.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _information;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public FakeServer(string version, bool jetStream)
    {
        _listener.Start();
        _information = "INFO {\"server_id\":\"X\",\"server_name\":\"fake\",\"version\":\"" + version + "\",\"proto\":1,\"headers\":true,"
            + "\"max_payload\":1048576,\"client_id\":1,\"jetstream\":" + (jetStream ? "true" : "false") + "}\r\n";
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The end.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(_information), _stop.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            while (await reader.ReadLineAsync(_stop.Token) is { } line)
            {
                if (line.StartsWith("PING", StringComparison.Ordinal))
                {
                    await stream.WriteAsync("PONG\r\n"u8.ToArray(), _stop.Token);
                }
            }
        }
        catch (IOException)
        {
            // The client has gone.
        }
    }
}
