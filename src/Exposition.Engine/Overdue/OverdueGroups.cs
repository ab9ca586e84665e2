using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Overdue;

// A group becomes overdue by time alone, so each group that has a rule is in a queue, by the time at which it would. Pushes leave the queue
// as it is: the group comes up at the old time and is moved then, or counts as overdue until its next push, which goes the long way. No
// timer waits for that time: a reader of the counts or lists takes what has come up since the last one.

/// <summary>Which groups are overdue, for lists and counts. Changed under the writer lock; the counts are for all.</summary>
internal sealed class OverdueGroups(Expectations expectations, DeadlineClock clock)
{
    private readonly DeadlineQueue<OverduePlace> _queue = new();

    // By rule, those that it is for.
    private readonly long[] _groups = new long[expectations.Named.Length];
    private long _count;

    /// <summary>How many groups are overdue, of those that have come up.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Whether some have come up since.</summary>
    public bool IsDue => _queue.First <= clock.Read().Wall;

    /// <summary>How many groups are in time.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Whether it has room for many times as many groups as there are.</summary>
    public bool IsRoomy => _queue.IsRoomy;

    /// <summary>Lets go of room.</summary>
    public void Trim() => _queue.Trim();

    /// <summary>A group is new.</summary>
    public void Added(GroupSlot slot)
    {
        if (MarkOf(slot) is { } mark)
        {
            Volatile.Write(ref _groups[mark.Rule], _groups[mark.Rule] + 1);
            _queue.ComeUpBy(slot, DueOf(slot, mark));
        }
    }

    /// <summary>A snapshot of a group was published, which may be a push.</summary>
    public void Published(GroupSlot slot)
    {
        if (slot.IsOverdue && MarkOf(slot) is { } mark && DueOf(slot, mark) is var due && due > clock.Read().Wall)
        {
            Mark(slot, isOverdue: false);
            _queue.ComeUpBy(slot, due);
        }
    }

    /// <summary>A group has gone.</summary>
    /// <param name="slot">The group.</param>
    /// <param name="last">What was newest of it.</param>
    public void Removed(GroupSlot slot, GroupSnapshot last)
    {
        if (slot.Overdue is not { Rule: >= 0 and var rule })
        {
            return;
        }

        Volatile.Write(ref _groups[rule], _groups[rule] - 1);
        _queue.Remove(slot);
        Mark(slot, isOverdue: false);
        if (BuiltInFamilies.PushedAt(last.Families) is { } at)
        {
            expectations.Named[rule]?.See(at);
        }
    }

    /// <summary>All groups have gone, and none of them is ever given to it again.</summary>
    public void Clear()
    {
        _queue.Clear();
        Array.Clear(_groups);
        Volatile.Write(ref _count, 0);
    }

    /// <summary>Takes some of those that have come up.</summary>
    public void TakeDue(int most)
    {
        long now = clock.Read().Wall;
        for (int i = 0; i < most && _queue.First <= now; i++)
        {
            GroupSlot slot = _queue.FirstSlot;
            if (slot.IsRemoved)
            {
                _queue.Remove(slot);
            }
            else if (DueOf(slot, slot.Overdue!) is var due && due > now)
            {
                _queue.Postpone(due);
            }
            else
            {
                _queue.Remove(slot);
                Mark(slot, isOverdue: true);
            }
        }
    }

    /// <summary>What is expected of a group; null if nothing is.</summary>
    public Expected? Of(GroupSnapshot group) =>
        group.Slot.Overdue is { Rule: >= 0 } mark && BuiltInFamilies.PushedAt(group.Families) is { } at
            ? new Expected(group.Key, expectations.TextOf(mark.Rule), Later(at, mark.Within), group.Slot.IsOverdue, at)
            : null;

    /// <summary>The groups that rules name, and that are not there, in the order of the rules.</summary>
    public List<Expected> Missing()
    {
        var missing = new List<Expected>();
        Moment now = clock.Read();
        for (int rule = 0; rule < _groups.Length; rule++)
        {
            if (Volatile.Read(ref _groups[rule]) == 0 && expectations.Named[rule] is { } named)
            {
                long sinceStart = clock.ToWall(Later(expectations.StartedAt, named.Mark.Within), now);
                missing.Add(new Expected(
                    named.Key, expectations.TextOf(rule), Math.Max(sinceStart, Later(named.PushedAt, named.Mark.Within)),
                    expectations.IsOverdue(named, now), named.PushedAt));
            }
        }

        return missing;
    }

    private OverdueMark? MarkOf(GroupSlot slot)
    {
        ReadOnlySpan<FamilyEntry> families = slot.Current!.Families;
        int at = GroupSnapshot.IndexOf(families, BuiltInFamilies.PushTime);
        return at >= 0 && families[at].SampleCount == 1 && expectations.MarkOf(slot, families[at]) is { Rule: >= 0 } mark ? mark : null;
    }

    // The first moment at which it is.
    private static long DueOf(GroupSlot slot, OverdueMark mark) =>
        Later(BuiltInFamilies.PushedAt(slot.Current!.Families) ?? 0, mark.Within) is var last && last < long.MaxValue ? last + 1 : last;

    private static long Later(long at, long within) => within > long.MaxValue - at ? long.MaxValue : at + within;

    private void Mark(GroupSlot slot, bool isOverdue)
    {
        if (slot.IsOverdue != isOverdue)
        {
            slot.IsOverdue = isOverdue;
            Volatile.Write(ref _count, _count + (isOverdue ? 1 : -1));
        }
    }

    private readonly struct OverduePlace : IQueuePlace
    {
        public static ref int In(GroupSlot slot) => ref slot.OverdueIndex;
    }
}

/// <summary>What a rule expects of a group.</summary>
/// <param name="Key">The group.</param>
/// <param name="Rule">The rule, as the flag spells it.</param>
/// <param name="DueAt">Until when it is, or was, to be pushed to, in nanoseconds since the Unix epoch.</param>
/// <param name="IsOverdue">Whether that is over.</param>
/// <param name="PushedAt">The last push, in the same measure; 0 for none since the start.</param>
internal sealed record Expected(GroupingKey Key, string Rule, long DueAt, bool IsOverdue, long PushedAt);
