using Exposition.Formats;
using Exposition.Store.Internal;
using Exposition.Store.Internal.Shapes;

namespace Exposition.Store;

// The short way of a push: see PushShape. What it inherits from the group's last push stays true until it publishes, because it publishes
// only if the group's snapshot is still the very one that the shape describes: no push, refusal or delete of this group came between; and a push
// of another group that contradicts this one's families was refused, or hidden.

public sealed partial class MetricStore
{
    private readonly ShapeCache? _shapes;

    /// <summary>Memory held by the shapes of last pushes, in bytes.</summary>
    public long ShapeBytes => _shapes?.Bytes ?? 0;

    /// <summary>Pushes that were patched in because their series equalled those of their group's last push.</summary>
    public long RepeatedPushes => Volatile.Read(ref _repeatedPushes);

    private readonly BlockPool _blocks;
    private long _repeatedPushes;

    /// <summary>Memory of blocks that wait to be used again, in bytes.</summary>
    public long SpareBytes => _blocks.Bytes;

    // A fault to be caught by the test that looks for it: blocks are used again although somebody may be reading them.
    internal bool RecyclesBlindly { get; set; }

    private bool TryPushRepeated(GroupingKey key, ReadOnlyMemory<byte> body, PushMode mode, TimeSpan? expireAfter)
    {
        GroupSlot? slot = FindSlot(key);
        if (slot?.Shape is not { } shape || !shape.TryTake())
        {
            return false;
        }

        try
        {
            if (TryPatch(slot, shape, body, mode, expireAfter))
            {
                shape.LastUsed = Options.Time.GetTimestamp();
                slot.Patience.Hit();
                Interlocked.Increment(ref _repeatedPushes);
                return true;
            }

            _shapes!.Drop(slot);
            slot.Patience.Miss();
            return false;
        }
        finally
        {
            shape.GiveBack();
        }
    }

    private bool TryPatch(GroupSlot slot, PushShape shape, ReadOnlyMemory<byte> body, PushMode mode, TimeSpan? expireAfter)
    {
        GroupSnapshot current = slot.Current!;
        int others = current.Families.Length - shape.FamilyCount;
        if (current.Version != shape.Version || (mode == PushMode.Replace && others != OwnNames.Count) || !shape.TryCompare(body.Span))
        {
            return false;
        }

        long now = UnixNanoseconds();
        if (current.ExpiresAt > 0 && current.ExpiresAt <= now)
        {
            // Due, though nobody has looked yet: this push finds an empty group.
            return false;
        }

        if (ShapePatch.Apply(current.Families, shape, now, out byte[]? replaced) is not { } families)
        {
            return false;
        }

        if (Options.VerifyShapes)
        {
            Verify(slot, current, families, body, mode, now);
        }

        lock (_writer)
        {
            if (slot.IsRemoved || !ReferenceEquals(slot.Current, current))
            {
                return false;
            }

            Publish(slot, slot.Key, families, tell: true, FateOf(slot, slot.Key, expireAfter, now), sameSeries: true);
            shape.Version = slot.Current!.Version;
            if (replaced is not null)
            {
                Recycle(replaced, current);
            }
            else
            {
                // Both snapshots have the same block.
                slot.Current.WasTaken = current.WasTaken;
            }

            return true;
        }
    }

    // Under the writer lock, right after a snapshot was replaced by one that shares none of the block's bytes. Others that may still read it:
    //   views    one that is open now may hold the old snapshot. One that is opened later cannot: it counts itself before it reads the clock and
    //            the slots, and here the new snapshot and clock were written before the count is read (a full fence on either side).
    //   feeds    a consumer that has taken the old snapshot may be writing it. One that has not will get the new one instead.
    //   pushes   of this group read names and help texts of the old snapshot, which lie elsewhere; of other groups, only under the lock.
    private void Recycle(byte[] block, GroupSnapshot old)
    {
        Interlocked.MemoryBarrier();
        if (RecyclesBlindly || (Volatile.Read(ref _openViews) == 0 && !old.WasTaken))
        {
            _blocks.Return(block);
        }
    }

    // After a push has gone the long way: a shape for the next one, if this was the second with the same families and lines.
    private void ConsiderShape(GroupSlot slot, GroupSnapshot? before, GroupSnapshot stored, ReadOnlySpan<FamilyEntry> pushed, ReadOnlyMemory<byte> body)
    {
        if (_shapes is null || before is null || !_shapes.MayHold(body.Length) || !stored.Hidden.IsEmpty || !HasSameLines(before, pushed) || !slot.Patience.IsOver())
        {
            return;
        }

        if (ShapeBuilder.Build(slot.Key, Options.Names, body, WithoutOwn(pushed), _blocks) is { } shape)
        {
            shape.Version = stored.Version;
            if (_shapes.TryEnter(slot, shape))
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
        var kept = new List<FamilyEntry>(pushed.Length);
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            if (!OwnNames.IsEither(entry.Name.Span))
            {
                kept.Add(entry);
            }
        }

        return [.. kept];
    }

    private void Verify(GroupSlot slot, GroupSnapshot current, FamilyEntry[] patched, ReadOnlyMemory<byte> body, PushMode mode, long now)
    {
        PushWorkspace workspace = PushWorkspace.Rent();
        try
        {
            string? error = null;
            FamilyEntry[] expected = [];
            if (TextFormat.TryRead(body, new TextReadOptions(Options.Names, Lenient: true), workspace.Families, out FormatError malformed)
                && !PushRules.HasTimestamps(workspace.Families))
            {
                var push = new PendingPush(workspace, slot.Key, now);
                error = push.Prepare(leaveOut: !Options.CheckConsistency);
                FamilyEntry[] pushed = push.Render(current, keepPushedFailure: true);
                expected = SnapshotBuilder.Combine(current.Families, pushed, mode == PushMode.Replace);
                lock (_writer)
                {
                    // Somebody else may have changed the group since; then nothing will be published.
                    List<HiddenFamily>? hidden = null;
                    error ??= ReferenceEquals(slot.Current, current) && !slot.IsRemoved ? Check(push, slot, pushed, expected, ref hidden) : null;
                }
            }
            else
            {
                error = malformed.Message ?? "timestamps";
            }

            if (error is not null || ShapePatch.Difference(expected, patched) is { } difference && (error = difference) is not null)
            {
                throw new InvalidOperationException($"a push to {slot.Key} was patched in although read the long way it gives: {error}");
            }
        }
        finally
        {
            PushWorkspace.Return(workspace);
        }
    }
}
