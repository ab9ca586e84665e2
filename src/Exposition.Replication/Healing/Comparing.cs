using Exposition.Engine;
using Exposition.Replication.Following;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Healing;

// What was applied here before the comparison began the log must have, or something later; and what it had by then must be here. Stamps are
// read while others push, so they only say where to look: what a group is, the log is asked for each that differs.

/// <summary>Compares what the log has with what this node has.</summary>
internal sealed class Comparing(
    MetricStore store, IGroupLog log, Applying applying, AppliedRevision applied, Unshared unshared, ReplicationOptions options,
    ReplicationCounts counts)
{
    /// <summary>Notes what the log has lost, and takes from it what this node lacks.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        long known = applied.Now;
        var stamps = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (LogStamp stamp in log.StampsAsync(end))
        {
            stamps[stamp.Subject] = stamp.Revision;
        }

        applying.KeepGone([.. stamps.Values]);
        long divergent = counts.Divergent;
        foreach (GroupingKey key in Groups())
        {
            string subject = Subjects.Of(key);
            _ = stamps.Remove(subject, out long logged);
            long revision = store.Shared.RevisionOf(key);
            if (revision > 0 && revision <= known && logged != revision && !unshared.TryGet(key, out _))
            {
                await applying.FetchAsync(subject, () => log.FindAsync(subject, end), found => Look(key, revision, known, found));
            }
        }

        foreach ((string subject, long logged) in stamps)
        {
            if (Subjects.IsOfGroup(subject) && logged <= known && !applying.IsKnownGone(logged))
            {
                await applying.FetchAsync(subject, () => log.FindAsync(subject, end), found => Take(known, found));
            }
        }

        if (counts.Divergent > divergent)
        {
            options.Notify?.Invoke(
                ReplicationNotice.Damaged,
                $"{counts.Divergent - divergent} groups were not here as the log has them, which ought not to be, and are now");
        }
    }

    private List<GroupingKey> Groups()
    {
        List<GroupingKey> groups = [];
        using StoreView view = store.OpenView();
        foreach (GroupSnapshot group in view.Groups)
        {
            groups.Add(group.Key);
        }

        return groups;
    }

    // Of a group that is here.
    private void Look(GroupingKey key, long revision, long known, LogEvent? found)
    {
        long logged = found?.Revision ?? 0;
        if (store.Shared.RevisionOf(key) != revision || unshared.TryGet(key, out _))
        {
            return;
        }

        if (logged > revision)
        {
            Take(known, found);
        }
        else if (logged < revision && !store.Shared.IsExpired(key))
        {
            unshared.Add(key);
            unshared.Know(key, logged);
        }
    }

    // What was applied by then, as far as it counts still.
    private void Take(long known, LogEvent? found)
    {
        if (found is { } there && there.Revision <= known && applying.ApplyFetched(there))
        {
            counts.Diverged(1);
        }
    }
}
