using Exposition.Formats;

namespace Exposition.Persistence.SelfMetrics;

/// <summary>How the durable copy is doing; nothing where nothing is kept.</summary>
internal sealed class PersistenceMetrics(SqlitePersistence persistence) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        if (!persistence.IsOn)
        {
            return;
        }

        DurableStatus status = persistence.Status;
        into.AddCounter("pushgateway_persistence_damaged_total"u8,
            "Persisted files and groups that were found damaged or foreign and set aside."u8, persistence.DamagedCount);
        into.AddCounter("pushgateway_persistence_failures_total"u8,
            "Writes of changes to the persistence file that failed."u8, status.Failures);
        into.AddGauge("pushgateway_persistence_lag_seconds"u8,
            "Age of the oldest change that is not in the persistence file."u8, status.Lag.TotalSeconds);
        into.AddGauge("pushgateway_persistence_last_success_timestamp_seconds"u8,
            "Last Unix time when the persistence file was loaded or changes were written to it; 0 if never."u8,
            status.LastSuccess is { } at ? (at - DateTimeOffset.UnixEpoch).TotalSeconds : 0);
    }
}
