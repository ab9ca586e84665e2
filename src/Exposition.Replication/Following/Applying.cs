using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Replication.Announcing;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;
using Exposition.Replication.Sending;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Following;

/// <summary>Applies the entries of the log to the store, one after the other.</summary>
internal sealed class Applying(
    MetricStore store, ReplicationOptions options, TimeProvider time, AppliedRevision applied, SentOperations sent, Unshared unshared,
    KnownNodes nodes, GrownApart apart, ReplicationCounts counts)
{
    private readonly Lock _lock = new();
    private readonly HashSet<long> _gone = [];
    private long _meta;
    private string? _fetched;
    private bool _isOvertaken;

    /// <summary>The revision of what the log says of itself; 0 if it has said nothing.</summary>
    public long MetaRevision => Volatile.Read(ref _meta);

    /// <summary>Whether what was there before the log has been put into it.</summary>
    public bool IsSeeded { get; private set; }

    /// <summary>
    /// Held while the store changes. What a node does alone it does under it, with what it notes of that: so nothing comes out of the log
    /// between the two.
    /// </summary>
    public Lock Gate => _lock;

    /// <summary>Applies an entry.</summary>
    /// <exception cref="NewerFormatException">A later version has written it.</exception>
    public void Apply(in LogEvent logged, bool isLive)
    {
        LogEntry entry = logged.Entry;
        if (NodeMessage.IsSubject(entry.Subject))
        {
            nodes.Take(logged);
            applied.Advance(logged.Revision);
            return;
        }

        SentOperation? own = sent.Find(entry.Operation);
        Message message = own?.Message ?? default;
        MessageFault fault = own is null ? MessageCodec.TryRead(entry.Body.Span, options.Compressor, out message) : MessageFault.None;
        if (fault == MessageFault.Newer)
        {
            throw new NewerFormatException(logged.Revision);
        }

        counts.Received(entry.Body.Length);
        if (fault == MessageFault.Damaged)
        {
            counts.Damage();
            options.Notify?.Invoke(
                ReplicationNotice.Damaged, $"entry {logged.Revision} of subject {entry.Subject} does not read, and is passed over");
        }
        else
        {
            lock (_lock)
            {
                _isOvertaken |= _fetched == entry.Subject || message.Kind == MessageKind.Wipe;
                Apply(message, logged.Revision, isOwn: own is not null);
            }
        }

        if (own is not null)
        {
            own.Seen = logged.Revision;
        }
        else if (entry.Operation.Node != sent.Node)
        {
            counts.Skew(isLive ? message.Stamp - Message.Now(time) : 0);
        }

        applied.Advance(logged.Revision);
    }

    /// <summary>Whether an entry was applied, or fetched, that says that a group is gone.</summary>
    public bool IsKnownGone(long revision)
    {
        lock (_lock)
        {
            return _gone.Contains(revision);
        }
    }

    /// <summary>Of those only these are there still.</summary>
    public void KeepGone(HashSet<long> revisions)
    {
        lock (_lock)
        {
            _gone.IntersectWith(revisions);
        }
    }

    /// <summary>
    /// Asks the log for the newest entry of a subject, apart from its order, and does something with it; not if one of that subject comes
    /// in order meanwhile, which is later then.
    /// </summary>
    /// <param name="subject">The subject.</param>
    /// <param name="find">Asks the log.</param>
    /// <param name="then">What is done under the lock; the entry is null if there is none.</param>
    public async Task FetchAsync(string subject, Func<ValueTask<LogEvent?>> find, Action<LogEvent?> then)
    {
        lock (_lock)
        {
            (_fetched, _isOvertaken) = (subject, false);
        }

        LogEvent? found = await find();
        lock (_lock)
        {
            _fetched = null;
            if (!_isOvertaken)
            {
                then(found);
            }
        }
    }

    /// <summary>Applies what was fetched; under the lock.</summary>
    /// <returns>Whether it says something of a group that is not over.</returns>
    public bool ApplyFetched(in LogEvent found)
    {
        if (MessageCodec.TryRead(found.Entry.Body.Span, options.Compressor, out Message message) != MessageFault.None
            || message.Kind is not (MessageKind.State or MessageKind.Gone))
        {
            return false;
        }

        if (unshared.TryGet(message.Key!, out _))
        {
            return false;
        }

        if (message.Kind == MessageKind.State && store.Shared.GoneAt(message.Key!, message.State) is > 0 and var gone
            && gone <= Message.Now(time))
        {
            // The log keeps it a little longer than nodes do.
            _gone.Add(found.Revision);
            return false;
        }

        Apply(message, found.Revision, isOwn: false);
        return message.Kind == MessageKind.State || store.Shared.IsThere(message.Key!);
    }

    /// <summary>The log has begun anew.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            (_meta, IsSeeded) = (0, false);
            _gone.Clear();
            store.Shared.ForgetRevisions();
            unshared.ForgetRevisions();
        }
    }

    /// <summary>The keys of groups that are of no revision of the log.</summary>
    public List<GroupingKey> Unseen()
    {
        using StoreView view = store.OpenView();
        List<GroupingKey> keys = [];
        foreach (GroupSnapshot group in view.Groups)
        {
            if (store.Shared.RevisionOf(group.Key) == 0)
            {
                keys.Add(group.Key);
            }
        }

        return keys;
    }

    /// <summary>Removes those that are in the log's charge: it does not have them.</summary>
    public void RemoveUnseen()
    {
        lock (_lock)
        {
            foreach (GroupingKey key in Unseen())
            {
                if (!unshared.TryGet(key, out _))
                {
                    store.Shared.ApplyDelete(key, 0);
                }
            }
        }
    }

    private void Apply(in Message message, long revision, bool isOwn)
    {
        switch (message.Kind)
        {
            case MessageKind.State:
                ApplyState(message.Key!, message.State, revision, isOwn);
                break;
            case MessageKind.Gone:
                ApplyGone(message.Key!, message.Stamp, revision);
                break;
            case MessageKind.Meta:
                IsSeeded = message.IsSeeded;
                Volatile.Write(ref _meta, revision);
                break;
            case MessageKind.Wipe:
                IsSeeded = true;
                Volatile.Write(ref _meta, revision);
                ApplyWipe(message.Stamp, revision);
                break;
        }
    }

    private void ApplyState(GroupingKey key, in GroupState logged, long revision, bool isOwn)
    {
        if (!unshared.TryGet(key, out UnsharedGroup group))
        {
            store.Shared.Apply(key, logged, revision);
        }
        else if (store.Shared.RevisionOf(key) < revision)
        {
            Merge(key, group, logged, revision, isOwn);
        }
    }

    private void ApplyGone(GroupingKey key, long stamp, long revision)
    {
        _gone.Add(revision);
        if (!unshared.TryGet(key, out UnsharedGroup group))
        {
            store.Shared.ApplyDelete(key, revision);
        }
        else if (store.Shared.RevisionOf(key) < revision)
        {
            Merge(key, group, StateMerge.Deleted(stamp), revision);
        }
    }

    // What was taken alone after it stays.
    private void ApplyWipe(long stamp, long revision)
    {
        foreach ((GroupingKey key, UnsharedGroup group) in unshared.All())
        {
            Merge(key, group, StateMerge.Deleted(stamp), revision);
            unshared.Know(key, 0);
        }

        _gone.Clear();
        store.Shared.ApplyWipe(revision);
    }

    // Of a group that came to be apart: what comes of both, and whether the log has yet to be told.
    private void Merge(GroupingKey key, in UnsharedGroup group, in GroupState logged, long revision, bool isOwn = false)
    {
        bool isHere = store.Shared.TryCopy(key, out GroupState own, out _);
        if (!isHere)
        {
            own = StateMerge.Deleted(group.DeletedAt);
        }
        else if (!isOwn && logged.Families.Length > 0)
        {
            apart.Note(key, own, logged);
        }

        bool isLoggedGone = logged.Families.Length == 0;
        if ((!isHere && isLoggedGone) || StateMerge.Merge(own, logged) is not { } merged)
        {
            // Deleted, here or there, after all that was pushed to the other.
            if (isHere || isLoggedGone)
            {
                unshared.Remove(key);
                store.Shared.ApplyDelete(key);
            }
            else
            {
                unshared.Know(key, revision);
            }
        }
        else if (StateMerge.AreEqual(merged, logged))
        {
            unshared.Remove(key);
            store.Shared.Apply(key, logged, revision);
        }
        else
        {
            unshared.Add(key);
            unshared.Know(key, revision);
            store.Shared.ApplyAlone(key, merged, revision);
        }
    }
}
