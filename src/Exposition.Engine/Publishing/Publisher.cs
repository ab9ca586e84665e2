using System.Runtime.InteropServices;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Publishing;

// From the families of a group to its newest snapshot, and what follows from it (counts, deadlines, hidden families, feeds). All of it is
// one step for those who hold the writer lock.

/// <summary>Puts snapshots of groups in their place, and removes groups.</summary>
internal sealed class Publisher(StoreState state, WriterLock writer)
{
    /// <summary>Publishes a draft; under the writer lock.</summary>
    /// <param name="slot">The group; null for a new one.</param>
    /// <param name="key">Its key.</param>
    /// <param name="what">What is published.</param>
    /// <returns>The snapshot. Null if the group's snapshot is not the one any more that the draft was made from; its block is then still
    /// the caller's.</returns>
    public GroupSnapshot? Publish(GroupSlot? slot, GroupingKey key, in Publication what)
    {
        writer.AssertHeld();
        GroupDraft draft = what.Draft;
        GroupSnapshot? old = draft.Old;
        GroupSlot target = slot ?? what.Claimed ?? new GroupSlot(key, state.Directory.NameSets.Acquire(key));
        if (what.Claimed is null)
        {
            state.Directory.Share(draft);
        }

        draft.Hidden.Add(what.Hidden, target);
        long version = old is null ? state.Counts.LastVersion + 1 : old.Version + 1;
        var snapshot = new GroupSnapshot(target, draft.Families, draft.Hidden.Families)
        {
            Version = version,
            SeriesSince = version,
            ExpiresAt = what.Fate.ExpiresAt,
            IsExpired = what.Fate.IsExpired,
            HasExplicitExpiry = what.Fate.IsOwn,
            Size = draft.Size,
            SampleCount = draft.SampleCount,
            PushedAt = draft.PushTime,
            FailedAt = draft.FailedAt,
            Memory = draft.Memory,
            IdCount = draft.IdCount,
            IdBytes = draft.IdBytes,
        };
        if (what.Id is { } id)
        {
            snapshot.IdCount = (target.Ids ??= new PushIds()).Stage(id, state.OldestId(id.At), state.Options.MaxPushIds);
        }

        if (what.Place is not null)
        {
            // Before the snapshot: who has that finds its ids.
            target.Ids = what.Ids?.After(target.Ids);
            state.Peaks.Ids.Observe(what.Ids?.Count ?? 0);
        }

        state.Peaks.Group.Observe(draft.Size);
        state.Blocks.Take(snapshot, old, draft.Block, draft.Arrays);
        if (old is null)
        {
            Create(target, snapshot);
        }
        else if (state.Groups.TrySwap(target, old, snapshot))
        {
            state.Counts.LetGoOf(old);
            state.Blocks.Retire(target, old, snapshot, what.OwnPins);
        }
        else
        {
            state.Blocks.GiveUp(snapshot, old, kept: draft.Block);

            // A repeat push came first. Without its shape the next one cannot do so again, and a long push does not try for ever; after the
            // long push the shape is of no use.
            state.Shapes?.Drop(target);
            return null;
        }

        if (what.Id is not null)
        {
            Interlocked.Add(ref state.Counts.ForgottenIds, target.Ids!.Commit(state.Options.MaxPushIds));
            state.Peaks.Ids.Observe(target.Ids.Count);
        }

        // Before anybody is told, because they look at once.
        if (what.Failure is not null)
        {
            target.LastFailure = what.Failure;
        }

        if (what.Place is not null
            || (target.Place is not null && old is not null && draft.PushedAt != (BuiltInFamilies.PushedAt(old.Families) ?? 0)))
        {
            // A push that is no log's: the group is not any more what a log had.
            target.Place = what.Place;
        }

        if (what.Claimed is null && Volatile.Read(ref state.EarlyChecks) > 0)
        {
            state.Directory.Touch(draft);
        }

        if (!what.IsCounted)
        {
            state.Directory.Replace(draft, CollectionsMarshal.AsSpan(what.Hidden)[what.ClaimedHidden..], target);
            state.Directory.FreeWaiting(target);
        }

        state.Hidden.Replace(old, draft.Hidden, what.Hidden);
        state.Counts.Samples += snapshot.SampleCount - (old?.SampleCount ?? 0);
        Volatile.Write(ref state.Counts.StoredBytes, state.Counts.StoredBytes + snapshot.Size - (old?.Size ?? 0));
        state.Counts.Expired += (what.Fate.IsExpired ? 1 : 0) - (old is { IsExpired: true } ? 1 : 0);
        state.Counts.SetFailing(target, draft.IsFailed || target.LastFailure?.At > draft.PushedAt);
        state.Overdue?.Published(target);
        state.Deadlines.Schedule(target, what.Fate);
        if (!what.IsSilent)
        {
            state.Feeds.Tell(target);
        }

        return snapshot;
    }

    private void Create(GroupSlot slot, GroupSnapshot first)
    {
        writer.AssertHeld();
        first.StampAsFirst();
        slot.Current = first;
        state.Feeds.Adopt(slot);
        state.Counts.Jobs.Add(slot.Key);
        state.Overdue?.Added(slot);
        Explored.Step("ChangeSlots");
        state.Groups.Table.Add(slot);
        if (state.Loaded is { } loaded)
        {
            loaded.Add(slot);
            return;
        }

        slot.IsInMap = true;
        state.Maps.Replace(state.Maps.Newest.With(slot));
    }

    /// <summary>Removes a group; under the writer lock.</summary>
    public void Remove(GroupSlot slot)
    {
        Explored.Fault("ClosesLate", () => state.Maps.Replace(state.Maps.Without(slot)));
        Removed(slot, state.Groups.Close(slot));
    }

    /// <summary>The rest of a removal, from the closing of the slot on.</summary>
    public void Removed(GroupSlot slot, GroupSnapshot last)
    {
        writer.AssertHeld();
        state.Counts.TakeOut(last.SampleCount, last.Size);
        Uncount(slot, last);
        Leave(slot, last);
        Explored.Step("ChangeSlots");
        state.Groups.Table.Remove(slot);
        Explored.Fault("ShowsEarly", writer.FollowUp.TakeAll);
        bool forAll = state.Maps.Replace(state.Maps.Without(slot));
        Bury(slot, last, forAll);
    }

    /// <summary>
    /// The rest of a removal of groups that are closed, as far as it is one step; what else there is to it follows (<see
    /// cref="LeavingGroups"/>). Under the writer lock.
    /// </summary>
    /// <param name="closed">Their slots; the caller's no more.</param>
    /// <param name="left">The newest map without them.</param>
    /// <param name="samples">Their sample lines.</param>
    /// <param name="bytes">What they take.</param>
    public void RemoveTogether(GroupSlot[] closed, GroupMap left, long samples, long bytes)
    {
        writer.AssertHeld();
        if (closed.Length == 0)
        {
            return;
        }

        state.Counts.TakeOut(samples, bytes);
        bool forAll = state.Maps.Replace(left);
        state.LeavingGroups.Add(closed, forAll);
        state.Feeds.TellTogether(closed);
    }

    /// <summary>Ends a group that has left all views, unless that has been done; under the writer lock.</summary>
    public void EndLeaving(GroupSlot slot, bool isInNoView)
    {
        writer.AssertHeld();
        if (state.Groups.IsThere(slot))
        {
            GroupSnapshot last = slot.Current!.Previous!;
            Uncount(slot, last);
            Leave(slot, last);
            Explored.Step("ChangeSlots");
            state.Groups.Table.Remove(slot);
            Bury(slot, last, isInNoView);
        }
    }

    /// <summary>The same of one that was found in the table of groups.</summary>
    /// <returns>Whether it was closed.</returns>
    public bool EndIfLeaving(GroupSlot? slot)
    {
        if (slot is not { IsRemoved: true })
        {
            return false;
        }

        EndLeaving(slot, isInNoView: false);
        return true;
    }

    private void Uncount(GroupSlot slot, GroupSnapshot last)
    {
        state.Counts.LastVersion = Math.Max(state.Counts.LastVersion, last.Version + 1);
        state.Counts.Expired -= last.IsExpired ? 1 : 0;
        state.Counts.SetFailing(slot, isFailing: false);
        state.Overdue?.Removed(slot, last);
        state.Counts.Jobs.Remove(slot.Key);
    }

    private void Leave(GroupSlot slot, GroupSnapshot last)
    {
        state.Shapes?.Drop(slot);
        state.Held.Replaced(last.Families, []);
        state.Counts.LetGoOf(last);
        state.Directory.Remove(last, null, slot);
        state.Directory.FreeWaiting(slot);
        state.Hidden.Remove(last);
        state.Directory.NameSets.Release(slot.Key);
    }

    private void Bury(GroupSlot slot, GroupSnapshot last, bool forAll)
    {
        // Not before it has left the map, because a view that finds nothing due looks at the map next.
        state.Deadlines.Queue.Remove(slot);
        Forget(slot, forAll);
        state.Blocks.RetireAll(slot, last, state.Maps.Newest.Stamp(state.Groups.Timeline));
    }

    /// <summary>
    /// A group is gone; in no view any more, if so said. Its last snapshot shall not wait until the feeds have heard of it.
    /// </summary>
    public void Forget(GroupSlot slot, bool forAll)
    {
        writer.AssertHeld();
        if (forAll)
        {
            slot.Current!.Previous = null;
        }

        state.Feeds.TellGone(slot);
        state.Observers.Gone(slot.Key);
    }
}
