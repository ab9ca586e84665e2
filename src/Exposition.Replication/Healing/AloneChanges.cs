using Exposition.Engine;
using Exposition.Engine.Sharing;
using Exposition.Replication.Following;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;

namespace Exposition.Replication.Healing;

/// <summary>
/// Changes that a node takes while the log is away. The change and the note that the log does not have it are one step for what comes out
/// of the log.
/// </summary>
internal sealed class AloneChanges(MetricStore store, TimeProvider time, Applying applying, Unshared unshared)
{
    /// <summary>Takes a push; the parameters are those of <see cref="MetricStore.Push"/>.</summary>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details)
    {
        PreparedPush? push;
        PushOutcome outcome;
        lock (applying.Gate)
        {
            push = store.Shared.Prepare(key, format, body, mode, details, out outcome);
            if (push is not null)
            {
                _ = unshared.TryGet(key, out UnsharedGroup before);
                store.Shared.ApplyAlone(key, StateMerge.After(before.DeletedAt, push.State), push.BaseRevision);
                unshared.Add(key);
            }
        }

        store.Shared.Finished(push ?? new PreparedPush(key, default), format, body.Length, outcome, details.Sender);
        return outcome;
    }

    /// <summary>Deletes a group.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key)
    {
        lock (applying.Gate)
        {
            unshared.Add(key, Message.Now(time));
            return store.Shared.ApplyDelete(key);
        }
    }
}
