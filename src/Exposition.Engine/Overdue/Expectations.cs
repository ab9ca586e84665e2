using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Overdue;

// Nothing of it is stored with a group: whether it is overdue changes with time alone, so each scrape asks anew (OverdueScan). What is kept
// is the rule of each group, and its two possible lines, which have serials of their own: so parts of compressed scrapes that show the one
// are never taken for those that show the other.

/// <summary>The rules that say how often groups are to be pushed to. Safe for concurrent use.</summary>
internal sealed class Expectations
{
    private readonly IReadOnlyList<PushExpectation> _given;
    private readonly (GroupSelector? Groups, long Within)[] _rules;
    private readonly DeadlineClock _clock;

    private Expectations(IReadOnlyList<PushExpectation> rules, DeadlineClock clock)
    {
        _given = rules;
        _rules = [.. rules.Select(static rule => (rule.Groups,
            rule.Within <= TimeSpan.Zero ? 0 : DeadlineSchedule.Nanoseconds(rule.Within)))];
        (_clock, StartedAt) = (clock, clock.Read().Steady);
        Named = new NamedGroup?[_rules.Length];
        for (int i = 0; i < _rules.Length; i++)
        {
            Named[i] = _rules[i].Groups?.NamedKey() is { } key && RuleOf(key) == i ? NamedGroup.Of(key, i, _rules[i].Within) : null;
        }
    }

    /// <summary>When the store was made, in the time of <see cref="DeadlineClock"/>.</summary>
    public long StartedAt { get; }

    /// <summary>By rule: the group that it names, if it names one.</summary>
    public NamedGroup?[] Named { get; }

    /// <summary>Those of the options; null if there are none.</summary>
    public static Expectations? Of(StoreOptions options, DeadlineClock clock) =>
        options.PushExpectations.Count == 0 ? null : new Expectations(options.PushExpectations, clock);

    /// <summary>Begins a look at all groups.</summary>
    public OverdueScan Begin() => new(this, _clock.Read());

    /// <summary>The mark of a group; null where it cannot have one yet.</summary>
    /// <param name="slot">The group.</param>
    /// <param name="time">Its push_time_seconds, as it is exposed.</param>
    public OverdueMark MarkOf(GroupSlot slot, in FamilyEntry time)
    {
        if (slot.Overdue is { } known)
        {
            return known;
        }

        int rule = RuleOf(slot.Key);
        return slot.Overdue = rule < 0 ? OverdueMark.None : OverdueMark.Of(time, rule, _rules[rule].Within);
    }

    /// <summary>Whether a group that is not there is overdue.</summary>
    public bool IsOverdue(NamedGroup missing, Moment now) =>
        now.Steady - StartedAt > missing.Mark.Within && now.Wall - missing.PushedAt > missing.Mark.Within;

    /// <summary>A rule as the flag spells it.</summary>
    public string TextOf(int rule) => RuleText.Of(_given[rule].Groups, _given[rule].Within);

    private int RuleOf(GroupingKey key)
    {
        int rule = Array.FindIndex(_rules, candidate => candidate.Groups?.Matches(key) ?? true);
        return rule >= 0 && _rules[rule].Within > 0 ? rule : -1;
    }
}

/// <summary>A group that a rule names.</summary>
internal sealed class NamedGroup
{
    private long _pushedAt;

    private NamedGroup(GroupingKey key, OverdueMark mark) => (Key, Mark) = (key, mark);

    public GroupingKey Key { get; }

    public OverdueMark Mark { get; }

    /// <summary>
    /// The last push of a group of the rule that was seen, in nanoseconds since the Unix epoch; 0 for none.
    /// </summary>
    public long PushedAt => Volatile.Read(ref _pushedAt);

    public static NamedGroup Of(GroupingKey key, int rule, long within)
    {
        // Labels as a push gives them to the push time of a group.
        FamilyEntry[] own = new PendingPush(new PushWorkspace(isLarge: false), key, now: 0).RenderFailure(null, withPushTime: true);
        return new NamedGroup(key, OverdueMark.Of(own[GroupSnapshot.IndexOf(own, BuiltInFamilies.PushTime)], rule, within));
    }

    /// <summary>A group of the rule was seen.</summary>
    public void See(long pushedAt)
    {
        long known;
        while ((known = Volatile.Read(ref _pushedAt)) < pushedAt
            && Interlocked.CompareExchange(ref _pushedAt, pushedAt, known) != known)
        {
        }
    }
}
