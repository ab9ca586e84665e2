using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

/// <summary>What a push leaves that was refused.</summary>
internal sealed class PushFailures(
    StoreState state, WriterLock writer, Publisher publisher, Expiring expiring, PushChecks checks, PushDrafts drafts)
{
    /// <summary>
    /// A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    /// not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    /// </summary>
    public void Record(PendingPush push, string error, object? sender)
    {
        PushFailure remembered = PushFailure.Of(push.At.Wall, error, sender);
        bool insists = false;
        while (!TryRecord(push, remembered, insists))
        {
            insists = true;
        }
    }

    /// <inheritdoc cref="MetricStore.NoteFailure"/>
    public void Note(GroupingKey key, string reason, object? sender)
    {
        if (state.Groups.Find(key) is { } slot)
        {
            slot.LastFailure = PushFailure.Of(state.Clock.Read().Wall, reason, sender);
            if (!slot.IsFailing)
            {
                MarkFailing(slot);
            }

            // The snapshot is the same, but what consumers keep of the group is not. However often it happens, a feed holds it once.
            Interlocked.MemoryBarrier();
            state.Feeds.Tell(slot);
        }
    }

    // The first of several in a row; the next good push ends it.
    private void MarkFailing(GroupSlot slot)
    {
        using (writer.Enter(takesSteps: false))
        {
            if (!slot.IsRemoved && state.Groups.IsThere(slot))
            {
                state.Counts.SetFailing(slot, isFailing: true);
            }
        }
    }

    private bool TryRecord(PendingPush push, PushFailure remembered, bool insists)
    {
        GroupingKey key = push.Key;
        var failure = new PendingPush(push.Workspace, key, push.At.Wall);
        using Turns.Scope turn = state.Turns.Enter(key, insists);
        using var group = new PinnedGroup(state.Groups.Find(key));
        Explored.Step("ReadBlock");
        FamilyEntry[] pushed = failure.RenderFailure(group.Newest, withPushTime: !group.Has(BuiltInFamilies.PushTime));
        var draft = GroupDraft.After(key, group.Newest, pushed, replaces: false, state.Blocks.Pool, failure.Block);
        GroupSnapshot? stored = null;
        bool fits = true;
        using (writer.Enter())
        {
            GroupSlot? slot = expiring.FindAt(key, push.At);
            if (drafts.IsNewest(group, slot))
            {
                List<HiddenFamily>? hidden = null;
                fits = PushLimits.Exceeded(state.Options, draft.Old?.Size ?? 0, draft.Size, state.Counts.StoredBytes) is null
                    && checks.Check(failure, failure.Rendered, slot, draft.Families, ref hidden) is null;
                Fate fate = draft.Old is { } old ? Fate.Of(old) : state.Deadlines.FateOf(null, key, push.ExpireAfter, push.At);
                stored = fits ? publisher.Publish(
                    slot, key, new Publication(draft, fate, hidden) { OwnPins = 1, Failure = remembered }) : null;
            }
        }

        if (stored is not null)
        {
            state.Held.Replaced(draft.Old is null ? [] : draft.Old.Families, stored.Families);
        }
        else
        {
            drafts.ReturnPacked(draft, failure);
        }

        return stored is not null || !fits;
    }
}
