using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Publishing;

// What a view does, and what those who publish do for it; see StoreState, and Timeline.

/// <summary>
/// The groups: the newest snapshot of each, and those before as long as a view may be on its way to one. Neither views nor who replaces a
/// snapshot take a lock.
/// </summary>
/// <param name="writer">The store's writer lock.</param>
internal sealed class GroupVersions(Lock writer)
{
    private GroupSnapshot[]? _spareGroups;

    /// <summary>The groups by their keys; those that are still being loaded, too.</summary>
    public GroupTable Table { get; } = new();

    /// <summary>The clock of publications and views.</summary>
    public Timeline Timeline { get; } = new();

    /// <summary>Finds a group. Without the writer lock: of one that comes or goes at the moment, either answer.</summary>
    public GroupSlot? Find(GroupingKey key)
    {
        Explored.Step("FindSlot");
        return Table.Find(key);
    }

    /// <summary>
    /// Whether a slot that was found before is its key's still; under the writer lock. One that was wiped may not be closed yet.
    /// </summary>
    public bool IsThere(GroupSlot slot) => ReferenceEquals(Table.Find(slot.Key), slot);

    /// <summary>Opens a view of all groups at one point in time. Takes no lock and never begins anew.</summary>
    /// <param name="state">What the view needs of its store.</param>
    public StoreView Open(StoreState state)
    {
        int place = Timeline.Announce();
        StoreView? view = null;
        try
        {
            long at = Timeline.Take();
            Timeline.Collect(place, at);
            GroupMap map = state.Maps.At(at);
            return view = new StoreView(state, map, at, place, RentGroups(map.Slots.Length));
        }
        finally
        {
            if (view is null)
            {
                Timeline.Leave(place);
            }
        }
    }

    /// <summary>A view has closed.</summary>
    public void CloseView(int place, GroupSnapshot[] groups, int count)
    {
        // A list that waits for the next view must keep nothing alive.
        Array.Clear(groups, 0, count);
        Volatile.Write(ref _spareGroups, groups);
        Timeline.Leave(place);
    }

    // One list for views that follow one another; more at once have their own.
    private GroupSnapshot[] RentGroups(int count) =>
        Interlocked.Exchange(ref _spareGroups, null) is { } spare && spare.Length >= count && spare.Length / 4 <= count
            ? spare : new GroupSnapshot[count + (count / 8)];

    /// <summary>Finds what is newest of some groups at the time of a view.</summary>
    public void Collect(ReadOnlySpan<GroupSlot> slots, long at, Span<GroupSnapshot> groups)
    {
        const int Ahead = 12;
        long floor = Timeline.Floor();
        for (int i = 0; i < slots.Length && i < groups.Length; i++)
        {
            Explored.Step("ReadSlot");
            if (i + (2 * Ahead) < slots.Length)
            {
                Prefetch.Object(slots[i + (2 * Ahead)]);
                Prefetch.Snapshot(slots[i + Ahead].Current!);
            }

            // Nearly always: stamped, old enough, and nothing before it.
            GroupSnapshot newest = slots[i].Current!;
            long publishedAt = newest.PublishedAt;
            bool isLater = publishedAt > at || publishedAt == Timeline.Unstamped;
            groups[i] = isLater || newest.Previous is not null ? At(newest, at, floor) : newest;
        }
    }

    private GroupSnapshot At(GroupSnapshot newest, long at, long floor)
    {
        GroupSnapshot snapshot = newest;
        Explored.Fault("IgnoresStamps", () => at = newest.IsEnd ? at : Timeline.Never);
        while (snapshot.Stamp(Timeline) > at)
        {
            Explored.Step("GoBack");
            snapshot = snapshot.Previous!;
        }

        // Left by a push that came while a view collected.
        if (snapshot.Previous is not null && snapshot.PublishedAt <= floor)
        {
            snapshot.Previous = null;
        }

        return snapshot;
    }

    /// <summary>Puts a snapshot in the place of the newest one, and stamps it. False if that is not the newest any more.</summary>
    public bool TrySwap(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        old.Stamp(Timeline);
        snapshot.Previous = old;
        Explored.Fault("StampsEarly", () => snapshot.Stamp(Timeline));
        if (!slot.TryReplace(old, snapshot))
        {
            return false;
        }

        bool stamps = true;
        Explored.Fault("StampsLate", () => stamps = false);
        if (stamps)
        {
            snapshot.Stamp(Timeline);
            Cut(snapshot, old);
        }

        return true;
    }

    // After a stamp: of what was before only that is kept which a view may be on its way to. What has the stamp of its successor is in no
    // view at all, so a chain is never longer than the number of views since the oldest one that still collects.
    private void Cut(GroupSnapshot newest, GroupSnapshot old)
    {
        Interlocked.MemoryBarrier();
        long floor = Timeline.Floor();
        Explored.Fault("CutsBlindly", () => floor = Timeline.Never);
        Explored.Step("Cut");
        if (newest.PublishedAt <= floor)
        {
            newest.Previous = null;
            return;
        }

        if (old.PublishedAt == newest.PublishedAt)
        {
            newest.Previous = old.Previous;
        }

        GroupSnapshot? last = newest.Previous;
        while (last is not null && last.PublishedAt > floor)
        {
            Explored.Step("GoBack");
            last = last.Previous;
        }

        if (last is not null)
        {
            Explored.Step("Cut");
            last.Previous = null;
        }
    }

    /// <summary>From now on no push replaces the group's snapshot; under the writer lock. A view goes back to the last one.</summary>
    public GroupSnapshot Close(GroupSlot slot)
    {
        writer.AssertHeld();
        GroupSnapshot? last;
        do
        {
            last = slot.Current!;
        }
        while (!TryClose(slot, last));
        return last;
    }

    /// <summary>The same, if that is the last one.</summary>
    /// <param name="slot">The group.</param>
    /// <param name="last">The last one.</param>
    /// <param name="ahead">An empty snapshot for its end, made ahead; null to make one.</param>
    public bool TryClose(GroupSlot slot, GroupSnapshot last, GroupSnapshot? ahead = null)
    {
        last.Stamp(Timeline);
        return slot.TryReplace(last, GroupSnapshot.End(slot, last, ahead));
    }

    /// <summary>Lets go of a list of views that was made for many more groups than there are.</summary>
    public void Trim(int groups)
    {
        if (Volatile.Read(ref _spareGroups) is { } spare && spare.Length / 4 > groups)
        {
            Interlocked.CompareExchange(ref _spareGroups, null, spare);
        }
    }
}
