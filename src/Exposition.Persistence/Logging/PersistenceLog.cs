using Microsoft.Extensions.Logging;

namespace Exposition.Persistence.Logging;

// Messages are constant texts, in the Pushgateway's words where it has the event, because operators search for them. Values are attributes.

/// <summary>What a durable copy tells its operator.</summary>
internal static partial class PersistenceLog
{
    [LoggerMessage(12, LogLevel.Information, "metrics loaded")]
    public static partial void Loaded(this ILogger logger, string file, int groups);

    [LoggerMessage(
        50, LogLevel.Warning,
        "what was kept is more than the limit of stored bytes allows: it is loaded whole, and pushes that make a group larger are refused "
        + "until it is less")]
    public static partial void StoredAboveLimit(this ILogger logger, long bytes, long limit);

    [LoggerMessage(13, LogLevel.Debug, "metrics persisted")]
    public static partial void Persisted(this ILogger logger, string file, int groups);

    [LoggerMessage(14, LogLevel.Error, "error persisting metrics")]
    public static partial void CannotPersist(this ILogger logger, string file, int groups, string? err);

    [LoggerMessage(15, LogLevel.Error, "could not load persisted metrics")]
    public static partial void CannotLoad(this ILogger logger, string file, string? err);

    [LoggerMessage(16, LogLevel.Error, "persistence file is damaged, starting with what could be read of it")]
    public static partial void MovedDamaged(this ILogger logger, string movedTo, string? err);

    [LoggerMessage(17, LogLevel.Error, "persistence file is not of this program, starting without it")]
    public static partial void MovedForeign(this ILogger logger, string movedTo, string? err);

    [LoggerMessage(18, LogLevel.Error, "persisted group is damaged and was set aside in the file")]
    public static partial void DamagedGroup(this ILogger logger, string file, string? group);

    [LoggerMessage(20, LogLevel.Error, "persistence file cannot be used now, next write tries again")]
    public static partial void PersistenceUnavailable(this ILogger logger, string file, string? err);

    [LoggerMessage(21, LogLevel.Error, "problem shutting down metric storage")]
    public static partial void FinalSaveFailed(this ILogger logger, string file);

    [LoggerMessage(29, LogLevel.Warning, "persistence is behind: the disk is slower than the changes")]
    public static partial void PersistenceLags(this ILogger logger, string file, int groups, string? err);

    [LoggerMessage(30, LogLevel.Information, "persistence file of the Prometheus Pushgateway imported, and kept under another name")]
    public static partial void Imported(this ILogger logger, string keptAs, int groups);

    [LoggerMessage(31, LogLevel.Information, "metrics restored from a snapshot")]
    public static partial void Restored(this ILogger logger, string file, int groups);

    // Who has asked for it by HTTP is in the engine's line about it.
    [LoggerMessage(32, LogLevel.Debug, "snapshot is complete")]
    public static partial void SnapshotWritten(this ILogger logger, string file, int groups);

    [LoggerMessage(33, LogLevel.Error, "cannot write snapshot")]
    public static partial void SnapshotFailed(this ILogger logger, string file, string? err);

    [LoggerMessage(34, LogLevel.Error, "persistence file is damaged: what can be read of it is used, and will be written into a new one")]
    public static partial void Damaged(this ILogger logger, string file, string? err);

    /// <summary>Logs a notice of a copy.</summary>
    public static void Report(this ILogger logger, in DurableNotice notice)
    {
        switch (notice.Event)
        {
            case DurableEvent.Saved:
                logger.Persisted(notice.Path, notice.Groups);
                break;
            case DurableEvent.SaveFailed:
                logger.CannotPersist(notice.Path, notice.Groups, notice.Detail);
                break;
            case DurableEvent.Lagging:
                logger.PersistenceLags(notice.Path, notice.Groups, notice.Detail);
                break;
            case DurableEvent.Loaded:
                logger.Loaded(notice.Path, notice.Groups);
                break;
            case DurableEvent.Imported:
                logger.Imported(notice.Path, notice.Groups);
                break;
            case DurableEvent.Damaged:
                logger.Damaged(notice.Path, notice.Detail);
                break;
            case DurableEvent.MovedDamaged:
                logger.MovedDamaged(notice.Path, notice.Detail);
                break;
            case DurableEvent.MovedForeign:
                logger.MovedForeign(notice.Path, notice.Detail);
                break;
            case DurableEvent.DamagedGroup:
                logger.DamagedGroup(notice.Path, notice.Detail);
                break;
            default:
                logger.PersistenceUnavailable(notice.Path, notice.Detail);
                break;
        }
    }
}
