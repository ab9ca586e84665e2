using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Exposition.Kestrel;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Gateway.Listening;

// Kestrel's own listener takes any failure to accept for a connection that was reset and tries again at once. Where the system has no
// descriptors left, it does so without end: that takes a whole processor, and the memory of all those exceptions. So accepting is ours;
// connections are Kestrel's.

/// <summary>Makes listeners that wait where a connection cannot be accepted.</summary>
internal sealed class PatientListenerFactory(IOptions<SocketTransportOptions> options, ExpositionEngine engine, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly SocketConnectionContextFactory _connections =
        new(From(options.Value), loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint or FileHandleEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket;
        try
        {
            socket = options.Value.CreateBoundListenSocket(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }

        socket.Listen(options.Value.Backlog);
        return ValueTask.FromResult<IConnectionListener>(new PatientListener(
            socket, _connections, options.Value.NoDelay, engine));
    }

    public void Dispose() => _connections.Dispose();

    // What Kestrel's own listener uses. All else that is public leaves out the memory pool, and with blocks of 4 KiB large bodies take
    // twice the time.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SocketConnectionFactoryOptions From(SocketTransportOptions transportOptions);
}

/// <summary>Accepts connections from a socket.</summary>
internal sealed class PatientListener(Socket socket, SocketConnectionContextFactory connections, bool noDelay, ExpositionEngine engine)
    : IConnectionListener
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(10);

    private readonly EndPoint _endPoint = socket.LocalEndPoint!;
    private readonly CancellationTokenSource _end = new();

    public EndPoint EndPoint => _endPoint;

    // The server takes whatever is thrown here for the end of the listener: it would go on without ever accepting again.
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                while (!engine.Connections.HasRoom())
                {
                    await Task.Delay(s_moment, _end.Token);
                }

                return Take(await socket.AcceptAsync(_end.Token));
            }
            catch (Exception e)
            {
                if (_end.IsCancellationRequested)
                {
                    return null;
                }

                await RecoverAsync(e);
            }
        }

        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _end.CancelAsync();
        socket.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _end.Dispose();
        return ValueTask.CompletedTask;
    }

    private ConnectionContext Take(Socket accepted)
    {
        try
        {
            if (accepted.LocalEndPoint is IPEndPoint)
            {
                accepted.NoDelay = noDelay;
            }

            ConnectionContext connection = connections.Create(accepted);
            engine.Connections.Arrive(connection);
            return connection;
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    // Meanwhile the new connection waits in the listen queue; the longest idle one is closed, so that a descriptor is free for it.
    private async Task RecoverAsync(Exception failure)
    {
        engine.Metrics.CountAcceptFailure();
        try
        {
            engine.Log.Begin(LogLevel.Warning, "cannot accept connections, trying again", failure.GetType().Name)?
                .Add("address", _endPoint).Add("err", failure.Message).Write();
            engine.Connections.EndWorst();
        }
        catch (Exception)
        {
            // No memory even for that, perhaps: it has been counted.
        }

        await Task.Delay(s_pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
