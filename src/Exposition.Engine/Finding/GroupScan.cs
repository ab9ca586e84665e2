using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Publishing;
using Exposition.Engine.Reading;

namespace Exposition.Engine.Finding;

/// <summary>Looks at one group.</summary>
internal interface IGroupVisitor
{
    /// <summary>Whether the keys are looked at, which then are asked for ahead.</summary>
    public bool ReadsKeys { get; }

    /// <summary>Whether it is to be looked at, by its key.</summary>
    public bool Wants(GroupSlot slot);

    /// <summary>Looks at it; the snapshot is valid until the return.</summary>
    public void Visit(GroupSlot slot, GroupSnapshot group);
}

// Each group is pinned by itself, so that nothing of what is replaced meanwhile is held for the scan. It shows no single point in time, as
// pages that follow one another do not either. Nearly all of the time goes into waiting for memory, so that is asked for ahead.

/// <summary>Goes through all groups, and lets others have the thread each millisecond. Takes no lock.</summary>
internal sealed class GroupScan(StoreState state, GroupReads reads)
{
    private const int Ahead = 12;

    // Groups between two looks at the clock.
    private const int Step = 32;

    /// <summary>Shows a visitor the groups that it wants, in order of their keys.</summary>
    public async ValueTask VisitAsync(IGroupVisitor visitor, CancellationToken cancellation)
    {
        reads.BringUpToDate();
        GroupMap map = state.Maps.Newest;
        int count = map.Slots.Length;
        var slice = TimeSlice.Start();
        for (int next = 0; next < count;)
        {
            next = Visit(map.Slots, next, visitor);
            if (slice.IsOver())
            {
                cancellation.ThrowIfCancellationRequested();
                await TimeSlice.Pass();
            }
        }
    }

    private static int Visit(ReadOnlySpan<GroupSlot> slots, int from, IGroupVisitor visitor)
    {
        int end = Math.Min(from + Step, slots.Length);
        bool keys = visitor.ReadsKeys;
        for (int i = from; i < end; i++)
        {
            Fetch(slots, i, keys);
            if (visitor.Wants(slots[i]))
            {
                using var group = new PinnedGroup(slots[i]);
                if (group.Newest is { } newest)
                {
                    visitor.Visit(slots[i], newest);
                }
            }
        }

        return end;
    }

    // What is read of snapshots that are not pinned may be of another one by now: it is only a place to fetch from.
    private static void Fetch(ReadOnlySpan<GroupSlot> slots, int i, bool keys)
    {
        if (i + (3 * Ahead) >= slots.Length)
        {
            return;
        }

        Prefetch.Slot(slots[i + (3 * Ahead)]);
        Prefetch.Snapshot(slots[i + (2 * Ahead)].Current!);
        if (keys)
        {
            Prefetch.Object(slots[i + (2 * Ahead)].Key);
            Prefetch.Bytes(slots[i + Ahead].Key.Array, 0);
        }
    }
}
