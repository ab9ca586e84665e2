using System.Net;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Exposition.Kestrel.Raw;

/// <summary>A connection among those that are open, and since when nobody has needed it. A feature of the connection.</summary>
internal sealed class ConnectionSeat(ConnectionContext connection, ClientAddress client, TimeProvider time) : IComparable<ConnectionSeat>
{
    private long _idleSince = time.GetTimestamp();
    private int _serving;
    private volatile ConnectionWatch? _watch;

    public ClientAddress Client => client;

    public EndPoint? Peer => Sender.Of(connection.RemoteEndPoint);

    /// <summary>Tells seats apart; set by <see cref="ConnectionSeats"/>.</summary>
    public long Number { get; set; }

    /// <summary>Its place in the order; set by <see cref="ConnectionSeats"/>.</summary>
    public long Known { get; set; }

    /// <summary>When it was told to end, if it was; set by <see cref="ConnectionLimit"/>.</summary>
    public long? EndedAt { get; set; }

    /// <summary>How it has ended, where whoever serves it knows.</summary>
    public ConnectionEnd? End { get; set; }

    /// <summary>Whether the server wants it to end.</summary>
    public bool IsToEnd =>
        connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { ConnectionClosedRequested.IsCancellationRequested: true };

    /// <summary>
    /// Since when it serves nothing: a head that has not come whole does not count. The largest number while it serves something.
    /// </summary>
    public long IdleSince =>
        _watch is { } watch ? watch.IdleSince : Volatile.Read(ref _serving) > 0 ? long.MaxValue : Volatile.Read(ref _idleSince);

    /// <summary>The raw door serves it.</summary>
    public void Watch(ConnectionWatch watch) => _watch = watch;

    /// <summary>The raw door has handed it on.</summary>
    public void Unwatch()
    {
        Volatile.Write(ref _idleSince, time.GetTimestamp());
        _watch = null;
    }

    /// <summary>Kestrel serves a request of it.</summary>
    public void BeginRequest() => Interlocked.Increment(ref _serving);

    public void EndRequest()
    {
        Volatile.Write(ref _idleSince, time.GetTimestamp());
        Interlocked.Decrement(ref _serving);
    }

    /// <summary>Ends it as a shutdown would: what has come is still answered.</summary>
    public void RequestEnd()
    {
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is { } lifetime)
        {
            lifetime.RequestClose();
        }
        else
        {
            Abort();
        }
    }

    public void Abort() => connection.Abort(new ConnectionAbortedException("its place was needed: it was idle for longest"));

    public int CompareTo(ConnectionSeat? other) => Known != other!.Known ? Known.CompareTo(other.Known) : Number.CompareTo(other.Number);
}
