using System.Net.Sockets;

namespace Exposition.Harness;

/// <summary>Passes connections on to servers that are chosen for each, can cut them, and can lose what the servers answer.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(System.Net.IPAddress.Loopback, 0);
    private readonly Func<IReadOnlyList<int>> _targets;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _sockets = [];
    private readonly Task _accepting;
    private int _next;
    private volatile bool _losesAnswers;

    /// <summary>Listens on a free port of 127.0.0.1.</summary>
    /// <param name="targets">The ports of 127.0.0.1 that may be connected to, asked for each connection; taken in turn.</param>
    public TcpProxy(Func<IReadOnlyList<int>> targets)
    {
        _targets = targets;
        _listener.Start();
        Port = ((System.Net.IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>Whether what the servers send is thrown away.</summary>
    public bool LosesAnswers
    {
        get => _losesAnswers;
        set => _losesAnswers = value;
    }

    /// <summary>Ends all connections.</summary>
    public void Cut()
    {
        Socket[] sockets;
        lock (_gate)
        {
            sockets = [.. _sockets];
            _sockets.Clear();
        }

        foreach (var socket in sockets)
        {
            socket.Dispose();
        }
    }

    /// <summary>Ends all connections and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        Cut();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Somebody gave up before he was accepted, or the end.
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            Keep(client, server);
            try
            {
                await ConnectAsync(server);
                await Task.WhenAny(CopyAsync(client, server, isAnswer: false), CopyAsync(server, client, isAnswer: true));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One of both is gone: so is the other.
            }

            lock (_gate)
            {
                _sockets.Remove(client);
                _sockets.Remove(server);
            }
        }
    }

    private void Keep(Socket client, Socket server)
    {
        client.NoDelay = server.NoDelay = true;
        lock (_gate)
        {
            _sockets.Add(client);
            _sockets.Add(server);
        }
    }

    private async Task ConnectAsync(Socket server)
    {
        var targets = _targets();
        for (var tries = 1; ; tries++)
        {
            var port = targets[Interlocked.Increment(ref _next) % targets.Count];
            try
            {
                await server.ConnectAsync(System.Net.IPAddress.Loopback, port, _stop.Token);
                return;
            }
            catch (SocketException) when (tries < targets.Count)
            {
                // The next one, then.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                for (var sent = 0; sent < count && !(isAnswer && _losesAnswers);)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stop.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As an end of the stream.
        }
    }
}
