using System.Globalization;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>What a client does.</summary>
public enum Kind
{
    /// <summary>A PUT that was stored: all series of the group show one value, and nothing else is there.</summary>
    Push,

    /// <summary>A POST of the same series: what else is there stays.</summary>
    Merge,

    /// <summary>A POST of the group's extra series: its others stay.</summary>
    Extra,

    /// <summary>A push that was refused, because the group's rival was there.</summary>
    Refused,

    /// <summary>
    /// The trace that a refused push leaves: a group without series, if there was none. The check and this are two steps.
    /// </summary>
    Mark,

    /// <summary>Whoever looks at a time finds expired what is due then. For each group a step of its own.</summary>
    Expire,

    /// <summary>A delete; says whether there was something.</summary>
    Delete,

    /// <summary>A wipe; says how many groups there were.</summary>
    Wipe,

    /// <summary>A view; says what it shows of each group.</summary>
    View,

    /// <summary>A read of one group; says what it shows.</summary>
    Read,
}

/// <summary>An operation of a history, with the times of its call and its return on one counter.</summary>
public sealed record Event(int Thread, Kind Kind, int Group, long Value, long[]? Seen, long Called, long Returned)
{
    /// <summary>
    /// When the series of a push expire, in seconds; 0 for never. Of an <see cref="Kind.Expire"/>, the time at which somebody looks.
    /// </summary>
    public long Time { get; init; }

    /// <summary>What takes effect before it: another step of the same operation.</summary>
    public Event? After { get; init; }

    /// <summary>It may also be that it never takes effect.</summary>
    public bool IsOptional { get; init; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"[{Called,4} {Returned,4}] thread {Thread}: {Kind} group {Group} value {Value} {(Time > 0 ? $"time {Time} " : "")}{(Seen is null ? "" : string.Join(' ', Seen))}");
}

// A state is three numbers a group: [group] the value of its series; [Groups + group] that of its extra series, 0 for none; [2 * Groups +
// group] its deadline, 0 for none.

/// <summary>
/// The store as one thread would see it: a value for each group; <see cref="Absent"/> if there is none, <see cref="Bare"/> if it has no
/// such series, <see cref="Expired"/> if it has expired.
/// </summary>
internal static class SequentialModel
{
    public const long Absent = 0;
    public const long Bare = -1;
    public const long Expired = -2;

    /// <summary>How long an expired group is there, in seconds.</summary>
    public const int Grace = 10;

    /// <summary>Numbers of a state, and how many of them a view shows.</summary>
    public static (int All, int Seen) Size(int groups) => (3 * groups, 2 * groups);

    /// <summary>Each group's rival, with which it has a series in common, or -1.</summary>
    /// <returns>The state after the event, or null if it cannot have gone like that.</returns>
    public static long[]? Apply(long[] state, Event what, ReadOnlySpan<int> rivals)
    {
        int group = what.Group;
        int groups = rivals.Length;
        bool isRivalled = rivals[group] >= 0 && state[rivals[group]] > 0;
        switch (what.Kind)
        {
            case Kind.Push:
                return isRivalled ? null : With(state, group, what.Value, 0, what.Time);
            case Kind.Merge:
                return isRivalled ? null : With(state, group, what.Value, state[groups + group], what.Time);
            case Kind.Extra:
                return With(state, group, state[group] > 0 ? state[group] : Bare, what.Value, what.Time);
            case Kind.Refused:
                return isRivalled ? state : null;
            case Kind.Mark:
                return state[group] == Absent ? With(state, group, Bare, 0, what.Time) : state;
            case Kind.Expire:
                return Expire(state, group, groups, what);
            case Kind.Delete:
                return what.Value != 0 == (state[group] != Absent) ? With(state, group, Absent, 0, 0) : null;
            case Kind.Wipe:
                return what.Value == state.AsSpan(0, groups).ToArray().Count(static value => value != Absent)
                    ? new long[state.Length]
                    : null;
            case Kind.Read:
                return state[group] == what.Value && state[groups + group] == what.Seen![0] ? state : null;
            default:
                return state.AsSpan(0, 2 * groups).SequenceEqual(what.Seen) ? state : null;
        }
    }

    private static long[]? Expire(long[] state, int group, int groups, Event what)
    {
        long deadline = state[(2 * groups) + group];
        if (deadline > 0 && deadline + Grace <= what.Time)
        {
            return With(state, group, Absent, 0, 0);
        }

        return deadline > 0 && deadline <= what.Time
            && state[group] != Expired ? With(state, group, Expired, 0, deadline) : what.IsOptional ? null : state;
    }

    private static long[] With(long[] state, int group, long value, long extra, long deadline)
    {
        long[] next = [.. state];
        int groups = state.Length / 3;
        (next[group], next[groups + group], next[(2 * groups) + group]) = (value, extra, deadline);
        return next;
    }
}
