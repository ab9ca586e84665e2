using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine;

// What a push leaves that was refused.

public sealed partial class MetricStore
{
    // A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    // not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    private void RecordFailure(PushWorkspace workspace, GroupingKey key, Moment now, in PushDetails details, string error)
    {
        PushFailure remembered = PushFailure.Of(now.Wall, error, details.Sender);
        bool insists = false;
        while (!TryRecordFailure(new PendingPush(workspace, key, now.Wall), now, details, remembered, insists))
        {
            insists = true;
        }
    }

    private bool TryRecordFailure(PendingPush failure, Moment now, in PushDetails details, PushFailure remembered, bool insists)
    {
        GroupingKey key = failure.Key;
        using Turns.Scope turn = _turns.Enter(key, insists);
        using var group = new PinnedGroup(FindSlot(key));
        Explored.Step("ReadBlock");
        FamilyEntry[] pushed = failure.RenderFailure(group.Newest, withPushTime: !group.Has(BuiltInFamilies.PushTime));
        var draft = GroupDraft.After(key, group.Newest, pushed, replaces: false, _blocks, failure.Block);
        GroupSnapshot? stored = null;
        bool fits = true;
        using (EnterWriter())
        {
            GroupSlot? slot = FindAt(key, now);
            if (IsNewest(group, slot))
            {
                List<HiddenFamily>? hidden = null;
                fits = PushLimits.Exceeded(Options, draft.Old?.Size ?? 0, draft.Size, _storedBytes) is null
                    && Check(failure, failure.Rendered, slot, pushed, draft.Families, ref hidden) is null;
                Fate fate = draft.Old is { } old ? Fate.Of(old) : FateOf(null, key, details.ExpireAfter, now);
                stored = fits ? Publish(slot, key, draft, tell: true, fate, hidden, failure: remembered, ownPins: 1) : null;
            }
        }

        if (stored is not null)
        {
            _held.Replaced(draft.Old is null ? [] : draft.Old.Families, stored.Families);
        }
        else
        {
            ReturnPacked(draft, failure);
        }

        return stored is not null || !fits;
    }
}
