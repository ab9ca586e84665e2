using Exposition.Engine;
using Exposition.Replication.Following;
using Exposition.Replication.Messages;
using Exposition.Replication.Sending;

namespace Exposition.Replication.Proposing;

// A delete is of the state that was there when it was asked for, or a later one: never of one that has come after it was in the log, not
// even where that is not known because an answer was lost.

/// <summary>Deletes on their way to the log. Safe for concurrent use.</summary>
internal sealed class Deletes(
    MetricStore store, IGroupLog log, Appending appending, Applying applying, ReplicationOptions options, TimeProvider time,
    CancellationToken end)
{
    private const int UsuallyInFlight = 256;

    // A delete of many leaves the others room for others.
    private const int PartOfRoom = 8;

    private readonly int _atOnce = Math.Max(1, (options.MaxAppends > 0 ? options.MaxAppends : UsuallyInFlight) / PartOfRoom);

    /// <summary>Deletes a group, and waits until it is gone here.</summary>
    public async Task<ReplicatedDelete> DeleteAsync(GroupingKey key)
    {
        long until = appending.Until();
        bool isThere = store.Shared.IsThere(key);
        long revision = store.Shared.RevisionOf(key);
        if (!isThere)
        {
            // It may have come to be since at another node, whose client knows.
            try
            {
                revision = await FindAsync(key, until);
            }
            catch (Exception e) when (e is LogUnavailableException or OperationCanceledException)
            {
                return new ReplicatedDelete(
                    ReplicatedState.Unavailable, 0, e is LogUnavailableException ? e.Message : Proposal.Late.Reason);
            }

            if (revision == 0)
            {
                return new ReplicatedDelete(ReplicatedState.Applied, 0);
            }
        }

        while (true)
        {
            AppendResult result = await AppendAsync(key, revision, until);
            bool isGone = result.End == AppendEnd.Applied || (result.End == AppendEnd.Conflict && !store.Shared.IsThere(key));
            if (isGone || result is not { End: AppendEnd.Conflict, IsUnsure: false })
            {
                return isGone ? new ReplicatedDelete(ReplicatedState.Applied, isThere ? 1 : 0) : Failed(result);
            }

            revision = result.Revision;
        }
    }

    /// <summary>Deletes groups as they are now: one that is pushed to meanwhile stays.</summary>
    public async Task<ReplicatedDelete> DeleteAsync(IReadOnlyCollection<GroupingKey> keys)
    {
        (GroupingKey Key, long Revision)[] groups =
            [.. keys.Select(key => (Key: key, Revision: store.Shared.RevisionOf(key))).Where(static group => group.Revision > 0)];
        List<GroupingKey> gone = [];
        foreach ((GroupingKey Key, long Revision)[] some in groups.Chunk(_atOnce))
        {
            AppendResult[] results = await Task.WhenAll(some.Select(group => AppendAsync(group.Key, group.Revision, appending.Until())));
            gone.AddRange(some.Where((_, i) => results[i].End == AppendEnd.Applied).Select(static group => group.Key));
            if (Array.Exists(results, static result => result.End == AppendEnd.Unavailable))
            {
                return new ReplicatedDelete(
                    ReplicatedState.Unavailable, gone.Count, $"{gone.Count} of {groups.Length} groups are deleted, the others not in time")
                {
                    Keys = gone,
                };
            }
        }

        return new ReplicatedDelete(ReplicatedState.Applied, gone.Count) { Keys = gone };
    }

    /// <summary>Deletes all groups in one step, at every node.</summary>
    public async Task<ReplicatedDelete> WipeAsync()
    {
        long until = appending.Until();
        while (true)
        {
            int groups = store.GroupCount;
            AppendResult result = await appending.AppendAsync(
                Subjects.Meta, new Message(MessageKind.Wipe, Message.Now(time)), applying.MetaRevision, null, until, end);
            if (result is not { End: AppendEnd.Conflict, IsUnsure: false })
            {
                return result.End == AppendEnd.Applied ? new ReplicatedDelete(ReplicatedState.Applied, groups) : Failed(result);
            }
        }
    }

    private Task<AppendResult> AppendAsync(GroupingKey key, long revision, long until) => appending.AppendAsync(
        Subjects.Of(key), new Message(MessageKind.Gone, Message.Now(time), key), revision, TimeToLive.OfTombstones, until, end);

    // The revision of the state that the log has; 0 for none.
    private async Task<long> FindAsync(GroupingKey key, long until)
    {
        using var timeout = new CancellationTokenSource(time.GetElapsedTime(time.GetTimestamp(), until), time);
        return await log.FindAsync(Subjects.Of(key), timeout.Token) is { } found
            && MessageCodec.TryRead(found.Entry.Body.Span, options.Compressor, out Message last) == MessageFault.None
            && last.Kind == MessageKind.State ? found.Revision : 0;
    }

    private static ReplicatedDelete Failed(in AppendResult result) => new(
        ReplicatedState.Unavailable, 0, result.IsUnsure
            ? "whether it was carried out is not known: its answer was lost, and other changes have come since" : result.Reason);
}
