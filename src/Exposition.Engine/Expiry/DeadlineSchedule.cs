using Exposition.Engine.Groups;

namespace Exposition.Engine.Expiry;

// Deadlines are in the time of DeadlineClock, which no setting of the wall clock moves.

/// <summary>When groups expire, by what their pushes or the rules say, and which is to be looked at next.</summary>
/// <param name="options">The rules and the grace.</param>
/// <param name="clock">The time that deadlines are in.</param>
/// <param name="writer">The store's writer lock: the queue is changed under it.</param>
internal sealed class DeadlineSchedule(StoreOptions options, DeadlineClock clock, Lock writer)
{
    /// <summary>The groups by the time at which they must be looked at.</summary>
    public DeadlineQueue<ExpiryPlace> Queue { get; } = new();

    /// <summary>Called under the writer lock when the queue was given something.</summary>
    public Action? Scheduled { get; set; }

    /// <summary>
    /// When a group's series expire, or did, by the wall clock as it is set now, in nanoseconds since the Unix epoch; 0 for never.
    /// </summary>
    public long ExpiryOf(GroupSnapshot group) => group.ExpiresAt == 0 ? 0 : clock.ToWall(group.ExpiresAt, clock.Read());

    /// <summary>For how long an expired group is shown as such.</summary>
    public long GraceNanoseconds => options.ExpiredGrace <= TimeSpan.Zero ? 0 : Nanoseconds(options.ExpiredGrace);

    /// <summary>When a group is to be looked at next; 0 for never.</summary>
    public long DueOf(GroupSnapshot group) => group.IsExpired ? Later(group.ExpiresAt, GraceNanoseconds) : group.ExpiresAt;

    /// <summary>After a publication: the queue must bring the group up in time. Under the writer lock.</summary>
    public void Schedule(GroupSlot slot, in Fate fate)
    {
        writer.AssertHeld();
        long due = fate.IsExpired ? Later(fate.ExpiresAt, GraceNanoseconds) : fate.ExpiresAt;
        if (due == 0)
        {
            return;
        }

        Queue.ComeUpBy(slot, due);
        Scheduled?.Invoke();
    }

    /// <summary>
    /// Whether the queue brings a group up in time without being told, because it does so for the snapshot before: then or earlier. What it
    /// moves a group to is the deadline of a snapshot that was newest under the lock, and those that follow without the lock have no
    /// earlier one.
    /// </summary>
    public static bool IsScheduled(GroupSnapshot before, long expiresAt) =>
        expiresAt == 0 || (before.ExpiresAt > 0 && before.ExpiresAt <= expiresAt);

    /// <summary>What becomes of a push at a time.</summary>
    public Fate FateOf(GroupSlot? slot, GroupingKey key, TimeSpan? asked, Moment now) =>
        new(Deadline(slot, key, asked, now.Steady), IsExpired: false, IsOwn: asked is not null);

    /// <summary>When the series of a push at a time expire, both in the time of <see cref="DeadlineClock"/>; 0 for never.</summary>
    public long Deadline(GroupSlot? slot, GroupingKey key, TimeSpan? asked, long from)
    {
        if (asked is { } after)
        {
            return after <= TimeSpan.Zero ? 0 : Later(from, Nanoseconds(after));
        }

        if (options.ExpiryRules.Count == 0)
        {
            return 0;
        }

        long rule = slot is null ? RuleAfter(key) : slot.RuleAfter >= 0 ? slot.RuleAfter : slot.RuleAfter = RuleAfter(key);
        return rule == 0 ? 0 : Later(from, rule);
    }

    private long RuleAfter(GroupingKey key)
    {
        foreach (ExpiryRule rule in options.ExpiryRules)
        {
            if (rule.Groups?.Matches(key) ?? true)
            {
                return rule.After <= TimeSpan.Zero ? 0 : Nanoseconds(rule.After);
            }
        }

        return 0;
    }

    /// <summary>What an older copy has kept of a group without a word on its deadline: the times of its own families say it.</summary>
    public long DeadlineOf(GroupSlot? slot, GroupingKey key, ReadOnlySpan<FamilyEntry> families)
    {
        Moment now = clock.Read();
        if (IsMarked(families))
        {
            return clock.FromWall(families[GroupSnapshot.IndexOf(families, BuiltInFamilies.Expired)].PushedAt, now);
        }

        return BuiltInFamilies.PushedAt(families) is { } pushed ? Deadline(slot, key, null, clock.FromWall(pushed, now)) : 0;
    }

    /// <summary>
    /// Whether the group has expired. Beside others a push_expired is one that was pushed before the name was the store's.
    /// </summary>
    public static bool IsMarked(ReadOnlySpan<FamilyEntry> families)
    {
        bool marked = false;
        foreach (ref readonly FamilyEntry entry in families)
        {
            bool mark = entry.Name.Span.SequenceEqual(BuiltInFamilies.Expired);
            marked |= mark;
            if (!mark && !BuiltInFamilies.IsEither(entry.Name.Span))
            {
                return false;
            }
        }

        return marked;
    }

    /// <summary>A duration in nanoseconds.</summary>
    public static long Nanoseconds(TimeSpan time) => time.Ticks <= long.MaxValue / 100 ? time.Ticks * 100 : long.MaxValue;

    /// <summary>A time beyond the calendar is never: 0.</summary>
    public static long Later(long time, long nanoseconds) => time > long.MaxValue - nanoseconds ? 0 : time + nanoseconds;
}

/// <summary>The place of a slot in the queue of expiries.</summary>
internal readonly struct ExpiryPlace : IQueuePlace
{
    public static ref int In(GroupSlot slot) => ref slot.QueueIndex;
}
