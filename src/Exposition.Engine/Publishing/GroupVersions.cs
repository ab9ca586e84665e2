using System.Diagnostics;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Publishing;

// What a view does, and what those who publish do for it; see StoreState, and Timeline.

/// <summary>
/// The groups: the newest snapshot of each, the map of them, and the versions before as long as a view may be on its way to one. Views take
/// no lock; maps are replaced under the writer lock.
/// </summary>
/// <param name="writer">The store's writer lock.</param>
internal sealed class GroupVersions(Lock writer)
{
    private GroupMap _map = GroupMap.Empty();
    private GroupSnapshot[]? _spareGroups;
    private int _isMerging;

    /// <summary>The groups by their keys; those that are still being loaded, too.</summary>
    public GroupTable Table { get; } = new();

    /// <summary>The clock of publications and views.</summary>
    public Timeline Timeline { get; } = new();

    /// <summary>The newest map.</summary>
    public GroupMap Map => Volatile.Read(ref _map);

    /// <summary>Finds a group. Without the writer lock: of one that comes or goes at the moment, either answer.</summary>
    public GroupSlot? Find(GroupingKey key)
    {
        Explored.Step("FindSlot");
        return Table.Find(key);
    }

    /// <summary>Whether there is a group of a key.</summary>
    public bool Has(GroupingKey key) => Find(key) is { IsRemoved: false };

    /// <summary>Whether a slot that was found before is its key's still. One that was wiped may not be closed yet. Under the writer
    /// lock.</summary>
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
            GroupMap map = MapAt(at);
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
        // Nothing is kept alive by a list that waits for the next view.
        Array.Clear(groups, 0, count);
        Volatile.Write(ref _spareGroups, groups);
        Timeline.Leave(place);
    }

    // One list for views that follow one another; more at once have their own.
    private GroupSnapshot[] RentGroups(int count) =>
        Interlocked.Exchange(ref _spareGroups, null) is { } spare && spare.Length >= count && spare.Length / 4 <= count
            ? spare : new GroupSnapshot[count + (count / 8)];

    private GroupMap MapAt(long at)
    {
        Explored.Step("ReadMap");
        GroupMap map = Volatile.Read(ref _map);
        while (map.Stamp(Timeline) > at)
        {
            map = map.Previous!;
        }

        return map;
    }

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

    /// <summary>Groups appear, or are gone; under the writer lock.</summary>
    /// <returns>Whether every view from now on sees it so.</returns>
    public bool ReplaceMap(GroupMap next)
    {
        AssertLocked();
        GroupMap old = _map;
        old.Stamp(Timeline);
        next.Previous = old;
        Explored.Step("ReplaceMap");

        // Not just written: it must be there for all before the clock is read.
        Interlocked.Exchange(ref _map, next);
        long publishedAt = next.Stamp(Timeline);
        Interlocked.MemoryBarrier();
        long floor = Timeline.Floor();
        Explored.Step("Cut");
        if (publishedAt <= floor)
        {
            next.Previous = null;
            return true;
        }

        if (old.PublishedAt == publishedAt)
        {
            next.Previous = old.Previous;
        }

        GroupMap? last = next.Previous;
        while (last is not null && last.PublishedAt > floor)
        {
            last = last.Previous;
        }

        if (last is not null)
        {
            last.Previous = null;
        }

        return false;
    }

    /// <summary>From now on no push replaces the group's snapshot; under the writer lock. A view goes back to the last one.</summary>
    public GroupSnapshot Close(GroupSlot slot)
    {
        AssertLocked();
        GroupSnapshot? last;
        do
        {
            last = slot.Current!;
        }
        while (!TryClose(slot, last));
        return last;
    }

    /// <summary>The same, if that is the last one.</summary>
    public bool TryClose(GroupSlot slot, GroupSnapshot last)
    {
        last.Stamp(Timeline);
        return slot.TryReplace(last, GroupSnapshot.End(slot, last));
    }

    /// <summary>The newest map without a group; under the writer lock. While groups are loaded not all of them are in the map.</summary>
    public GroupMap MapWithout(GroupSlot slot)
    {
        AssertLocked();
        bool isInMap = slot.IsInMap;
        slot.IsInMap = false;
        return isInMap ? _map.Without(slot) : _map.Unchanged();
    }

    /// <summary>Lets go of what was made for many more groups than there are.</summary>
    public void Trim()
    {
        // In the map's array what has gone is until somebody asks for the groups.
        GroupMap map = Map;
        if (map.PendingChanges > map.Count)
        {
            _ = map.Slots;
        }

        if (Volatile.Read(ref _spareGroups) is { } spare && spare.Length / 4 > map.Count)
        {
            Interlocked.CompareExchange(ref _spareGroups, null, spare);
        }
    }

    /// <summary>
    /// Merges the changes of the map, where they are many: on another thread, for whoever has made the last of them must not wait for
    /// that.
    /// </summary>
    public void MergeIfOverdue()
    {
        if (Map.IsOverdue && Interlocked.Exchange(ref _isMerging, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static groups => groups.MergeOverdue(), this, preferLocal: false);
        }
    }

    private void MergeOverdue()
    {
        try
        {
            Action<GroupMap> end = Map.Merge();
            Explored.WaitFor(writer);
            lock (writer)
            {
                end(_map);
            }
        }
        catch (OutOfMemoryException)
        {
            // The next change tries again, and so does whoever looks at the groups.
        }
        finally
        {
            Volatile.Write(ref _isMerging, 0);
        }
    }

    [Conditional("DEBUG")]
    private void AssertLocked() => Debug.Assert(writer.IsHeldByCurrentThread, "the writer lock is not held");
}
