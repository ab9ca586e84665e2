using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Exposition.Replication.Nats.Connecting;

/// <summary>The connection to the engine: opened once, then kept by the client.</summary>
internal sealed class EngineLink : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly NatsReplicationOptions _options;
    private readonly ILogger _logger;
    private readonly NatsConnection _connection;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _warned = [];
    private CancellationTokenSource _session = new();
    private TaskCompletionSource _opened = NewSignal();
    private volatile bool _wasOpen;

    public EngineLink(NatsReplicationOptions options, ILoggerFactory loggers, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _connection = new NatsConnection(ConnectionSettings.For(options, loggers));
        _connection.ConnectionDisconnected += (_, _) => Lost();
        _connection.ConnectionOpened += (_, _) => Opened();
        JetStream = new NatsJSContext(_connection, new NatsJSOpts(_connection.Opts, requestTimeout: options.RequestTimeout));
    }

    public INatsConnection Connection => _connection;

    public NatsJSContext JetStream { get; }

    public bool IsOpen => _connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>The most bytes of a message that the server takes; what it was last known to be while it is away.</summary>
    public int MaxPayload { get; private set; } = 1 << 20;

    /// <summary>Ends with the connection of now: what was asked for over it may not be answered any more.</summary>
    public CancellationToken Session
    {
        get
        {
            lock (_gate)
            {
                return _session.Token;
            }
        }
    }

    /// <summary>Connects if that was not done, or waits for the client to have connected again.</summary>
    /// <exception cref="LogUnavailableException">Nobody was reached.</exception>
    /// <exception cref="LogUnusableException">The server does not take this node, or cannot do what is needed.</exception>
    public async ValueTask OpenAsync(CancellationToken cancellation)
    {
        if (_wasOpen && !await IsOpenSoonAsync(cancellation).ConfigureAwait(false))
        {
            throw new LogUnavailableException($"no connection to {Servers()}");
        }

        try
        {
            await _connection.ConnectAsync().AsTask().WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NatsException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw Refusal(e) is { } refusal
                ? new LogUnusableException($"the engine refuses this node: {refusal}; expected credentials that it knows")
                : new LogUnavailableException($"cannot connect to {Servers()}: {Innermost(e)}", e);
        }

        _wasOpen = true;
        CheckServer();
    }

    /// <summary>Whether there is a connection, now or within a second.</summary>
    public async ValueTask<bool> IsOpenSoonAsync(CancellationToken cancellation)
    {
        Task opened;
        lock (_gate)
        {
            opened = _opened.Task;
        }

        if (IsOpen)
        {
            return true;
        }

        try
        {
            await opened.WaitAsync(s_patience, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }

        return IsOpen;
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _session.Cancel();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string? Refusal(Exception e) =>
        e is NatsServerException { IsAuthError: true } told ? told.Error : e.InnerException is { } inner ? Refusal(inner) : null;

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;

    private string Servers() => string.Join(", ", _options.Servers.Select(static server => server.Authority));

    private ValueTask Lost()
    {
        lock (_gate)
        {
            _session.Cancel();
            _session = new CancellationTokenSource();
            if (_opened.Task.IsCompleted)
            {
                _opened = NewSignal();
            }
        }

        NatsLog.Disconnected(_logger);
        return ValueTask.CompletedTask;
    }

    private ValueTask Opened()
    {
        lock (_gate)
        {
            _opened.TrySetResult();
        }

        NatsLog.Connected(_logger, _connection.ServerInfo?.Name, _connection.ServerInfo?.Version);
        try
        {
            CheckServer();
        }
        catch (LogUnusableException e)
        {
            // Told to who opens the log next; until then the other servers of the engine may do.
            NatsLog.Unusable(_logger, e.Message);
        }

        return ValueTask.CompletedTask;
    }

    private void CheckServer()
    {
        INatsServerInfo? info = _connection.ServerInfo;
        MaxPayload = info?.MaxPayload is > 0 and { } most ? most : MaxPayload;
        if (info is { JetStreamAvailable: false })
        {
            throw new LogUnusableException(
                $"server {info.Name} has no JetStream; expected it to be enabled (jetstream in its configuration)");
        }

        Version? version = EngineVersion.Parse(info?.Version);
        if (version is null || version < EngineVersion.Least)
        {
            throw new LogUnusableException(
                $"server {info?.Name} is of version {info?.Version}; "
                + $"expected {EngineVersion.Least} or later, better {EngineVersion.Advised}");
        }

        if (version < EngineVersion.Advised)
        {
            lock (_gate)
            {
                if (!_warned.Add(info!.Version))
                {
                    return;
                }
            }

            NatsLog.OldServer(_logger, info.Name, info.Version, EngineVersion.Advised.ToString());
        }
    }
}
