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
    KnownNodes nodes, ReplicationCounts counts)
{
    private readonly Lock _lock = new();
    private long _meta;

    /// <summary>The revision of what the log says of itself; 0 if it has said nothing.</summary>
    public long MetaRevision => Volatile.Read(ref _meta);

    /// <summary>Whether what was there before the log has been put into it.</summary>
    public bool IsSeeded { get; private set; }

    /// <summary>Whether it has, or had, a group.</summary>
    public bool HasGroups { get; private set; }

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
                Apply(message, logged.Revision);
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

    /// <summary>Applies what was found in the log apart from its order: a group that is older here.</summary>
    public void ApplyFound(in LogEvent found)
    {
        if (MessageCodec.TryRead(found.Entry.Body.Span, options.Compressor, out Message message) == MessageFault.None
            && message.Kind is MessageKind.State or MessageKind.Gone)
        {
            lock (_lock)
            {
                Apply(message, found.Revision);
            }
        }
    }

    /// <summary>The log has begun anew.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            (_meta, IsSeeded, HasGroups) = (0, false, false);
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

    /// <summary>Removes these: the log does not have them.</summary>
    public void RemoveUnseen()
    {
        lock (_lock)
        {
            Unseen().ForEach(key => store.Shared.ApplyDelete(key, 0));
        }
    }

    private void Apply(in Message message, long revision)
    {
        switch (message.Kind)
        {
            case MessageKind.State:
                HasGroups = true;
                ApplyState(message.Key!, message.State, revision);
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
                unshared.Clear();
                store.Shared.ApplyWipe(revision);
                break;
        }
    }

    private void ApplyState(GroupingKey key, in GroupState logged, long revision)
    {
        if (!unshared.TryGet(key, out UnsharedGroup group))
        {
            store.Shared.Apply(key, logged, revision);
        }
        else if (group.DeletedAt != 0 && StateMerge.TimeOf(logged.Families) <= group.DeletedAt)
        {
            unshared.Know(key, revision);
        }
        else if (group.DeletedAt != 0 || !store.Shared.TryCopy(key, out GroupState own, out _))
        {
            store.Shared.Apply(key, logged, revision);
            unshared.Remove(key);
        }
        else
        {
            GroupState merged = StateMerge.Merge(own, logged);
            if (StateMerge.AreEqual(merged, logged))
            {
                store.Shared.Apply(key, logged, revision);
                unshared.Remove(key);
            }
            else
            {
                store.Shared.Apply(key, merged, revision);
                unshared.Know(key, revision);
            }
        }
    }

    private void ApplyGone(GroupingKey key, long stamp, long revision)
    {
        if (unshared.TryGet(key, out UnsharedGroup group))
        {
            if (group.DeletedAt == 0 && store.Shared.TryCopy(key, out GroupState own, out _) && StateMerge.TimeOf(own.Families) > stamp)
            {
                // Pushed to after that.
                unshared.Know(key, revision);
                return;
            }

            unshared.Remove(key);
        }

        store.Shared.ApplyDelete(key, revision);
    }
}
