using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Publishing;

/// <summary>Drafts of groups after a push, and what becomes of one that is not published.</summary>
internal sealed class PushDrafts(StoreState state, WriterLock writer)
{
    /// <summary>Renders a push for a group as it is.</summary>
    public void Render(PendingPush push, in PinnedGroup group) =>
        push.Render(group.Newest, state.Blocks.Pool, keepPushedFailure: group.Has(BuiltInFamilies.PushFailure));

    /// <summary>
    /// Why a push cannot be put together with its group as it is, or null. Renders it anew where that was another before; with the turn to
    /// change the group, so that this is the last time.
    /// </summary>
    public PushOutcome? RefusedToJoin(PendingPush push, in PinnedGroup group)
    {
        if (!push.IsRenderedFor(group.Newest))
        {
            state.Blocks.Pool.Return(push.Block);
            Render(push, group);
        }

        return push.Join?.Refused;
    }

    /// <summary>The group after a push.</summary>
    public GroupDraft DraftOf(PendingPush push, GroupSnapshot? old)
    {
        // Nothing comes back that has expired.
        bool replaces = push.Mode == PushMode.Replace || old is { IsExpired: true };
        GroupDraft draft = GroupDraft.After(push.Key, old, push.Entries, replaces, state.Blocks.Pool, push.Block);
        draft.Memory = GroupMemory.After(push.Mode, push.Join is { } join ? join.Sources : replaces ? null : old?.Memory?.Sources);
        if (push.Id is { } id)
        {
            draft.IdBytes = (old?.Slot.Ids ?? new PushIds()).BytesWithOneMore(state.OldestId(id.At), state.Options.MaxPushIds);
        }

        if (push.Join is not null)
        {
            state.Peaks.GroupSeries.Observe(draft.SampleCount - BuiltInFamilies.Count);
            state.Peaks.Sources.Observe(draft.Memory?.Sources?.Count ?? 0);
        }

        return draft;
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
    /// A draft that was not published: the block into which others were packed goes back. That of what is pushed stays the caller's.
    /// </summary>
    public void ReturnPacked(GroupDraft draft, PendingPush push)
    {
        if (!ReferenceEquals(draft.Block, push.Block))
        {
            state.Blocks.Pool.Return(draft.Block!);
        }
    }

    /// <summary>
    /// Whether what a draft was made from is the newest still; under the writer lock. If a repeat push came first its shape is dropped, so
    /// that the next one cannot do so again; after this push the shape is of no use.
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
