using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

// Groups that are deleted together leave all views in one step, however many they are. What else follows from a removal (checks of other
// groups, hidden families that may be shown, feeds) takes longer, and is done some groups at a time, as one of the steps of FollowUp: so
// pushes come in between. Until then such a group is in the table of groups, closed. Who looks for its key under the writer lock ends it
// first (Expiring), so that feeds hear of the end before they hear of a new group of that key.

/// <summary>A group that is closed, and in no map any more.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="Last">What was newest.</param>
/// <param name="IsInNoView">Whether every view from now on is without it.</param>
internal readonly record struct LeavingGroup(GroupSlot Slot, GroupSnapshot Last, bool IsInNoView);

/// <summary>Groups that have left all views and count still in checks of others. Changed under the writer lock.</summary>
internal sealed class LeavingGroups
{
    private readonly Queue<LeavingGroup> _groups = new();

    /// <summary>How many there are; some may have been ended already.</summary>
    public int Count => _groups.Count;

    /// <summary>Makes room, so that adding does not fail.</summary>
    public void Expect(int groups) => _groups.EnsureCapacity(_groups.Count + groups);

    public void Add(in LeavingGroup group) => _groups.Enqueue(group);

    /// <summary>Takes the first one.</summary>
    public bool TryTake(out LeavingGroup group)
    {
        if (!_groups.TryDequeue(out group))
        {
            return false;
        }

        if (_groups.Count == 0)
        {
            _groups.TrimExcess();
        }

        return true;
    }
}
