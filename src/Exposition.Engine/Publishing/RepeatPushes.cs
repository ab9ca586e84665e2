using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;
using Exposition.Engine.Repeats;

namespace Exposition.Engine.Publishing;

// The short way of a push: see PushShape. What it inherits from the group's last push stays true until it publishes, because it publishes
// only if the group's snapshot is still the very one that the shape describes: no push, refusal or delete of this group came between; and a
// push of another group that contradicts this one's families was refused, or hidden.

/// <summary>Pushes of the same series as their group's last one.</summary>
internal sealed class RepeatPushes(StoreState state, WriterLock writer, PushChecks checks)
{
    private readonly RepeatVerifier _verifier = new(state, writer, checks);
    private long _count;

    /// <inheritdoc cref="MetricStore.RepeatedPushes"/>
    public long Count => Volatile.Read(ref _count);

    /// <inheritdoc cref="MetricStore.TryPushRepeated"/>
    public bool TryPush(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, in PushDetails details, in StoredId? id = null)
    {
        if (state.Shapes is null || format != PushFormat.Text || details.Parts is not null
            || !TryTakeShapeAndPatch(key, body, mode, details, id))
        {
            return false;
        }

        state.Observers.Pushed(new PushedEvent(key, format, mode, body.Length));
        return true;
    }

    private bool TryTakeShapeAndPatch(GroupingKey key, ReadOnlyMemory<byte> body, PushMode mode, in PushDetails details, in StoredId? id)
    {
        GroupSlot? slot = state.Groups.Find(key);
        Explored.Step("TakeShape");
        if (slot?.Shape is not { } shape || !shape.TryTake())
        {
            return false;
        }

        slot.Pin();
        try
        {
            if (TryPatch(slot, shape, body, mode, details.ExpireAfter, id))
            {
                shape.LastUsed = state.Options.Time.GetTimestamp();
                slot.Patience.Hit();
                Interlocked.Increment(ref _count);
                Interlocked.Add(ref state.Counts.Pushed, shape.Samples);
                state.Peaks.GroupingKey.Observe(key.Bytes.Length);
                state.Peaks.Group.Observe(shape.GroupSize);
                state.Peaks.Observe(shape.Extent);
                return true;
            }

            Explored.Step("DropShape");
            state.Shapes!.Drop(slot);
            slot.Patience.Miss();
            return false;
        }
        finally
        {
            slot.Unpin();
            Explored.Step("GiveShapeBack");
            shape.GiveBack();
        }
    }

    // The slot is pinned.
    private bool TryPatch(GroupSlot slot, PushShape shape, ReadOnlyMemory<byte> body, PushMode mode, TimeSpan? expireAfter, in StoredId? id)
    {
        Explored.Step("ReadSlot");
        GroupSnapshot current = slot.Current!;
        int others = current.Families.Length - shape.FamilyCount;
        if (current.Version != shape.Version || (mode == PushMode.Replace && others != BuiltInFamilies.Count)
            || (mode != shape.Mode && !(mode == PushMode.Replace && shape.Mode == PushMode.Merge && current.Memory is null))
            || (id.HasValue && !HasRoom(slot, id)) || !shape.TryCompare(body.Span))
        {
            return false;
        }

        Moment now = state.Clock.Read();
        bool isDue = current.ExpiresAt > 0 && current.ExpiresAt <= now.Steady;
        Explored.Fault("RevivesTheDue", () => isDue = false);
        if (isDue)
        {
            // It is due, but was not made to expire yet: this push finds an empty group.
            return false;
        }

        if (slot.IsFailing || slot.IsOverdue || !(current.FailedAt <= now.Wall / 1e9))
        {
            // Groups whose last push failed, or that are overdue, are counted under the writer lock, and this push may change that: usually
            // it ends it; where the clock was set back it begins it.
            return false;
        }

        Explored.Step("ReadBlock");
        GroupSnapshot snapshot = state.Blocks.Snapshots.Rent(current.Families.Length);
        if (!ShapePatch.Apply(current, shape, now.Wall, snapshot))
        {
            state.Blocks.Take(snapshot, current, shape.Block);
            GiveUp(snapshot, current);
            return false;
        }

        if (state.Options.VerifyShapes)
        {
            _verifier.Verify(slot, current, snapshot.Families, body, mode, now.Wall);
        }

        state.Blocks.Take(snapshot, current, shape.Block);
        snapshot.ExpiresAt = state.Deadlines.Deadline(slot, slot.Key, expireAfter, now.Steady);
        snapshot.HasExplicitExpiry = expireAfter is not null;
        if (id.HasValue)
        {
            Stage(slot, snapshot, id);
        }

        if (!TrySwapSteadily(slot, current, snapshot))
        {
            GiveUp(snapshot, current);
            return false;
        }

        if (id.HasValue)
        {
            Interlocked.Add(ref state.Counts.ForgottenIds, slot.Ids!.Commit(state.Options.MaxPushIds));
        }

        Explored.Step("SetShapeVersion");
        shape.Version = snapshot.Version;
        state.Held.Replaced(current.Families, snapshot.Families);
        state.Blocks.Retire(slot, current, snapshot, ownPins: 1);
        state.Blocks.Recycle(slot, current, snapshot);
        bool tells = true;
        Explored.Fault("TellsNobody", () => tells = false);
        if (tells)
        {
            state.Feeds.Tell(slot);
        }

        return true;
    }

    private bool HasRoom(GroupSlot slot, in StoredId? id) =>
        slot.Ids is { } ids && ids.HasRoom(state.OldestId(id.GetValueOrDefault().At), state.Options.MaxPushIds);

    private void Stage(GroupSlot slot, GroupSnapshot snapshot, in StoredId? id)
    {
        StoredId staged = id.GetValueOrDefault();
        snapshot.IdCount = slot.Ids!.Stage(staged, state.OldestId(staged.At), state.Options.MaxPushIds);
    }

    // For a repeat push that came too late: nobody has seen its snapshot, and the shape that has its block is dropped.
    private void GiveUp(GroupSnapshot snapshot, GroupSnapshot current)
    {
        state.Blocks.GiveUp(snapshot, current);
        state.Blocks.Snapshots.Return(snapshot);
    }

    // The one step of a repeat push. It changes only values, so the rest of a publication (families, hidden ones, counts) is skipped.
    private bool TrySwapSteadily(GroupSlot slot, GroupSnapshot current, GroupSnapshot snapshot)
    {
        if (DeadlineSchedule.IsScheduled(current, snapshot.ExpiresAt))
        {
            return state.Groups.TrySwap(slot, current, snapshot);
        }

        using (writer.Enter())
        {
            bool swapped = state.Groups.TrySwap(slot, current, snapshot);
            if (swapped && state.Groups.IsThere(slot))
            {
                state.Deadlines.Schedule(slot, new Fate(snapshot.ExpiresAt, IsExpired: false));
            }

            return swapped;
        }
    }

    /// <summary>
    /// After a push has gone the long way: a shape for the next one, if this was the second with the same families and lines.
    /// </summary>
    public void ConsiderShape(
        GroupSlot slot,
        GroupSnapshot? before,
        GroupSnapshot stored,
        PendingPush push,
        ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<FamilyEntry> pushed = push.Entries;
        if (state.Shapes is null || before is null || !MayRepeat(push, stored) || !state.Shapes.MayHold(body.Length)
            || !stored.Hidden.IsEmpty || slot.IsFailing
            || !HasSameLines(before, pushed) || !slot.Patience.IsOver())
        {
            return;
        }

        // It reads the block that was just published, pinned. Where the check holds nobody has replaced that snapshot: to be in its place
        // once more it must have been used again, as only those are that a repeat push has replaced; and no repeat push follows it before
        // this shape is there.
        slot.Pin();
        Explored.Fault("BuildsUnpinned", slot.Unpin);
        try
        {
            Explored.Step("ReadSlot");
            bool isNewest = ReferenceEquals(slot.Current, stored);
            Explored.Fault("BuildsUnchecked", () => isNewest = true);
            if (isNewest)
            {
                Explored.Step("BuildShape");
                BuildShape(slot, stored, push, body);
            }
        }
        finally
        {
            Explored.Fault("BuildsUnpinned", slot.Pin);
            slot.Unpin();
        }
    }

    private static bool MayRepeat(PendingPush push, GroupSnapshot stored) =>
        push.MayRepeat && (push.Mode != PushMode.Replace || stored.Memory is null);

    private void BuildShape(GroupSlot slot, GroupSnapshot stored, PendingPush push, ReadOnlyMemory<byte> body)
    {
        long samples = push.PushedSamples;
        FamilyEntry[] pushed = WithoutOwn(push.Entries);
        if (ShapeBuilder.Build(slot.Key, state.Options.Names, body, pushed, state.Blocks.Pool, push.Workspace, push.Mode,
            state.Options.Aggregates) is { } shape)
        {
            (shape.Version, shape.GroupSize) = (stored.Version, stored.Size);
            (shape.Extent, shape.Samples) = (push.Extent, samples);
            Explored.Step("EnterShape");
            if (state.Shapes!.TryEnter(slot, shape))
            {
                return;
            }
        }

        slot.Patience.Miss();
    }

    private static bool HasSameLines(GroupSnapshot before, ReadOnlySpan<FamilyEntry> pushed)
    {
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            if (!before.TryGet(entry.Name.Span, out FamilyEntry old) || old.Type != entry.Type || old.SampleCount != entry.SampleCount)
            {
                return false;
            }
        }

        return true;
    }

    private static FamilyEntry[] WithoutOwn(ReadOnlySpan<FamilyEntry> pushed)
    {
        int own = 0;
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            own += BuiltInFamilies.IsEither(entry.Name.Span) ? 1 : 0;
        }

        var kept = new FamilyEntry[pushed.Length - own];
        int count = 0;
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            if (!BuiltInFamilies.IsEither(entry.Name.Span))
            {
                kept[count++] = entry;
            }
        }

        return kept;
    }
}
