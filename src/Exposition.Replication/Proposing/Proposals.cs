using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Sharing;
using Exposition.Replication.Messages;
using Exposition.Replication.Sending;

namespace Exposition.Replication.Proposing;

// One append of a group is in flight. What comes meanwhile waits, and is combined: one message, many answers. Pushes that look at what the
// group has (PushAsked) are carried out one by one, each on the state that the one before it has left. A push whose time is over is
// left out of every further attempt: its client has been told, and what was pushed since must not be replaced by it.

/// <summary>The pushes on their way to the log, in a queue for each group. Safe for concurrent use.</summary>
internal sealed class Proposals(
    MetricStore store, Appending appending, ReplicationOptions options, TimeProvider time, ReplicationCounts counts, CancellationToken end)
{
    private const int MostConflicts = 16;
    private const int ForEachInFlight = 8;
    private const int MostLooks = 20;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private static readonly ReplicatedPush s_unsure = new(
        ReplicatedState.Unavailable, default,
        "whether it was added is not known: its answer was lost, and other changes have come since; with an Exposition-Push-Id it can be "
        + "sent again and counts once");

    private readonly Lock _lock = new();
    private readonly Dictionary<GroupingKey, Queue<Proposal>> _queues = [];
    private readonly InFlight _room = new(
        (int)Math.Min(int.MaxValue, (long)options.MaxAppends * ForEachInFlight),
        options.MaxAppendBytes > long.MaxValue / ForEachInFlight ? long.MaxValue : options.MaxAppendBytes * ForEachInFlight);

    /// <summary>Appends a push, and waits until it is applied.</summary>
    public Task<ReplicatedPush> PushAsync(PreparedPush push)
    {
        var proposal = new Proposal(push, appending.Until());
        if (!_room.TryEnter(proposal.Bytes, out bool isByBytes))
        {
            ReplicatedState state = isByBytes ? ReplicatedState.TooManyBytes : ReplicatedState.TooMany;
            return Task.FromResult(new ReplicatedPush(state, default, NoRoom(isByBytes)));
        }

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
        GroupingKey key = first.Push.Key;
        PreparedPush? all = first.Push;
        bool isFresh = true;
        for (List<Proposal> some = [first]; some.Count > 0; some = Next(key, out all))
        {
            if (!await TryCarryAsync(some, all, isFresh))
            {
                foreach (Proposal one in some)
                {
                    await TryCarryAsync([one], one.Push, isFresh: false);
                }
            }

            isFresh = false;
        }
    }

    private async Task<bool> TryCarryAsync(List<Proposal> some, PreparedPush? all, bool isFresh)
    {
        try
        {
            return await CarryAsync(some, all, isFresh);
        }
        catch (Exception e)
        {
            // A defect: it must not keep others waiting, and who waits is told.
            End(some, new ReplicatedPush(ReplicatedState.Unavailable, default, e.Message));
            return true;
        }
    }

    private List<Proposal> Next(GroupingKey key, out PreparedPush? all)
    {
        List<Proposal> some = [];
        all = null;
        lock (_lock)
        {
            Queue<Proposal> queue = _queues[key];
            while (queue.TryPeek(out Proposal? next))
            {
                PreparedPush? with = all is null ? next.Push : Proposal.Combine(all, next.Push);
                if (with is null)
                {
                    break;
                }

                all = with;
                some.Add(queue.Dequeue());
            }

            if (some.Count == 0)
            {
                _queues.Remove(key);
            }
        }

        return some;
    }

    /// <summary>Carries some out together.</summary>
    /// <param name="some">Which; those that have ended are taken out.</param>
    /// <param name="push">All of them as one.</param>
    /// <param name="isFresh">Whether there is one, which is based on the newest state.</param>
    /// <returns>False if together they do not fit, or not any more: each is to be told for itself.</returns>
    private async Task<bool> CarryAsync(List<Proposal> some, PreparedPush? push, bool isFresh)
    {
        long? known = null;
        for (int conflicts = 0; DropLate(some, ref push) && conflicts < MostConflicts;)
        {
            push ??= Proposal.Combine(some);
            if (!isFresh && !store.Shared.Rebase(ref push, out PushOutcome refused))
            {
                if (some.Count > 1)
                {
                    return false;
                }

                if (push.Failure is not null || refused.Status != PushStatus.Inconsistent)
                {
                    // Of a refusal the trace finds no room any more.
                    End(some, new ReplicatedPush(ReplicatedState.Applied, push.Failure is null ? refused : push.Outcome));
                    return true;
                }

                push = SharedGroups.FailureOf(push, refused, out PushOutcome told);
                push.Outcome = told;
                continue;
            }

            isFresh = false;
            long expected = known is not { } revision ? push.BaseRevision : revision == 0 ? 0 : Math.Max(revision, push.BaseRevision);
            AppendResult result = await appending.AppendAsync(
                Subjects.Of(push.Key), new Message(MessageKind.State, Message.Now(time), push.Key, push.State), expected,
                TimeToLive.Of(store, push.Key, push.State, time), some[0].Until, end);
            switch (result.End)
            {
                case AppendEnd.Conflict when result.IsUnsure && push.Asked is { MayCountTwice: true }:
                    End(some, s_unsure);
                    return true;
                case AppendEnd.Conflict:
                    known = result.Revision;
                    conflicts++;
                    counts.Rebased();
                    await AwaitGoneAsync(push, result.Revision);
                    continue;
                case AppendEnd.Applied:
                    End(some, push);
                    return true;
                case AppendEnd.TooLarge when some.Count > 1:
                    return false;
                case AppendEnd.Unavailable when IsLate(some[0]) && some.Count > 1:
                    // The others have time left.
                    continue;
                default:
                    ReplicatedState state = result.End == AppendEnd.TooLarge ? ReplicatedState.TooLarge : ReplicatedState.Unavailable;
                    End(some, push.Failure is null ? new ReplicatedPush(state, default, result.Reason)
                        : new ReplicatedPush(ReplicatedState.Applied, push.Outcome));
                    return true;
            }
        }

        End(some, new ReplicatedPush(
            ReplicatedState.Unavailable, default, $"other nodes have changed the group {MostConflicts} times meanwhile"));
        return true;
    }

    // Of a group that the log has nothing of any more: it was wiped, as a rule, and that is on its way here. To base a push on what is
    // still here would bring that back. If nothing comes the log has lost it.
    private async Task AwaitGoneAsync(PreparedPush push, long logged)
    {
        for (int i = 0; i < MostLooks && logged == 0 && push.BaseRevision > 0
            && store.Shared.RevisionOf(push.Key) == push.BaseRevision; i++)
        {
            await Task.Delay(s_look, time, CancellationToken.None);
        }
    }

    // Whether any are left. What is combined of others than these is forgotten.
    private bool DropLate(List<Proposal> some, ref PreparedPush? all)
    {
        List<Proposal> late = some.FindAll(IsLate);
        if (late.Count > 0)
        {
            some.RemoveAll(late.Contains);
            End(late, Proposal.Late);
            all = null;
        }

        return some.Count > 0;
    }

    private bool IsLate(Proposal proposal) => time.GetTimestamp() >= proposal.Until;

    private void End(List<Proposal> some, PreparedPush applied)
    {
        foreach (Proposal proposal in some)
        {
            PushOutcome outcome = applied.Failure is null ? proposal.Push.Outcome : applied.Outcome;
            End(proposal, new ReplicatedPush(ReplicatedState.Applied, outcome));
        }

        some.Clear();
    }

    private void End(List<Proposal> some, ReplicatedPush result)
    {
        some.ForEach(proposal => End(proposal, result));
        some.Clear();
    }

    private void End(Proposal proposal, in ReplicatedPush result)
    {
        proposal.Result.Keep(result);
        _room.Leave(proposal.Bytes);
    }

    private string NoRoom(bool isByBytes)
    {
        string most = isByBytes
            ? options.NamesFlags ? "--limit.replication-bytes" : nameof(ReplicationOptions.MaxAppendBytes)
            : options.NamesFlags ? "--limit.replication-appends" : nameof(ReplicationOptions.MaxAppends);
        string what = isByBytes
            ? string.Create(CultureInfo.InvariantCulture, $"pushes that wait for the replication log have {_room.Bytes} bytes of memory")
            : string.Create(CultureInfo.InvariantCulture, $"{_room.Count} pushes wait for the replication log");
        return $"{what}: at most {ForEachInFlight} times {most}";
    }
}
