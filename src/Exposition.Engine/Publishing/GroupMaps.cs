using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

/// <summary>
/// The map of the groups, and those before it as long as a view may be on its way to one. Read without a lock; replaced under the writer
/// lock.
/// </summary>
/// <param name="timeline">The clock of publications and views.</param>
/// <param name="writer">The store's writer lock.</param>
internal sealed class GroupMaps(Timeline timeline, Lock writer)
{
    private GroupMap _map = GroupMap.Empty();
    private int _isMerging;

    public GroupMap Newest => Volatile.Read(ref _map);

    /// <summary>The map at the time of a view.</summary>
    public GroupMap At(long at)
    {
        Explored.Step("ReadMap");
        GroupMap map = Volatile.Read(ref _map);
        while (map.Stamp(timeline) > at)
        {
            map = map.Previous!;
        }

        return map;
    }

    /// <summary>Groups appear, or are gone; under the writer lock.</summary>
    /// <returns>Whether every view from now on sees it so.</returns>
    public bool Replace(GroupMap next)
    {
        writer.AssertHeld();
        GroupMap old = _map;
        old.Stamp(timeline);
        next.Previous = old;
        Explored.Step("ReplaceMap");

        // Not just written: it must be there for all before the clock is read.
        Interlocked.Exchange(ref _map, next);
        long publishedAt = next.Stamp(timeline);
        Interlocked.MemoryBarrier();
        long floor = timeline.Floor();
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

    /// <summary>The newest without a group; under the writer lock. While groups are loaded not all of them are in the map.</summary>
    public GroupMap Without(GroupSlot slot)
    {
        writer.AssertHeld();
        bool isInMap = slot.IsInMap;
        slot.IsInMap = false;
        return isInMap ? _map.Without(slot) : _map.Unchanged();
    }

    /// <summary>Merges what has changed, if it is more than there are groups.</summary>
    public void Trim()
    {
        // In the map's array what has gone is until somebody asks for the groups.
        GroupMap map = Newest;
        if (map.PendingChanges > map.Count)
        {
            _ = map.Slots;
        }
    }

    /// <summary>
    /// Merges the changes of the map, where they are many: on another thread, for whoever has made the last of them must not wait for
    /// that.
    /// </summary>
    public void MergeIfOverdue()
    {
        if (Newest.IsOverdue && Interlocked.Exchange(ref _isMerging, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static maps => maps.MergeOverdue(), this, preferLocal: false);
        }
    }

    private void MergeOverdue()
    {
        try
        {
            Action<GroupMap> end = Newest.Merge();
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
}
