using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Publishing;

/// <summary>
/// The groups that a delete of many is for, and the map without them. Both are made without the writer lock, and then follow under it what
/// has come and gone meanwhile.
/// </summary>
/// <param name="state">The store's.</param>
/// <param name="chooses">Whether a group is chosen, by its key.</param>
/// <param name="olderThan">If given, only groups to which nothing was pushed for longer; see <see cref="GroupAge"/>.</param>
internal sealed class ChosenGroups(StoreState state, Func<GroupingKey, bool> chooses, TimeSpan? olderThan)
{
    private readonly Moment _now = state.Clock.Read();
    private readonly List<GroupSlot> _late = [];
    private GroupMap? _map;
    private GroupSlot[] _slots = [];
    private GroupSnapshot[] _ends = [];
    private GroupMap _left = GroupMap.Empty();
    private int _gone;

    /// <summary>How many are chosen. Under the writer lock.</summary>
    public int Count
    {
        get
        {
            if (olderThan is null)
            {
                return _slots.Length - _gone + _late.Count;
            }

            int count = _late.Count(slot => IsOld(slot.Current!));
            for (int i = 0; i < _slots.Length; i++)
            {
                Fetch(i);
                count += IsChosen(i, _slots[i].Current!) ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Chooses among the groups of a map; at a second time only among those that are not of the one before.</summary>
    public void ChooseFrom(GroupMap map)
    {
        ReadOnlySpan<GroupSlot> groups = map.Slots;
        _slots = Choose(groups, _map is null ? [] : _map.Slots);
        _ends = Array.ConvertAll(_slots, EndFor);
        _left = map.Without(_slots);
        _map = map;
    }

    /// <summary>Follows what has changed since, which is little; under the writer lock.</summary>
    /// <returns>False if that cannot be told any more: they are to be chosen again.</returns>
    public bool TryFollow(GroupMap newest)
    {
        if (newest.ChangesSince(_map!) is not { } changes)
        {
            return false;
        }

        foreach ((GroupSlot slot, bool isThere) in changes)
        {
            if (isThere && chooses(slot.Key))
            {
                _late.Add(slot);
            }
            else if (isThere)
            {
                _left = _left.With(slot);
            }
            else if (!_late.Remove(slot))
            {
                bool isChosen = IsAt(_slots, ByKey.PlaceOf(_slots, slot.Key), slot);
                _gone += isChosen ? 1 : 0;
                _left = isChosen ? _left : _left.Without(slot);
            }
        }

        return true;
    }

    /// <summary>
    /// Closes them, but for those that are pushed to at that very moment and are not old any more; under the writer lock. Nothing is
    /// allocated for those that were chosen before.
    /// </summary>
    /// <param name="samples">Their sample lines.</param>
    /// <param name="bytes">What they take.</param>
    /// <returns>Those that are closed, and the map without them.</returns>
    public (GroupSlot[] Closed, GroupMap Left) Close(out long samples, out long bytes)
    {
        GroupSlot[] slots = _late.Count == 0 ? _slots : [.. _slots, .. _late];
        (samples, bytes) = (0, 0);
        int closed = 0;
        List<GroupSlot>? young = null;
        for (int i = 0; i < slots.Length; i++)
        {
            Fetch(i);
            GroupSlot slot = slots[i];
            if (TryClose(i, slot) is { } last)
            {
                samples += last.SampleCount;
                bytes += last.Size;
                slots[closed++] = slot;
            }
            else if (!slot.IsRemoved)
            {
                (young ??= []).Add(slot);
            }
        }

        young?.ForEach(slot => _left = _left.With(slot));
        return (closed == slots.Length ? slots : slots[..closed], _left);
    }

    private GroupSlot[] Choose(ReadOnlySpan<GroupSlot> groups, ReadOnlySpan<GroupSlot> before)
    {
        // Both are in order of their keys. Nearly all groups are the same objects as before, so that no key is looked at.
        var chosen = new List<GroupSlot>();
        (int next, int old) = (0, 0);
        foreach (GroupSlot slot in groups)
        {
            while (old < before.Length && !ReferenceEquals(before[old], slot) && before[old].Key.CompareTo(slot.Key) <= 0)
            {
                next += IsAt(_slots, next, before[old]) ? 1 : 0;
                old++;
            }

            bool isOld = IsAt(before, old, slot);
            bool isChosen = isOld ? IsAt(_slots, next, slot) : chooses(slot.Key) && MayBeOld(slot);
            old += isOld ? 1 : 0;
            next += isOld && isChosen ? 1 : 0;
            if (isChosen)
            {
                chosen.Add(slot);
            }
        }

        return [.. chosen];
    }

    private static bool IsAt(ReadOnlySpan<GroupSlot> slots, int at, GroupSlot slot) =>
        at < slots.Length && ReferenceEquals(slots[at], slot);

    private bool MayBeOld(GroupSlot slot)
    {
        using var group = new PinnedGroup(slot);
        return group.Newest is { } newest && IsOld(newest);
    }

    // Made ahead for what is newest now. If that is so still under the writer lock, it is as old as it was.
    private GroupSnapshot EndFor(GroupSlot slot)
    {
        using var group = new PinnedGroup(slot);
        GroupSnapshot end = GroupSnapshot.Empty(0);
        return group.Newest is { } newest && (olderThan is null || newest.PushTime > 0) ? GroupSnapshot.End(slot, newest, end) : end;
    }

    private bool IsOld(GroupSnapshot group) => GroupAge.IsOver(group, olderThan, _now);

    // Versions of a group are never the same, though an object may become the snapshot of another push.
    private bool IsChosen(int at, GroupSnapshot newest) =>
        (at < _ends.Length && ReferenceEquals(_ends[at].Previous, newest) && _ends[at].Version == newest.Version + 1)
            || (!newest.IsEnd && IsOld(newest));

    // A repeat push takes no lock: what it has renewed since we looked must stay.
    private GroupSnapshot? TryClose(int at, GroupSlot slot)
    {
        GroupSnapshot last = slot.Current!;
        if (last.IsEnd)
        {
            return null;
        }

        // Consumers of feeds who find it closed before all of them leave it to what they are told of all.
        slot.LeavesTogether = true;
        for (; IsChosen(at, last); last = slot.Current!)
        {
            if (state.Groups.TryClose(slot, last, at < _ends.Length ? _ends[at] : null))
            {
                slot.IsInMap = false;
                return last;
            }
        }

        slot.LeavesTogether = false;
        return null;
    }

    // Nearly all of the rest goes into waiting for memory, so that is asked for ahead.
    private void Fetch(int i)
    {
        const int Ahead = 8;
        if (i + (2 * Ahead) < _slots.Length)
        {
            Prefetch.Object(_slots[i + (2 * Ahead)]);
            Prefetch.Snapshot(_slots[i + Ahead].Current!);
            Prefetch.Snapshot(_ends[i + Ahead]);
        }
    }
}
