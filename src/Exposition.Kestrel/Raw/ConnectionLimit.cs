using System.Buffers;
using System.Net;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Raw;

// A connection that comes when all seats are taken is let in, and the longest idle connection of the client that has most is ended for it.
// That one is told to end as at a shutdown, so nothing that has come is lost; if it has not ended a second later, as with half a head, it
// is broken. Meanwhile there are more connections than the limit says, by an eighth of it, but at least 8 and at most 100. Beyond that a
// new connection waits for a moment until some have gone, if possible in the system's queue, where the listener asks before it accepts
// (HasRoom). Only where too many wait is one refused.

/// <summary>
/// Connection middleware, the first of all: keeps the number of connections within a limit. One for all endpoints of a host.
/// </summary>
internal sealed class ConnectionLimit(ExpositionEngine engine)
{
    private const int LeastLeaving = 8;
    private const int MostLeaving = 100;
    private const int MostTries = 200;
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_timeToLeave = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ConnectionSeats _seats = new(engine.Options.Time);
    private readonly LinkedList<ConnectionSeat> _leaving = [];
    private readonly int _mostLeaving = Math.Clamp(engine.Options.MaxConnections / 8, LeastLeaving, MostLeaving);
    private static readonly Answer s_refused = new(503, "too many connections", Limit: Limit.Connections);
    private int _entered;
    private int _open;

    public int Open => Volatile.Read(ref _open);

    private static ReadOnlySpan<byte> Refusal =>
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: text/plain; "u8
            + "charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n"u8;

    /// <summary>Wraps the rest of the connection's way.</summary>
    /// <param name="secure">Whether TLS follows: then a refusal cannot be put in words.</param>
    /// <param name="next">The rest.</param>
    public ConnectionDelegate Wrap(bool secure, ConnectionDelegate next) => async connection =>
    {
        ConnectionSeat seat = connection.Features.Get<ConnectionSeat>() ?? Arrive(connection);
        ConnectionEnd end = ConnectionEnd.Error;
        try
        {
            bool entered = await EnterAsync(seat);
            await (entered ? next(connection) : RefuseAsync(connection, secure));
            end = entered ? EndOf(seat) : ConnectionEnd.Limit;
        }
        finally
        {
            bool wasEnded = Leave(seat);
            engine.Metrics.Traffic.CountEnd(wasEnded ? ConnectionEnd.Limit : end);
        }
    };

    /// <summary>Counts a connection from the moment on at which it was accepted.</summary>
    public ConnectionSeat Arrive(ConnectionContext connection)
    {
        var seat = new ConnectionSeat(connection, ClientOf(connection), engine.Options.Time);
        connection.Features.Set(seat);
        Interlocked.Increment(ref _open);
        return seat;
    }

    /// <summary>Whether another connection can be accepted; if not, those that were to end and have not gone are broken.</summary>
    public bool HasRoom()
    {
        int most = engine.Options.MaxConnections;
        if (most <= 0 || Open < most + _mostLeaving)
        {
            return true;
        }

        ConnectionSeat? overdue;
        lock (_lock)
        {
            overdue = TakeOverdue();
        }

        overdue?.Abort();
        return false;
    }

    /// <summary>Serves a request that Kestrel has read, while its connection does not count as idle.</summary>
    public static async Task ServeAsync(HttpContext context, RequestDelegate next)
    {
        ConnectionSeat? seat = context.Features.Get<ConnectionSeat>();
        seat?.BeginRequest();
        try
        {
            await next(context);
        }
        finally
        {
            seat?.EndRequest();
        }
    }

    /// <summary>Ends the connection that has to leave first, because the system has no room for another.</summary>
    public void EndWorst()
    {
        ConnectionSeat? worst;
        lock (_lock)
        {
            worst = _leaving.Count < _mostLeaving ? TakeWorst() : null;
        }

        End(worst);
    }

    private static ClientAddress ClientOf(ConnectionContext connection) =>
        connection.RemoteEndPoint is IPEndPoint peer ? ClientAddress.Of(peer.Address) : default;

    private async ValueTask<bool> EnterAsync(ConnectionSeat seat)
    {
        for (int tries = 0; !TryEnter(seat); tries++)
        {
            if (tries == MostTries || Open > engine.Options.MaxConnections + (4 * _mostLeaving))
            {
                return false;
            }

            await Task.Delay(s_moment);
        }

        return true;
    }

    private bool TryEnter(ConnectionSeat seat)
    {
        int most = engine.Options.MaxConnections;
        bool entered;
        ConnectionSeat? worst = null;
        ConnectionSeat? overdue = null;
        lock (_lock)
        {
            if (most > 0 && _entered >= most)
            {
                overdue = TakeOverdue();
            }

            entered = most <= 0 || _entered < most + _mostLeaving;
            if (entered)
            {
                _entered++;
                _seats.Add(seat);
                worst = most > 0 && _seats.Count > most ? TakeWorst() : null;
            }
        }

        overdue?.Abort();
        End(worst);
        return entered;
    }

    // Kestrel keeps the time between requests itself, and does not say that it is over.
    private ConnectionEnd EndOf(ConnectionSeat seat)
    {
        TimeSpan idle = engine.Options.IdleTimeout;
        ConnectionEnd end = seat.End ?? (seat.IsToEnd ? ConnectionEnd.Shutdown
            : idle > TimeSpan.Zero && seat.IdleSince is < long.MaxValue and var since && engine.Options.Time.GetElapsedTime(since) >= idle
                ? ConnectionEnd.Idle
            : ConnectionEnd.Closed);
        if (end == ConnectionEnd.Idle)
        {
            engine.CountRefusal(Limit.IdleTimeout);
        }

        return end;
    }

    // Whether it was told to end.
    private bool Leave(ConnectionSeat seat)
    {
        Interlocked.Decrement(ref _open);
        lock (_lock)
        {
            bool seated = _seats.Remove(seat);
            _entered -= seated || seat.EndedAt is not null ? 1 : 0;
            if (!seated)
            {
                _leaving.Remove(seat);
            }

            return seat.EndedAt is not null;
        }
    }

    // Under the lock.
    private ConnectionSeat? TakeWorst()
    {
        ConnectionSeat? worst = _seats.Worst();
        if (worst is not null)
        {
            _seats.Remove(worst);
            worst.EndedAt = engine.Options.Time.GetTimestamp();
            _leaving.AddLast(worst);
        }

        return worst;
    }

    // Under the lock. A connection that was broken does not count any more: it ends in any case.
    private ConnectionSeat? TakeOverdue()
    {
        if (_leaving.First?.Value is not { } first
            || (_leaving.Count < _mostLeaving / 2 && engine.Options.Time.GetElapsedTime(first.EndedAt!.Value) < s_timeToLeave))
        {
            return null;
        }

        _leaving.RemoveFirst();
        return first;
    }

    private void End(ConnectionSeat? worst)
    {
        if (worst is null)
        {
            return;
        }

        engine.CountRefusal(Limit.Connections);
        engine.Log.Limited(Limit.Connections, worst.Peer, "ended for another: the longest idle one of the client that has most");
        worst.RequestEnd();
    }

    private async Task RefuseAsync(ConnectionContext connection, bool secure)
    {
        engine.CountRefusal(Limit.Connections);
        engine.Decline(s_refused, new Caller(engine.Clients, Sender.Of(connection.RemoteEndPoint)));
        if (!secure)
        {
            connection.Transport.Output.Write(Refusal);
            await connection.Transport.Output.FlushAsync();
        }
    }
}
