using System.Text.Json;
using Exposition.Formats;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Replication;

namespace Exposition.Gateway.Replication;

/// <summary>How the replication is doing.</summary>
internal sealed class ReplicationMetrics : IMetricSource
{
    private readonly NamedCounters _appends = new(NamedCounters.NamesOf<AppendOutcome>(JsonNamingPolicy.SnakeCaseLower));
    private readonly ReplicatedGroups _groups;

    public ReplicationMetrics(ReplicatedGroups groups)
    {
        _groups = groups;
        foreach (AppendOutcome outcome in Enum.GetValues<AppendOutcome>())
        {
            _appends.Add((int)outcome, () => groups.Replicator.Counts.Appends(outcome));
        }
    }

    public void Collect(FamilySet into)
    {
        Replicator replicator = _groups.Replicator;
        ReplicationStatus status = replicator.Status;
        ReplicationCounts counts = replicator.Counts;
        bool isLive = status.Phase == ReplicationPhase.Live;
        _appends.Collect(
            into, "pushgateway_replication_appends_total"u8, "Appends to the replication log, by what became of them."u8, "result"u8);
        into.AddGauge("pushgateway_replication_append_bytes_in_flight"u8, "Bytes of appends that wait for the replication log."u8,
            replicator.AppendBytesInFlight);
        into.AddGauge("pushgateway_replication_appends_in_flight"u8, "Appends that wait for the replication log."u8,
            replicator.AppendsInFlight);
        counts.AppendDurations.Collect(into, "pushgateway_replication_append_duration_seconds"u8,
            "How long changes took to be in the replication log and applied here, from the first attempt on."u8);
        into.AddCounter("pushgateway_replication_applied_total"u8, "Entries of the replication log that were applied."u8, counts.Applied);
        into.AddCounter("pushgateway_replication_received_bytes_total"u8, "Bytes of entries of the replication log that were read."u8,
            counts.ReceivedBytes);
        into.AddCounter("pushgateway_replication_sent_bytes_total"u8, "Bytes of entries that were appended to the replication log."u8,
            counts.SentBytes);
        into.AddGauge("pushgateway_replication_clock_skew_seconds"u8,
            "By how much the clock of another gateway was ahead of this one's, at most since the start."u8, counts.ClockSkew.TotalSeconds);
        into.AddCounter("pushgateway_replication_damaged_total"u8,
            "Entries of the replication log that did not read, and were passed over."u8, counts.Damaged);
        into.AddCounter("pushgateway_replication_divergent_groups_total"u8,
            "Groups that a comparison has found to be older here than in the replication log, or missing, and groups too large for it."u8,
            counts.Divergent);
        into.AddCounter("pushgateway_replication_full_reads_total"u8, "How often the replication log was read from its beginning."u8,
            counts.FullReads);
        into.AddCounter("pushgateway_replication_resumes_total"u8, "How often the replication log was read on from where it was left."u8,
            counts.Resumes);
        into.AddCounter("pushgateway_replication_grown_apart_groups_total"u8,
            "Groups that pushes have added to of which this gateway had another state than the log after a loss: one was given up."u8,
            counts.GrownApart);
        into.AddCounter("pushgateway_replication_healed_groups_total"u8,
            "Groups that this gateway has put into the replication log, which had lost them or never had them."u8, counts.Healed);
        into.AddGauge("pushgateway_replication_lag_entries"u8,
            "Entries that the replication log is known to have and that are not applied here."u8,
            Math.Max(0, status.LastRevision - status.Applied));
        into.AddCounter("pushgateway_replication_rebases_total"u8,
            "Pushes that were based anew, because another gateway had changed the group first."u8, counts.Rebases);
        into.AddGauge("pushgateway_replication_revision"u8, "Revision of the last entry of the replication log that was applied here."u8,
            status.Applied);
        into.AddCounter("pushgateway_replication_settled_groups_total"u8,
            "Groups of which families were hidden or shown again, because contradicting pushes came to two gateways at once."u8,
            counts.Settled);
        into.AddGauge("pushgateway_replication_stale_seconds"u8,
            "For how long nothing was heard of the replication log. Above a few seconds what is shown may be old."u8,
            status.SilentFor.TotalSeconds);
        into.AddGauge("pushgateway_replication_unreplicated_groups"u8,
            "Groups that the replication log does not have as they are here."u8, status.Unreplicated);
        into.AddGauge("pushgateway_replication_up"u8, "Whether this gateway follows the replication log and takes changes."u8,
            isLive ? 1 : 0);
    }
}
