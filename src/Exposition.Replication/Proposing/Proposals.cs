using Exposition.Engine;
using Exposition.Engine.Sharing;
using Exposition.Replication.Messages;
using Exposition.Replication.Sending;

namespace Exposition.Replication.Proposing;

// One append of a group is in flight. What comes meanwhile waits, and is combined: one message, many answers.

/// <summary>The pushes on their way to the log, in a queue for each group. Safe for concurrent use.</summary>
internal sealed class Proposals(
    MetricStore store, Appending appending, ReplicationOptions options, TimeProvider time, ReplicationCounts counts, CancellationToken end)
{
    private const int MostAttempts = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupingKey, Queue<Proposal>> _queues = [];

    /// <summary>Appends a push, and waits until it is applied.</summary>
    public Task<ReplicatedPush> PushAsync(PreparedPush push)
    {
        var proposal = new Proposal(push, time.GetTimestamp());
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_queues.TryGetValue(push.Key, out Queue<Proposal>? queue);
            if (isFirst)
            {
                _queues.Add(push.Key, []);
            }
            else
            {
                queue!.Enqueue(proposal);
            }
        }

        if (isFirst)
        {
            _ = RunAsync(proposal);
        }

        return proposal.Result.WaitAsync(options.Timeout, time);
    }

    private async Task RunAsync(Proposal first)
    {
        GroupingKey key = first.Push!.Key;
        List<Proposal> some = [first];
        bool isFresh = true;
        while (some.Count > 0)
        {
            try
            {
                PreparedPush push = some[0].Push!;
                some.ForEach(proposal => push = proposal == some[0] ? push : Proposal.Combine(push, proposal.Push!)!);
                await CarryAsync(push, some, isFresh && some.Count == 1);
            }
            catch (Exception e)
            {
                // A defect: it must not keep others waiting, and who waits is told.
                some.ForEach(proposal => proposal.Result.Keep(new ReplicatedPush(ReplicatedState.Unavailable, default, e.Message)));
            }

            isFresh = false;
            some = Next(key);
        }
    }

    private List<Proposal> Next(GroupingKey key)
    {
        List<Proposal> some = [];
        lock (_lock)
        {
            Queue<Proposal> queue = _queues[key];
            PreparedPush? all = null;
            while (queue.TryPeek(out Proposal? next) && (all is null || Proposal.Combine(all, next.Push!) is not null))
            {
                all = all is null ? next.Push! : Proposal.Combine(all, next.Push!);
                some.Add(queue.Dequeue());
            }

            if (some.Count == 0)
            {
                _queues.Remove(key);
            }
        }

        return some;
    }

    private async Task CarryAsync(PreparedPush push, List<Proposal> some, bool isFresh)
    {
        long until = some[^1].Arrived + (long)(options.Timeout.TotalSeconds * time.TimestampFrequency);
        long? known = null;
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (!isFresh && !store.Shared.Rebase(push, out PushOutcome refused))
            {
                await RefuseAsync(push, some, refused);
                return;
            }

            counts.Rebased(attempt);
            isFresh = false;
            long expected = known is not { } revision ? push.BaseRevision : revision == 0 ? 0 : Math.Max(revision, push.BaseRevision);
            var message = new Message(MessageKind.State, Message.Now(time), push.Key, push.State);
            AppendResult result = await appending.AppendAsync(
                Subjects.Of(push.Key), message, expected, TimeToLive.Of(store, push.Key, push.State, time), until, end);
            switch (result.End)
            {
                case AppendEnd.Conflict:
                    known = result.Revision;
                    continue;
                case AppendEnd.Applied:
                    some.ForEach(static proposal =>
                        proposal.Result.Keep(new ReplicatedPush(ReplicatedState.Applied, proposal.Push!.Outcome)));
                    return;
                default:
                    ReplicatedState state = result.End == AppendEnd.TooLarge ? ReplicatedState.TooLarge : ReplicatedState.Unavailable;
                    some.ForEach(proposal => proposal.Result.Keep(new ReplicatedPush(state, default, result.Reason)));
                    return;
            }
        }

        some.ForEach(static proposal => proposal.Result.Keep(new ReplicatedPush(
            ReplicatedState.Unavailable, default, $"other nodes have changed the group {MostAttempts} times meanwhile")));
    }

    // Together they do not fit, or not any more: each is told for itself.
    private async Task RefuseAsync(PreparedPush push, List<Proposal> some, PushOutcome refused)
    {
        if (some.Count > 1)
        {
            foreach (Proposal proposal in some)
            {
                await CarryAsync(proposal.Push!, [proposal], isFresh: false);
            }

            return;
        }

        if (push.Failure is not null)
        {
            // A trace of a refusal that finds no room any more.
            some[0].Result.Keep(new ReplicatedPush(ReplicatedState.Applied, push.Outcome));
            return;
        }

        if (refused.Status != PushStatus.Inconsistent)
        {
            some[0].Result.Keep(new ReplicatedPush(ReplicatedState.Applied, refused));
            return;
        }

        var failed = new Proposal(SharedGroups.FailureOf(push, refused, out PushOutcome told), some[0].Arrived);
        failed.Push!.Outcome = told;
        await CarryAsync(failed.Push!, [failed], isFresh: false);
        some[0].Result.Keep(new ReplicatedPush(ReplicatedState.Applied, told));
    }
}
