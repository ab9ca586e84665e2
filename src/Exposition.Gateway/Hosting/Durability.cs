using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Persistence;
using Exposition.Store;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>The durable copy as the flags want it, and its notices as log lines.</summary>
internal static class Durability
{
    /// <summary>Makes the copy; null where no file is given.</summary>
    public static DurableCopy? Make(Flags flags, MetricStore store, TimeProvider time, ILogger logger)
    {
        if (flags.PersistenceFile.Length == 0)
        {
            return null;
        }

        var file = new SqliteStore(flags.PersistenceFile, time, notice => Report(logger, notice));
        return new DurableCopy(flags.PersistenceFile, file, store, new DurableCopyOptions
        {
            Interval = flags.PersistenceInterval,
            Time = time,
            Report = notice => Report(logger, notice),
        });
    }

    private static void Report(ILogger logger, DurableNotice notice)
    {
        switch (notice.Event)
        {
            case DurableEvent.Saved:
                logger.Persisted(notice.Path, notice.Groups);
                break;
            case DurableEvent.SaveFailed:
                logger.CannotPersist(notice.Path, notice.Groups, notice.Detail);
                break;
            case DurableEvent.Loaded:
                logger.Loaded(notice.Path, notice.Groups);
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
            case DurableEvent.GroupTooLarge:
                logger.GroupTooLarge(notice.Path, notice.Detail);
                break;
            default:
                logger.PersistenceUnavailable(notice.Path, notice.Detail);
                break;
        }
    }
}
