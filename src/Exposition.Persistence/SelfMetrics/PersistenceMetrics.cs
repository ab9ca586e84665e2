using Exposition.Formats;

namespace Exposition.Persistence.SelfMetrics;

/// <summary>How the durable copy is doing; nothing where nothing is kept.</summary>
internal sealed class PersistenceMetrics(SqlitePersistence persistence) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        if (persistence.Room is not { } room)
        {
            return;
        }

        (long file, long free) = room.Now;
        persistence.Statistics.Commits.Collect(into, "pushgateway_persistence_commit_duration_seconds"u8,
            "How long it has taken to write what had changed to the persistence file, to its last commit."u8);

        DurableStatus status = persistence.Status;
        into.AddCounter("pushgateway_persistence_damaged_total"u8,
            "Persisted files and groups that were found damaged or foreign and set aside."u8, persistence.DamagedCount);
        into.AddCounter("pushgateway_persistence_failures_total"u8,
            "Writes of changes to the persistence file that failed."u8, status.Failures);
        into.AddGauge("pushgateway_persistence_file_bytes"u8,
            "Size of the persistence file and its log; at most a few seconds old."u8, file);
        if (free >= 0)
        {
            into.AddGauge("pushgateway_persistence_free_bytes"u8,
                "Room that is left where the persistence file is; at most a few seconds old."u8, free);
        }

        into.AddGauge("pushgateway_persistence_lag_seconds"u8,
            "Age of the oldest change that is not in the persistence file."u8, status.Lag.TotalSeconds);
        into.AddGauge("pushgateway_persistence_last_success_timestamp_seconds"u8,
            "Last Unix time when the persistence file was loaded or changes were written to it; 0 if never."u8,
            status.LastSuccess is { } at ? (at - DateTimeOffset.UnixEpoch).TotalSeconds : 0);
        into.AddGauge("pushgateway_persistence_waiting_groups"u8, "Groups whose last change is not in the persistence file."u8,
            persistence.Waiting);
    }
}
