using System.Security.Authentication;
using Exposition.Kestrel;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Gateway.Web;

// The server ends a connection whose handshake fails, and says why in its own log only, without the address: in .NET 10 no feature of the
// connection has the exception, the callback for the options comes before it, and what waits below TLS sees no more than an end. So we look
// whether a connection gets past the handshake, and take the reason from that log, which is written in the connection's own flow.

/// <summary>Logs handshakes that fail.</summary>
internal sealed class Handshakes : ILoggerProvider, ILogger
{
    /// <summary>Where the server says why.</summary>
    public const string Category = "Microsoft.AspNetCore.Server.Kestrel.Https.Internal.HttpsConnectionMiddleware";

    private static readonly AsyncLocal<Attempt?> s_current = new();

    /// <summary>To be called before TLS is added to an endpoint.</summary>
    /// <param name="options">The endpoint.</param>
    /// <param name="failed">Told of each that has failed.</param>
    public static void Before(ListenOptions options, Action<HandshakeFailure> failed)
    {
        ClientLog log = options.ApplicationServices.GetRequiredService<ExpositionEngine>().Log;
        options.Use(next => connection => WatchAsync(connection, next, log, failed));
    }

    /// <summary>To be called after it.</summary>
    public static void After(ListenOptions options) => options.Use(static next => connection =>
    {
        if (connection.Features.Get<Attempt>() is { } attempt)
        {
            attempt.Succeeded = true;
        }

        s_current.Value = null;
        return next(connection);
    });

    public ILogger CreateLogger(string categoryName) => categoryName == Category ? this : NullLogger.Instance;

    public bool IsEnabled(LogLevel logLevel) => s_current.Value is not null;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (s_current.Value is { } attempt)
        {
            attempt.Failure = exception ?? attempt.Failure;
        }
    }

    public void Dispose()
    {
    }

    private static async Task WatchAsync(
        ConnectionContext connection, ConnectionDelegate next, ClientLog log, Action<HandshakeFailure> failed)
    {
        var attempt = new Attempt();
        s_current.Value = attempt;
        connection.Features.Set(attempt);
        await next(connection);
        if (!attempt.Succeeded)
        {
            (HandshakeFailure why, string reason) = attempt.Failure switch
            {
                AuthenticationException => (HandshakeFailure.Refused, "refused"),
                IOException => (HandshakeFailure.Closed, "closed"),
                OperationCanceledException or null => (HandshakeFailure.Timeout, "timeout"),
                _ => (HandshakeFailure.Failed, "failed"),
            };
            failed(why);
            log.Begin(LogLevel.Warning, "TLS handshake failed", reason)?
                .Add("logged_source", Sender.Of(connection.RemoteEndPoint))
                .Add("err", attempt.Failure?.InnerException?.Message ?? attempt.Failure?.Message)
                .Write();
        }
    }

    /// <summary>One handshake.</summary>
    private sealed class Attempt
    {
        public bool Succeeded { get; set; }

        public Exception? Failure { get; set; }
    }
}
