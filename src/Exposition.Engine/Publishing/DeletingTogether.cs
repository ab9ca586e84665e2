using System.Diagnostics;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Publishing;

// Which groups are chosen is found out without a lock, as expressions may take their time. What has come and gone meanwhile is made up for
// under the writer lock, where also their age is looked at: so what is deleted, and counted, is what a view at that moment would show. That
// hold is the one that grows with the number of groups, by a fraction of a microsecond each (some 3 ms for 10,000): all of them must be
// closed before the map without them is shown. What takes most, to make their ends, is done before. Repeat pushes go on meanwhile.

/// <summary>What became of a delete of many groups.</summary>
/// <param name="Groups">How many were removed; where it was not done, how many there are.</param>
/// <param name="Series">Their sample lines.</param>
/// <param name="IsDone">False if there were not as many as expected: nothing has changed then.</param>
internal readonly record struct DeletedTogether(int Groups, long Series, bool IsDone);

/// <summary>Deletes the groups that are chosen in one step: a view shows all of them or none.</summary>
internal sealed class DeletingTogether(StoreState state, WriterLock writer, Publisher publisher, Sweep sweep)
{
    /// <summary>Deletes them.</summary>
    /// <param name="chooses">Whether a group is chosen, by its key.</param>
    /// <param name="olderThan">If given, only those to which nothing was pushed for longer; see <see cref="GroupAge"/>.</param>
    /// <param name="expected">If given, how many there must be. One that is pushed to at that very moment stays all the same.</param>
    public DeletedTogether Delete(Func<GroupingKey, bool> chooses, TimeSpan? olderThan = null, long? expected = null)
    {
        sweep.ExpireDue();
        GroupMap map = state.Maps.Newest;
        List<GroupSlot> chosen = Choose(map.Slots, chooses);
        GroupSnapshot[] ends = EndsFor(chosen.Count);
        DeletedTogether deleted;

        // The steps that follow are taken when the inner scope ends: nobody wipes meanwhile, or deletes many groups.
        using (writer.EnterClosing())
        using (writer.Enter())
        {
            Moment now = state.Clock.Read();
            List<GroupSlot> found = Update(chosen, map.Slots, state.Maps.Newest.Slots, chooses);
            found.RemoveAll(slot => !GroupAge.IsOver(slot.Current!, olderThan, now));
            deleted = expected is { } count && count != found.Count
                ? new DeletedTogether(found.Count, 0, IsDone: false)
                : Remove(found, ends, olderThan, now);
        }

        state.Observers.TellEnds();
        return deleted;
    }

    private static List<GroupSlot> Choose(ReadOnlySpan<GroupSlot> slots, Func<GroupingKey, bool> chooses)
    {
        var chosen = new List<GroupSlot>();
        foreach (GroupSlot slot in slots)
        {
            if (chooses(slot.Key))
            {
                chosen.Add(slot);
            }
        }

        return chosen;
    }

    // From those that were chosen among the groups before to those that are chosen among the groups now, both in order of their keys.
    // Nearly all are the same objects, so that no key is looked at.
    private static List<GroupSlot> Update(
        List<GroupSlot> chosen, ReadOnlySpan<GroupSlot> before, ReadOnlySpan<GroupSlot> now, Func<GroupingKey, bool> chooses)
    {
        if (before == now)
        {
            return chosen;
        }

        var updated = new List<GroupSlot>(chosen.Count);
        int next = 0;
        int old = 0;
        foreach (GroupSlot slot in now)
        {
            while (old < before.Length && !ReferenceEquals(before[old], slot) && before[old].Key.CompareTo(slot.Key) <= 0)
            {
                next += next < chosen.Count && ReferenceEquals(chosen[next], before[old]) ? 1 : 0;
                old++;
            }

            bool isOld = old < before.Length && ReferenceEquals(before[old], slot);
            bool isChosen = isOld ? next < chosen.Count && ReferenceEquals(chosen[next], slot) : chooses(slot.Key);
            old += isOld ? 1 : 0;
            next += isOld && isChosen ? 1 : 0;
            if (isChosen)
            {
                updated.Add(slot);
            }
        }

        return updated;
    }

    // To make them takes most of the time, and the collections that it causes.
    private static GroupSnapshot[] EndsFor(int groups)
    {
        var ends = new GroupSnapshot[groups];
        for (int i = 0; i < ends.Length; i++)
        {
            ends[i] = GroupSnapshot.Empty(0);
        }

        return ends;
    }

    private DeletedTogether Remove(List<GroupSlot> slots, GroupSnapshot[] ends, TimeSpan? olderThan, Moment now)
    {
        writer.AssertHeld();
        var closed = new List<LeavingGroup>(slots.Count);
        state.LeavingGroups.Expect(slots.Count);
        try
        {
            for (int i = 0; i < slots.Count; i++)
            {
                Fetch(slots, i);
                GroupSlot slot = slots[i];

                // Consumers of feeds who find it closed before all of them are leave it to what they are told of all.
                slot.LeavesTogether = true;
                if (TryClose(slot, i < ends.Length ? ends[i] : null, olderThan, now) is { } last)
                {
                    closed.Add(new LeavingGroup(slot, last, IsInNoView: false));
                }
                else
                {
                    slot.LeavesTogether = false;
                }
            }
        }
        finally
        {
            publisher.RemoveTogether(closed);
        }

        return new DeletedTogether(closed.Count, closed.Sum(static group => group.Last.SampleCount), IsDone: true);
    }

    // Nearly all of the rest goes into waiting for memory, so that is asked for ahead.
    private static void Fetch(List<GroupSlot> slots, int i)
    {
        const int Ahead = 8;
        if (i + (2 * Ahead) < slots.Count)
        {
            Prefetch.Object(slots[i + (2 * Ahead)]);
            Prefetch.Snapshot(slots[i + Ahead].Current!);
        }
    }

    // A repeat push takes no lock: what it has renewed since we looked must stay.
    private GroupSnapshot? TryClose(GroupSlot slot, GroupSnapshot? end, TimeSpan? olderThan, Moment now)
    {
        GroupSnapshot last;
        do
        {
            last = slot.Current!;
            Debug.Assert(!last.IsEnd, "a group of the map was closed");
            if (!GroupAge.IsOver(last, olderThan, now))
            {
                return null;
            }
        }
        while (!state.Groups.TryClose(slot, last, end));
        return last;
    }
}
