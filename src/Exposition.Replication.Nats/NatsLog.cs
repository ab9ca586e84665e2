using Microsoft.Extensions.Logging;

namespace Exposition.Replication.Nats;

// Messages are constant texts, because operators search for them. Values are attributes.

/// <summary>What this library tells its operator.</summary>
internal static partial class NatsLog
{
    [LoggerMessage(160, LogLevel.Information, "connected to the replication engine")]
    public static partial void Connected(ILogger logger, string? server, string? version);

    [LoggerMessage(161, LogLevel.Warning, "connection to the replication engine lost, connecting again")]
    public static partial void Disconnected(ILogger logger);

    [LoggerMessage(162, LogLevel.Error, "server of the replication engine cannot be used")]
    public static partial void Unusable(ILogger logger, string err);

    [LoggerMessage(
        163, LogLevel.Warning, "server of the replication engine is of an old version: appends that survive a loss of power are slow")]
    public static partial void OldServer(ILogger logger, string server, string version, string expected);

    [LoggerMessage(164, LogLevel.Information, "replication log created")]
    public static partial void StreamCreated(ILogger logger, string stream, int replicas);

    [LoggerMessage(165, LogLevel.Information, "replication log is read through another server")]
    public static partial void Reading(ILogger logger, string reason, ulong after);

    [LoggerMessage(166, LogLevel.Warning, "message of the replication log was written by no gateway, passed over")]
    public static partial void Foreign(ILogger logger, string subject, ulong revision);
}
