using Exposition.Engine.Groups;

namespace Exposition.Engine.Expiry;

// A binary heap with one entry for each group that has a deadline; the slot knows its place. Every push moves its group's deadline away,
// which is left as it is: the entry comes up at the old time and is moved then. So a push costs one comparison.

/// <summary>Where a slot keeps its place in a queue.</summary>
internal interface IQueuePlace
{
    /// <summary>The place in one; -1 for none.</summary>
    public static abstract ref int In(GroupSlot slot);
}

/// <summary>
/// The groups by the time at which they must be looked at. Kept by the writer, under the store's writer lock; only <see cref="First"/> is
/// for all.
/// </summary>
/// <typeparam name="TPlace">Which of the places of a slot is that in this queue.</typeparam>
internal sealed class DeadlineQueue<TPlace>
    where TPlace : struct, IQueuePlace
{
    private const int SmallRoom = 4096;

    private List<(long At, GroupSlot Slot)> _heap = [];
    private long _first = long.MaxValue;

    /// <summary>The earliest time; <see cref="long.MaxValue"/> if there is none.</summary>
    public long First => Volatile.Read(ref _first);

    public int Count => _heap.Count;

    /// <summary>Whether it has room for many times as many groups as there are.</summary>
    public bool IsRoomy => _heap.Capacity > Math.Max(SmallRoom, 4 * _heap.Count);

    /// <summary>The group of the earliest time.</summary>
    public GroupSlot FirstSlot => _heap[0].Slot;

    /// <summary>Sees to it that a group comes up at a time or before it.</summary>
    public void ComeUpBy(GroupSlot slot, long at)
    {
        ref int place = ref TPlace.In(slot);
        if (place < 0)
        {
            place = _heap.Count;
            _heap.Add((at, slot));
            Up(place);
        }
        else if (at < _heap[place].At)
        {
            _heap[place] = (at, slot);
            Up(place);
        }

        Publish();
    }

    /// <summary>Moves the first group to a later time.</summary>
    public void Postpone(long at)
    {
        _heap[0] = (at, _heap[0].Slot);
        Down(0);
        Publish();
    }

    /// <summary>Takes a group out, if it is in.</summary>
    public void Remove(GroupSlot slot)
    {
        int at = TPlace.In(slot);
        if (at < 0)
        {
            return;
        }

        TPlace.In(slot) = -1;
        (long At, GroupSlot Slot) last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (at < _heap.Count)
        {
            _heap[at] = last;
            TPlace.In(last.Slot) = at;
            Up(at);
            Down(TPlace.In(last.Slot));
        }

        Publish();
    }

    /// <summary>Forgets all groups, none of which is ever given to it again.</summary>
    public void Clear()
    {
        _heap = [];
        Publish();
    }

    /// <summary>Lets go of room.</summary>
    public void Trim() => _heap.TrimExcess();

    private void Publish() => Volatile.Write(ref _first, _heap.Count == 0 ? long.MaxValue : _heap[0].At);

    private void Up(int at)
    {
        while (at > 0 && _heap[at].At < _heap[(at - 1) / 2].At)
        {
            Swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void Down(int at)
    {
        while (true)
        {
            int least = at;
            for (int child = (2 * at) + 1; child <= (2 * at) + 2 && child < _heap.Count; child++)
            {
                least = _heap[child].At < _heap[least].At ? child : least;
            }

            if (least == at)
            {
                return;
            }

            Swap(at, least);
            at = least;
        }
    }

    private void Swap(int a, int b)
    {
        (_heap[a], _heap[b]) = (_heap[b], _heap[a]);
        TPlace.In(_heap[a].Slot) = a;
        TPlace.In(_heap[b].Slot) = b;
    }
}
