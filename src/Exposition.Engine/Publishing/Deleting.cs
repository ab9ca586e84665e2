using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

/// <summary>Deletes of single groups, and of those that a selector chooses.</summary>
internal sealed class Deleting(StoreState state, WriterLock writer, Publisher publisher, Expiring expiring, Sweep sweep)
{
    /// <inheritdoc cref="MetricStore.Delete(GroupingKey)"/>
    public bool Delete(GroupingKey key)
    {
        sweep.ExpireDue();
        bool isDeleted = TryDelete(key, null);
        state.Observers.TellEnds();
        return isDeleted;
    }

    /// <inheritdoc cref="MetricStore.Delete(GroupSelector, TimeSpan?)"/>
    public int Delete(GroupSelector groups, TimeSpan? olderThan)
    {
        sweep.ExpireDue();
        int deleted = 0;

        // One hold of the writer lock each: pushes come in between. Groups that come meanwhile are not in this array.
        foreach (GroupSlot slot in state.Maps.Newest.Slots)
        {
            deleted += groups.Matches(slot.Key) && TryDelete(slot.Key, olderThan) ? 1 : 0;
        }

        state.Observers.TellEnds();
        return deleted;
    }

    private bool TryDelete(GroupingKey key, TimeSpan? olderThan)
    {
        using (writer.Enter())
        {
            Moment now = state.Clock.Read();
            if (expiring.FindAt(key, now) is not { } slot)
            {
                return false;
            }

            if (olderThan is not { } age)
            {
                publisher.Remove(slot);
                return true;
            }

            // A repeat push takes no lock: what it has renewed since we looked must stay.
            GroupSnapshot current;
            do
            {
                current = slot.Current!;
                if (!IsOlder(current, age, now))
                {
                    return false;
                }
            }
            while (!state.Groups.TryClose(slot, current));
            publisher.Removed(slot, current);
            return true;
        }
    }

    // A group to which nothing was pushed with success is older than all.
    private static bool IsOlder(GroupSnapshot group, TimeSpan age, Moment now) =>
        (now.Wall / 1e9) - group.PushTime.GetValueOrDefault() > age.TotalSeconds;
}
