using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Exposition.Kestrel.Raw;

/// <summary>What a connection is waiting for.</summary>
internal enum ConnectionPhase : byte
{
    /// <summary>The next request.</summary>
    Idle,

    /// <summary>The rest of a head.</summary>
    Head,

    /// <summary>The rest of a body.</summary>
    Body,

    /// <summary>
    /// The server itself: memory for the rest of a body, a turn to read it, or a check of credentials. Who waits there watches the
    /// time.
    /// </summary>
    Room,

    /// <summary>The reader of an answer.</summary>
    Write,

    /// <summary>The client's last bytes, after the last answer.</summary>
    Drain,

    /// <summary>Nothing: the connection was handed on or has ended.</summary>
    Done,
}

// The heartbeat's callback cannot be taken back and a shutdown may come at any time, while a cancelled read must never be seen in Kestrel's
// own loop after a hand-off. So all cancellation goes through the gate, and Release leaves no cancellation pending. When a phase begins its
// deadline is written first: a thread that reads the phase and then finds the deadline passed knows that it is the deadline of that phase,
// or of one that ended too late.

/// <summary>
/// Watches over the deadlines of a connection and over graceful shutdown. The heartbeat and the shutdown call in from other threads.
/// </summary>
internal sealed class ConnectionWatch
{
    // A longer time would be beyond the clock's range.
    private const double LongestSeconds = 1e8;

    private readonly ConnectionContext _connection;
    private readonly PipeReader _input;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly CancellationTokenRegistration _shutdown;
    private volatile ConnectionPhase _phase;
    private volatile bool _stopping;
    private bool _cancelRequested;
    private long _deadline;
    private long _idleSince;

    public ConnectionWatch(ConnectionContext connection, TimeProvider time, TimeSpan idleTimeout)
    {
        _connection = connection;
        _input = connection.Transport.Input;
        _time = time;
        Enter(ConnectionPhase.Idle, idleTimeout);
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((ConnectionWatch)state).OnHeartbeat(), this);
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } lifetime)
        {
            _shutdown = lifetime.ConnectionClosedRequested.UnsafeRegister(static state => ((ConnectionWatch)state!).OnShutdown(), this);
        }
    }

    public ConnectionPhase Phase => _phase;

    /// <summary>Since when no request is served: a head that has not come whole does not count. The largest number while one is.</summary>
    public long IdleSince =>
        _phase is ConnectionPhase.Idle or ConnectionPhase.Head or ConnectionPhase.Drain ? Volatile.Read(ref _idleSince) : long.MaxValue;

    /// <summary>Whether the server shuts down: no further request is to be read.</summary>
    public bool Stopping => _stopping;

    public bool Expired => _time.GetTimestamp() >= Volatile.Read(ref _deadline);

    /// <summary>How much time is left of the phase.</summary>
    public TimeSpan Left => _time.GetElapsedTime(_time.GetTimestamp(), Volatile.Read(ref _deadline));

    /// <summary>Starts a phase, with a deadline from now; zero or less for none.</summary>
    public void Enter(ConnectionPhase phase, TimeSpan timeout)
    {
        long now = _time.GetTimestamp();
        if (phase == ConnectionPhase.Idle)
        {
            Volatile.Write(ref _idleSince, now);
        }

        Volatile.Write(ref _deadline, timeout <= TimeSpan.Zero
            ? long.MaxValue
            : now + (long)(Math.Min(timeout.TotalSeconds, LongestSeconds) * _time.TimestampFrequency));
        _phase = phase;
    }

    /// <summary>The phase and its deadline, for <see cref="Restore"/>.</summary>
    public (ConnectionPhase Phase, long Deadline) Current => (_phase, Volatile.Read(ref _deadline));

    /// <summary>Goes back to a phase that was interrupted.</summary>
    public void Restore(ConnectionPhase phase, long deadline)
    {
        Volatile.Write(ref _deadline, deadline);
        _phase = phase;
    }

    /// <summary>To be called with each result of a read.</summary>
    public void Observe(in ReadResult result)
    {
        if (result.IsCanceled)
        {
            lock (_lock)
            {
                _cancelRequested = false;
            }
        }
    }

    /// <summary>Stops watching; from now on no read will be cancelled.</summary>
    public void Release()
    {
        bool pending;
        lock (_lock)
        {
            _phase = ConnectionPhase.Done;
            pending = _cancelRequested;
        }

        _shutdown.Dispose();
        if (pending)
        {
            TakeCancellation();
        }
    }

    /// <summary>Interrupts the wait for input, if the connection waits for that.</summary>
    public void Interrupt()
    {
        lock (_lock)
        {
            if (_phase != ConnectionPhase.Done)
            {
                CancelRead();
            }
        }
    }

    // A connection whose input has failed is not handed on, so nobody will meet the cancellation.
    private void TakeCancellation()
    {
        try
        {
            if (_input.TryRead(out ReadResult result))
            {
                _input.AdvanceTo(result.Buffer.Start, result.Buffer.Start);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection was broken meanwhile: nobody reads it any more.
        }
    }

    private void OnHeartbeat()
    {
        ConnectionPhase phase = _phase;
        if (!Expired)
        {
            return;
        }

        lock (_lock)
        {
            switch (_phase == phase ? phase : ConnectionPhase.Done)
            {
                case ConnectionPhase.Done or ConnectionPhase.Room:
                    break;
                case ConnectionPhase.Write:
                    _connection.Abort(new ConnectionAbortedException("the answer was not read in time"));
                    break;
                default:
                    CancelRead();
                    break;
            }
        }
    }

    private void OnShutdown()
    {
        lock (_lock)
        {
            _stopping = true;
            if (_phase != ConnectionPhase.Done)
            {
                CancelRead();
            }
        }
    }

    private void CancelRead()
    {
        _cancelRequested = true;
        _input.CancelPendingRead();
    }
}
