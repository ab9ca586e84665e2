using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine;

// What a view does, and what those who publish do for it; see the head of MetricStore.cs, and Timeline.

public sealed partial class MetricStore
{
    private readonly Timeline _timeline = new();
    private GroupMap _map = GroupMap.Empty();
    private GroupSnapshot[]? _spareGroups;

    /// <summary>
    /// Opens a view of all groups at one point in time. Takes no lock and never begins anew, unless groups are due to expire.
    /// </summary>
    internal StoreView OpenView()
    {
        ExpireDue();
        int place = _timeline.Announce();
        StoreView? view = null;
        try
        {
            long at = _timeline.Take();
            _timeline.Collect(place, at);
            GroupMap map = MapAt(at);
            return view = new StoreView(this, map, at, place, RentGroups(map.Slots.Length));
        }
        finally
        {
            if (view is null)
            {
                _timeline.Leave(place);
            }
        }
    }

    internal void SettleView(int place, long at) => _timeline.Settle(place, at);

    internal void CloseView(int place, GroupSnapshot[] groups, int count)
    {
        // Nothing is kept alive by a list that waits for the next view.
        Array.Clear(groups, 0, count);
        Volatile.Write(ref _spareGroups, groups);
        _timeline.Leave(place);
        _retired.LookAfterView();
    }

    // One list for views that follow one another; more at once have their own.
    private GroupSnapshot[] RentGroups(int count) =>
        Interlocked.Exchange(ref _spareGroups, null) is { } spare && spare.Length >= count && spare.Length / 4 <= count
            ? spare : new GroupSnapshot[count + (count / 8)];

    private GroupMap MapAt(long at)
    {
        Explored.Step("ReadMap");
        GroupMap map = Volatile.Read(ref _map);
        while (map.Stamp(_timeline) > at)
        {
            map = map.Previous!;
        }

        return map;
    }

    internal void CollectView(ReadOnlySpan<GroupSlot> slots, long at, Span<GroupSnapshot> groups)
    {
        const int Ahead = 12;
        long floor = _timeline.Floor();
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
            long version = newest.Version;
            groups[i] = version > at || version == Timeline.Unstamped || newest.Previous is not null ? At(newest, at, floor) : newest;
        }
    }

    private GroupSnapshot At(GroupSnapshot newest, long at, long floor)
    {
        GroupSnapshot snapshot = newest;
        Explored.Fault("IgnoresStamps", () => at = newest.IsEnd ? at : Timeline.Never);
        while (snapshot.Stamp(_timeline) > at)
        {
            Explored.Step("GoBack");
            snapshot = snapshot.Previous!;
        }

        // Left by a push that came while a view collected.
        if (snapshot.Previous is not null && snapshot.Version <= floor)
        {
            snapshot.Previous = null;
        }

        return snapshot;
    }

    // Puts a snapshot in the place of the newest one, and stamps it. False if that is not the newest any more.
    private bool TrySwap(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        old.Stamp(_timeline);
        snapshot.Previous = old;
        Explored.Fault("StampsEarly", () => snapshot.Stamp(_timeline));
        if (!slot.TryReplace(old, snapshot))
        {
            return false;
        }

        bool stamps = true;
        Explored.Fault("StampsLate", () => stamps = false);
        if (stamps)
        {
            snapshot.Stamp(_timeline);
            Cut(snapshot, old);
        }

        return true;
    }

    // After a stamp: of what was before only that is kept which a view may be on its way to. What has the stamp of its successor is in no
    // view at all, so a chain is never longer than the number of views since the oldest one that still collects.
    private void Cut(GroupSnapshot newest, GroupSnapshot old)
    {
        Interlocked.MemoryBarrier();
        long floor = _timeline.Floor();
        Explored.Fault("CutsBlindly", () => floor = Timeline.Never);
        Explored.Step("Cut");
        if (newest.Version <= floor)
        {
            newest.Previous = null;
            return;
        }

        if (old.Version == newest.Version)
        {
            newest.Previous = old.Previous;
        }

        GroupSnapshot? last = newest.Previous;
        while (last is not null && last.Version > floor)
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

    // Under the writer lock: groups appear, or are gone. Says whether every view from now on sees it so.
    private bool ReplaceMap(GroupMap next)
    {
        AssertWriterLock();
        GroupMap old = _map;
        old.Stamp(_timeline);
        next.Previous = old;
        Explored.Step("ReplaceMap");

        // Not just written: it must be there for all before the clock is read.
        Interlocked.Exchange(ref _map, next);
        long version = next.Stamp(_timeline);
        Interlocked.MemoryBarrier();
        long floor = _timeline.Floor();
        Explored.Step("Cut");
        if (version <= floor)
        {
            next.Previous = null;
            return true;
        }

        if (old.Version == version)
        {
            next.Previous = old.Previous;
        }

        GroupMap? last = next.Previous;
        while (last is not null && last.Version > floor)
        {
            last = last.Previous;
        }

        if (last is not null)
        {
            last.Previous = null;
        }

        return false;
    }

    // Under the writer lock: from now on no push replaces the group's snapshot. A view does not notice: it goes back to the last one.
    private GroupSnapshot Close(GroupSlot slot)
    {
        AssertWriterLock();
        GroupSnapshot? last;
        do
        {
            last = slot.Current!;
        }
        while (!TryClose(slot, last));
        return last;
    }

    private bool TryClose(GroupSlot slot, GroupSnapshot last)
    {
        last.Stamp(_timeline);
        return slot.TryReplace(last, GroupSnapshot.End(slot, last));
    }
}
