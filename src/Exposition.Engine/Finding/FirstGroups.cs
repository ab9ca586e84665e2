using Exposition.Engine.Groups;

namespace Exposition.Engine.Finding;

/// <summary>A group and what it is sorted by.</summary>
internal readonly record struct Ranked(long Value, GroupSlot Slot);

/// <summary>
/// Keeps, of all groups that are given to it, the first ones in some order: a heap with the last of them on top, which a better one takes
/// the place of. So memory is for those alone.
/// </summary>
/// <param name="sort">What they are sorted by.</param>
/// <param name="descending">Whether the greatest come first. Among equals it is the least key, whatever the direction.</param>
/// <param name="most">How many are kept.</param>
internal sealed class FirstGroups(GroupSort sort, bool descending, int most) : IComparer<Ranked>
{
    private readonly List<Ranked> _heap = [];

    /// <summary>Whether some were left out.</summary>
    public bool HasMore { get; private set; }

    /// <summary>
    /// Offers one. Unless keys decide the order, groups are offered in order of their keys: of two with the same value the one that is
    /// offered later comes behind.
    /// </summary>
    public void Offer(in Ranked group)
    {
        if (_heap.Count < most)
        {
            _heap.Add(group);
            Up();
            return;
        }

        HasMore = true;
        if (most > 0 && (group.Value != _heap[0].Value || SortValue.IsOfKey(sort)) && Compare(group, _heap[0]) < 0)
        {
            _heap[0] = group;
            Down();
        }
    }

    /// <summary>Those that were kept, the first one first. Nothing is offered after that.</summary>
    public List<Ranked> Sorted()
    {
        _heap.Sort(this);
        return _heap;
    }

    /// <summary>Whether a group comes behind a place.</summary>
    public bool IsAfter(long value, GroupingKey key, GroupCursor place) =>
        Compare(value, key, sort == GroupSort.Job ? SortValue.OfJob(place.Key) : place.Value, place.Key) > 0;

    public int Compare(Ranked x, Ranked y) => Compare(x.Value, x.Slot.Key, y.Value, y.Slot.Key);

    private int Compare(long value, GroupingKey key, long otherValue, GroupingKey otherKey)
    {
        int order = value.CompareTo(otherValue);
        if (order == 0)
        {
            order = sort switch
            {
                GroupSort.Job => key.Job.SequenceCompareTo(otherKey.Job),
                GroupSort.Key => key.CompareTo(otherKey),
                _ => 0,
            };
        }

        return order == 0 ? key.CompareTo(otherKey) : descending ? -order : order;
    }

    private void Up()
    {
        int at = _heap.Count - 1;
        while (at > 0 && Compare(_heap[at], _heap[(at - 1) / 2]) > 0)
        {
            (_heap[at], _heap[(at - 1) / 2]) = (_heap[(at - 1) / 2], _heap[at]);
            at = (at - 1) / 2;
        }
    }

    private void Down()
    {
        for (int at = 0; ;)
        {
            int last = at;
            for (int child = (2 * at) + 1; child <= (2 * at) + 2 && child < _heap.Count; child++)
            {
                last = Compare(_heap[child], _heap[last]) > 0 ? child : last;
            }

            if (last == at)
            {
                return;
            }

            (_heap[at], _heap[last]) = (_heap[last], _heap[at]);
            at = last;
        }
    }
}
