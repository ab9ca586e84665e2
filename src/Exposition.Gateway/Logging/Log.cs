using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Logging;

// Messages are constant texts, in the Pushgateway's words where it has the event, because operators search for them. Values are attributes.

/// <summary>All messages of the program.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "starting pushgateway")]
    public static partial void Starting(this ILogger logger, string version);

    [LoggerMessage(2, LogLevel.Information, "Build context")]
    public static partial void Build(this ILogger logger, string buildContext);

    [LoggerMessage(3, LogLevel.Debug, "external URL")]
    public static partial void ExternalUrl(this ILogger logger, string url);

    [LoggerMessage(4, LogLevel.Debug, "path prefix used externally")]
    public static partial void ExternalPrefix(this ILogger logger, string path);

    [LoggerMessage(5, LogLevel.Debug, "path prefix for internal routing")]
    public static partial void RoutePrefix(this ILogger logger, string path);

    [LoggerMessage(6, LogLevel.Information, "Listening on")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(7, LogLevel.Information, "TLS is disabled.")]
    public static partial void NoTls(this ILogger logger, bool http2, string address);

    [LoggerMessage(8, LogLevel.Information, "received SIGINT/SIGTERM; exiting gracefully...")]
    public static partial void Signal(this ILogger logger, string signal);

    [LoggerMessage(35, LogLevel.Information, "signal ignored")]
    public static partial void SignalIgnored(this ILogger logger, string signal);

    [LoggerMessage(36, LogLevel.Warning, "cannot notify the service manager")]
    public static partial void CannotNotify(this ILogger logger, string notifySocket, string err);

    [LoggerMessage(10, LogLevel.Information, "HTTP server stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(11, LogLevel.Error, "HTTP server stopped")]
    public static partial void CannotServe(this ILogger logger, string err);

    [LoggerMessage(15, LogLevel.Error, "could not load persisted metrics")]
    public static partial void CannotLoad(this ILogger logger, string file, string? err);

    [LoggerMessage(24, LogLevel.Information, "TLS is enabled.")]
    public static partial void Tls(this ILogger logger, bool http2, string address);

    [LoggerMessage(25, LogLevel.Information, "web configuration reloaded")]
    public static partial void WebConfigReloaded(this ILogger logger, string file);

    [LoggerMessage(26, LogLevel.Error, "Unable to parse configuration, the one before stays in force")]
    public static partial void WebConfigRefused(this ILogger logger, string file, string err);

    [LoggerMessage(27, LogLevel.Warning, "web configuration is not followed in full")]
    public static partial void WebConfigNotice(this ILogger logger, string file, string notice);

    [LoggerMessage(28, LogLevel.Information, "Listening on systemd activated listeners instead of port listeners.")]
    public static partial void ListeningOnSystemd(this ILogger logger);

    [LoggerMessage(35, LogLevel.Warning,
        "fewer connections than --limit.connections asks for: the system's limit on open file descriptors has no room for more")]
    public static partial void ConnectionsLimited(this ILogger logger, int asked, int connections, long openFiles);

    [LoggerMessage(71, LogLevel.Information, "web configuration reloaded")]
    public static partial void Reloaded(this ILogger logger, string file, string by);

    [LoggerMessage(72, LogLevel.Warning, "reload refused, the web configuration before it stays in force")]
    public static partial void ReloadRefused(this ILogger logger, string file, string by, string err);

    [LoggerMessage(73, LogLevel.Information, "nothing to reload: there is no web configuration (--web.config.file)")]
    public static partial void NothingToReload(this ILogger logger, string by);

    [LoggerMessage(74, LogLevel.Information, "memory budgets in bytes, 0 for no limit")]
    public static partial void Budgets(
        this ILogger logger, long container, long stored, long inflight, long held, long shapeCache, long bundleCache);

    [LoggerMessage(
        75, LogLevel.Information, "--persistence.interval changes nothing: changes are on disk after --persistence.commit-interval")]
    public static partial void IntervalUnused(this ILogger logger, string given, string commitInterval);

    [LoggerMessage(51, LogLevel.Error, "cannot give memory back, tried again in ten seconds")]
    public static partial void MemoryNotGivenBack(this ILogger logger, string err);

    [LoggerMessage(52, LogLevel.Debug, "memory given back")]
    public static partial void MemoryGivenBack(this ILogger logger, long mebibytes, long left);

    [LoggerMessage(170, LogLevel.Information, "replication log followed, changes are taken")]
    public static partial void ReplicationLive(this ILogger logger, string state);

    [LoggerMessage(171, LogLevel.Warning, "replication log lost")]
    public static partial void ReplicationAway(this ILogger logger, string err);

    [LoggerMessage(172, LogLevel.Warning, "replication log has begun anew")]
    public static partial void ReplicationRestarted(this ILogger logger, string what);

    [LoggerMessage(173, LogLevel.Information, "replication log was given what it did not have")]
    public static partial void ReplicationHealed(this ILogger logger, string what);

    [LoggerMessage(174, LogLevel.Error, "replication log cannot be followed: somebody must act")]
    public static partial void ReplicationRefused(this ILogger logger, string err);

    [LoggerMessage(175, LogLevel.Error, "replication log is not in order")]
    public static partial void ReplicationDamaged(this ILogger logger, string err);

    [LoggerMessage(176, LogLevel.Warning, "groups that pushes have added to grew apart: one of two states was given up")]
    public static partial void ReplicationGrownApart(this ILogger logger, string what);
}
