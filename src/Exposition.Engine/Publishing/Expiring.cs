using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

// A view, a push and a delete first make expire what is due at their moment. So answers do not depend on when the sweep runs, which only
// frees memory and tells the feeds while nothing else happens. Where very much is due at once a view leaves the rest to the sweep, so that
// no scrape waits for a million expiries; but the group that is pushed to or deleted always is as it is due. An expiry is a publication
// like any other, under the writer lock:
//
//   series --deadline--> push times and push_expired --grace--> nothing          a push leads back to series, without the old ones

/// <summary>Lets groups expire. All of it under the writer lock.</summary>
internal sealed class Expiring(StoreState state, WriterLock writer, Publisher publisher, Wiping wiping)
{
    /// <summary>A group as it is at a time, whether or not it has come up in the queue; under the writer lock.</summary>
    public GroupSlot? FindAt(GroupingKey key, Moment now)
    {
        writer.AssertHeld();
        wiping.EndIfWiped(key);
        GroupSlot? slot = state.Groups.Table.Find(key);
        if (publisher.EndIfLeaving(slot))
        {
            return null;
        }

        if (slot is null || state.Deadlines.DueOf(slot.Current!) is not (> 0 and var due) || due > now.Steady)
        {
            return slot;
        }

        Expire(slot, slot.Current!, due, now);
        return state.Groups.Table.Find(key);
    }

    /// <summary>Takes the next step of the group that comes up first; under the writer lock.</summary>
    public void TakeFirst(Moment now)
    {
        writer.AssertHeld();
        GroupSlot slot = state.Deadlines.Queue.FirstSlot;
        GroupSnapshot current = slot.Current!;
        long due = state.Deadlines.DueOf(current);
        if (due == 0)
        {
            state.Deadlines.Queue.Remove(slot);
        }
        else if (due > now.Steady)
        {
            state.Deadlines.Queue.Postpone(due);
        }
        else
        {
            Expire(slot, current, due, now);
        }
    }

    private void Expire(GroupSlot slot, GroupSnapshot current, long due, Moment now)
    {
        writer.AssertHeld();
        if (current.IsExpired || (DeadlineSchedule.Later(due, state.Deadlines.GraceNanoseconds) is > 0 and var gone && gone <= now.Steady))
        {
            // If a repeat push was quicker, the group comes up again; it is not due any more.
            if (state.Groups.TryClose(slot, current))
            {
                if (!current.IsExpired)
                {
                    state.Counts.Expiries++;
                    state.Observers.Expired(slot.Key);
                }

                publisher.Removed(slot, current);
            }
        }
        else if (TryExpire(slot, current, now))
        {
            state.Counts.Expiries++;
            state.Observers.Expired(slot.Key);
        }
    }

    private bool TryExpire(GroupSlot slot, GroupSnapshot current, Moment now)
    {
        state.Shapes?.Drop(slot);
        PushWorkspace workspace = state.Workspaces.Rent();
        try
        {
            workspace.Families.Reset();

            // In order of their names.
            List<FamilyEntry> left = [.. new PendingPush(workspace, slot.Key, state.Clock.ToWall(current.ExpiresAt, now)).RenderExpired()];
            foreach (byte[] name in (byte[][])[BuiltInFamilies.PushFailure, BuiltInFamilies.PushTime])
            {
                if (current.TryGet(name, out FamilyEntry entry))
                {
                    // Copied: they lie in the block of a push, which shall go with its series.
                    left.Add(entry with { Text = entry.Text.ToArray(), Sidecar = entry.Sidecar.ToArray() });
                }
            }

            var draft = GroupDraft.Of(slot.Key, current, [.. left]);

            // Sources go with the sums; ids stay.
            draft.Memory = null;
            List<HiddenFamily>? hidden = null;
            if (state.Rules.Find(workspace.Families, 0, current, slot.Names, draft.Families) is { } clash)
            {
                state.Hidden.Hide(draft.Families, BuiltInFamilies.Expired, clash, ref hidden);
            }

            if (publisher.Publish(slot, slot.Key, new Publication(draft, new Fate(current.ExpiresAt, IsExpired: true), hidden)) is null)
            {
                return false;
            }

            state.Held.Replaced(current.Families, draft.Families);
            return true;
        }
        finally
        {
            state.Workspaces.Return(workspace);
        }
    }
}
