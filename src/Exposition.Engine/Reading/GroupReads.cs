using System.Runtime.InteropServices;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Publishing;

namespace Exposition.Engine.Reading;

/// <summary>
/// Gives snapshots to readers while they are valid: of one group pinned, of many in a view. Takes no lock, unless the group is due to
/// expire.
/// </summary>
internal sealed class GroupReads(StoreState state, WriterLock writer, Expiring expiring, Views views)
{
    // So many take some 20 us.
    private const int OverdueAtOnce = 64;

    /// <summary>Lets expire what is due, and counts as overdue what is so, for who goes through the groups by himself.</summary>
    public void BringUpToDate()
    {
        views.Expire();
        CountOverdue();
    }

    /// <summary>How many groups are overdue.</summary>
    public long CountOverdue()
    {
        while (state.Overdue is { IsDue: true } overdue)
        {
            using (writer.Enter(takesSteps: false))
            {
                overdue.TakeDue(OverdueAtOnce);
            }
        }

        return state.Overdue?.Count ?? 0;
    }

    /// <summary>Reads one group.</summary>
    /// <param name="key">Which.</param>
    /// <param name="given">For the reader.</param>
    /// <param name="read">The reader; keeps nothing of the snapshot.</param>
    /// <param name="result">What it has returned.</param>
    /// <returns>Whether the group is there.</returns>
    public bool TryRead<TState, TResult>(GroupingKey key, TState given, Func<GroupSnapshot, TState, TResult> read, out TResult? result)
    {
        for (bool mayBeDue = true; ; mayBeDue = false)
        {
            using (var group = new PinnedGroup(state.Groups.Find(key)))
            {
                if (group.Newest is not { } newest)
                {
                    result = default;
                    return false;
                }

                if (!mayBeDue || !IsDue(newest))
                {
                    // Its publisher may not have come to it yet: a view that is opened after this read must not show less.
                    bool stamps = true;
                    Explored.Fault("ReadsUnstamped", () => stamps = false);
                    if (stamps)
                    {
                        newest.Stamp(state.Groups.Timeline);
                    }

                    result = read(newest, given);
                    return true;
                }
            }

            using (writer.Enter())
            {
                expiring.FindAt(key, state.Clock.Read());
            }

            state.Observers.TellEnds();
        }
    }

    /// <summary>Reads all groups that a selector chooses, at one point in time, in order of their keys.</summary>
    /// <returns>How many there are.</returns>
    public int ReadAll<TState>(GroupSelector? groups, TState given, Action<GroupSnapshot, TState> read)
    {
        int count = 0;
        StoreView view = views.OpenHeld(out long mark);
        try
        {
            for (int i = 0; i < view.Count; i++)
            {
                GroupSnapshot group = view.FirstGroups(i + 1)[i];
                if (groups is null || groups.Matches(group.Key))
                {
                    count++;
                    read(group, given);
                }
            }
        }
        finally
        {
            views.CloseHeld(view, mark);
        }

        return count;
    }

    /// <summary>Copies some groups at one point in time. Of all others only the keys are looked at.</summary>
    /// <param name="groups">Which.</param>
    /// <param name="after">Those with a greater key; null for all.</param>
    /// <param name="limit">The most.</param>
    public GroupInfo[] Page(GroupSelector? groups, GroupingKey? after, int limit)
    {
        views.Expire();
        Timeline timeline = state.Groups.Timeline;
        int place = timeline.Announce();
        try
        {
            long at = timeline.Take();
            timeline.Collect(place, at);
            List<GroupSlot> chosen = Choose(state.Maps.At(at).Slots, groups, after, limit);
            var snapshots = new GroupSnapshot[chosen.Count];
            state.Groups.Collect(CollectionsMarshal.AsSpan(chosen), at, snapshots);
            timeline.Settle(place, at);
            return Array.ConvertAll(snapshots, group => GroupCopies.InfoOf(state, group));
        }
        finally
        {
            timeline.Leave(place);
            state.Blocks.Retired.LookAfterView();
        }
    }

    private static List<GroupSlot> Choose(ReadOnlySpan<GroupSlot> slots, GroupSelector? groups, GroupingKey? after, int limit)
    {
        int from = ByKey.PlaceBehind(slots, after);
        var chosen = new List<GroupSlot>(Math.Min(limit, groups is null ? slots.Length - from : 0));
        for (int i = from; i < slots.Length && chosen.Count < limit; i++)
        {
            if (groups is null || groups.Matches(slots[i].Key))
            {
                chosen.Add(slots[i]);
            }
        }

        return chosen;
    }

    private bool IsDue(GroupSnapshot group) =>
        state.Deadlines.DueOf(group) is > 0 and var due && due <= state.Clock.Read().Steady;
}
