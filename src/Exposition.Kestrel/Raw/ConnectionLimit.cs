using System.Buffers;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

/// <summary>Connection middleware, the first of all: refuses connections beyond a number. One counter for all endpoints of a host.</summary>
internal sealed class ConnectionLimit(ExpositionEngine engine)
{
    private int _open;

    /// <summary>Connections at this moment.</summary>
    public int Open => Volatile.Read(ref _open);

    private static ReadOnlySpan<byte> Refusal =>
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n"u8;

    /// <summary>Wraps the rest of the connection's way.</summary>
    /// <param name="secure">Whether TLS follows: then a refusal cannot be put in words.</param>
    /// <param name="next">The rest.</param>
    public ConnectionDelegate Wrap(bool secure, ConnectionDelegate next) => async connection =>
    {
        int most = engine.Options.MaxConnections;
        try
        {
            if (Interlocked.Increment(ref _open) <= most || most <= 0)
            {
                await next(connection);
                return;
            }

            engine.Metrics.CountRefusal(Limit.Connections);
            engine.Log.Limited(Limit.Connections, Sender.Of(connection.RemoteEndPoint));
            if (!secure)
            {
                connection.Transport.Output.Write(Refusal);
                await connection.Transport.Output.FlushAsync();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    };
}
