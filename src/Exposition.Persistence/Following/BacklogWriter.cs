using Exposition.Engine;

namespace Exposition.Persistence.Following;

// A transaction in which a group could not be written is rolled back and written again without that group, which is set aside: a row that
// was written in part must not be committed. Failures of the medium itself end the write as a whole.

/// <summary>Groups could not be written.</summary>
/// <param name="Reason">Which was the last, and why.</param>
/// <param name="IsNew">Whether any was tried for the first time, so that somebody may wait for it.</param>
internal readonly record struct GroupRefusal(string Reason, bool IsNew);

/// <summary>Writes a backlog into a durable store, in transactions of a bounded size.</summary>
internal sealed class BacklogWriter(IDurableStore durable, MetricStore store, Backlog backlog)
{
    private const int BatchGroups = 4096;
    private const long BatchBytes = 32 << 20;

    private readonly List<GroupingKey> _inBatch = [];

    private GroupRefusal? _refusal;

    /// <summary>What is to be told of the groups that could not be written since this was last asked; null if all could.</summary>
    public GroupRefusal? TakeRefusal()
    {
        GroupRefusal? refusal = _refusal;
        _refusal = null;
        return refusal;
    }

    /// <summary>Writes the backlog, or all groups where the durable store is not complete.</summary>
    /// <returns>How many changes were written.</returns>
    /// <exception cref="DurableStoreException">The medium refuses.</exception>
    public int Write()
    {
        // Opening the copy may show that it has to be written from the beginning.
        using (IDurableBatch first = durable.Begin())
        {
            first.Commit();
        }

        return durable.Incomplete ? WriteAll() : WriteChanges(backlog.Next()) + Retry();
    }

    // The view is at least as new as every change that waits but the deletions, which it cannot show. In one transaction: a copy that holds
    // some of the groups would pass for one of them all at the next start.
    private int WriteAll()
    {
        while (true)
        {
            using IDurableBatch batch = durable.Begin();
            _inBatch.Clear();
            if (backlog.Next().Where(static change => change.Snapshot is null).All(change => TryAdd(batch, change))
                && AllGroups().All(group => TryAdd(batch, new FeedChange(group.Key, 0, group))))
            {
                batch.Commit();
                durable.Completed();
                backlog.AllWritten();
                return _inBatch.Count;
            }
        }
    }

    // One at a time, as a view shows them now.
    private int Retry() => backlog.Retrying.Count == 0 ? 0
        : AllGroups().Where(group => backlog.Retrying.Contains(group.Key))
            .Sum(group => WriteChanges([new FeedChange(group.Key, 0, group)]));

    private int WriteChanges(ReadOnlySpan<FeedChange> changes)
    {
        int written = 0;
        for (int start = 0; start < changes.Length;)
        {
            using IDurableBatch batch = durable.Begin();
            if (store.GroupCount == 0)
            {
                return written + Clear(batch, changes[start..]);
            }

            _inBatch.Clear();
            int end = start;
            bool whole = true;

            // What was deleted in one step comes alone, and is forgotten in one transaction, however much it is.
            while (whole && end < changes.Length
                && (changes[end].Snapshot is null || (_inBatch.Count < BatchGroups && batch.Bytes < BatchBytes)))
            {
                whole = TryAdd(batch, changes[end++]);
            }

            if (whole)
            {
                batch.Commit();
                _inBatch.ForEach(backlog.Written);
                written += _inBatch.Count;
                start = end;
            }
        }

        return written;
    }

    // After a wipe or an expiry of all: a million rows one by one take half a minute. What was taken before there was no group is of groups
    // that have gone; what comes later is told later.
    private int Clear(IDurableBatch batch, ReadOnlySpan<FeedChange> changes)
    {
        batch.Clear();
        batch.Commit();
        foreach (ref readonly FeedChange change in changes)
        {
            backlog.Written(change.Key);
        }

        return changes.Length;
    }

    private IEnumerable<GroupSnapshot> AllGroups()
    {
        using StoreView view = store.OpenView();
        for (int i = 0; i < view.Groups.Length; i++)
        {
            yield return view.Groups[i];
        }
    }

    // False if the group has been set aside just now. One that is set aside is passed over.
    private bool TryAdd(IDurableBatch batch, in FeedChange change)
    {
        if (backlog.IsSetAside(change.Key))
        {
            return true;
        }

        try
        {
            if (change.Snapshot is null)
            {
                batch.Remove(change.Key);
            }
            else
            {
                batch.Put(KeptGroup.Of(change.Snapshot, store), change.Version);
            }

            _inBatch.Add(change.Key);
            return true;
        }
        catch (Exception e) when (e is not DurableStoreException { Fault: not DurableFault.GroupRefused })
        {
            bool isNew = backlog.SetAside(change.Key);
            _refusal = new GroupRefusal($"group {change.Key}: {e.Message}", isNew || _refusal is { IsNew: true });
            return false;
        }
    }
}
