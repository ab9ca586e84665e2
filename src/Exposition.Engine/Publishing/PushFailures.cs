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
    public void Record(PushWorkspace workspace, GroupingKey key, Moment now, in PushDetails details, string error)
    {
        PushFailure remembered = PushFailure.Of(now.Wall, error, details.Sender);
        bool insists = false;
        while (!TryRecord(new PendingPush(workspace, key, now.Wall), now, details, remembered, insists))
        {
            insists = true;
        }
    }

    private bool TryRecord(PendingPush failure, Moment now, in PushDetails details, PushFailure remembered, bool insists)
    {
        GroupingKey key = failure.Key;
        using Turns.Scope turn = state.Turns.Enter(key, insists);
        using var group = new PinnedGroup(state.Groups.Find(key));
        Explored.Step("ReadBlock");
        FamilyEntry[] pushed = failure.RenderFailure(group.Newest, withPushTime: !group.Has(BuiltInFamilies.PushTime));
        var draft = GroupDraft.After(key, group.Newest, pushed, replaces: false, state.Blocks.Pool, failure.Block);
        GroupSnapshot? stored = null;
        bool fits = true;
        using (writer.Enter())
        {
            GroupSlot? slot = expiring.FindAt(key, now);
            if (drafts.IsNewest(group, slot))
            {
                List<HiddenFamily>? hidden = null;
                fits = PushLimits.Exceeded(state.Options, draft.Old?.Size ?? 0, draft.Size, state.Counts.StoredBytes) is null
                    && checks.Check(failure, failure.Rendered, slot, draft.Families, ref hidden) is null;
                Fate fate = draft.Old is { } old ? Fate.Of(old) : state.Deadlines.FateOf(null, key, details.ExpireAfter, now);
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
