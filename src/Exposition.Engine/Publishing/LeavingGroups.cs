using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

// Groups that are deleted together leave all views in one step, however many they are. What else follows from a removal (checks of other
// groups, hidden families that may be shown, feeds) takes longer, and is done some groups at a time, as one of the steps of FollowUp: so
// pushes come in between. Until then such a group is in the table of groups, closed. Who looks for its key under the writer lock ends it
// first (Expiring), so that feeds hear of the end before they hear of a new group of that key.

/// <summary>Groups that have left all views and count still in checks of others. Changed under the writer lock.</summary>
internal sealed class LeavingGroups
{
    private readonly Queue<(GroupSlot[] Slots, bool AreInNoView)> _deletes = new();
    private int _next;

    /// <summary>How many there are; some may have been ended already.</summary>
    public int Count { get; private set; }

    /// <summary>Adds those of one delete, which are closed, and in no map any more.</summary>
    /// <param name="slots">Their slots.</param>
    /// <param name="areInNoView">Whether every view from now on is without them.</param>
    public void Add(GroupSlot[] slots, bool areInNoView)
    {
        _deletes.Enqueue((slots, areInNoView));
        Count += slots.Length;
    }

    /// <summary>Takes the first one.</summary>
    public bool TryTake([NotNullWhen(true)] out GroupSlot? slot, out bool isInNoView)
    {
        (slot, isInNoView) = (null, false);
        if (Count == 0)
        {
            return false;
        }

        (GroupSlot[] slots, isInNoView) = _deletes.Peek();
        slot = slots[_next++];
        Count--;
        if (_next == slots.Length)
        {
            _deletes.Dequeue();
            _next = 0;
        }

        return true;
    }
}
