using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

/// <summary>Drafts of groups after a push, and what becomes of one that is not published.</summary>
internal sealed class PushDrafts(StoreState state, WriterLock writer)
{
    /// <summary>The group after a push.</summary>
    public GroupDraft DraftOf(PendingPush push, GroupSnapshot? old)
    {
        // Nothing comes back that has expired.
        bool replaces = push.Mode == PushMode.Replace || old is { IsExpired: true };
        return GroupDraft.After(push.Key, old, push.Entries, replaces, state.Blocks.Pool, push.Block);
    }

    /// <summary>Ends an attempt; outside of the writer lock.</summary>
    public void End(in Attempt made, GroupDraft draft, PendingPush push)
    {
        if (made.Stored is null)
        {
            ReturnPacked(draft, push);
        }

        if (made.MustRender)
        {
            writer.FollowUp.Take(writer.StepsLeft);
        }
    }

    /// <summary>
    /// A draft that was not published: the block into which others were packed is nobody's. That of what is pushed stays the caller's.
    /// </summary>
    public void ReturnPacked(GroupDraft draft, PendingPush push)
    {
        if (!ReferenceEquals(draft.Block, push.Block))
        {
            state.Blocks.Pool.Return(draft.Block!);
        }
    }

    /// <summary>
    /// Whether what a draft was made from is the newest still; under the writer lock. If a repeat push was quicker the next shall not be
    /// so, too: its shape is of no use after this anyway.
    /// </summary>
    public bool IsNewest(in PinnedGroup group, GroupSlot? slot)
    {
        writer.AssertHeld();
        if (!ReferenceEquals(slot, group.Slot) || ReferenceEquals(slot?.Current, group.Newest))
        {
            return ReferenceEquals(slot, group.Slot);
        }

        state.Shapes?.Drop(slot!);
        return false;
    }
}
