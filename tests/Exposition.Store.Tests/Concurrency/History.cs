using System.Globalization;

namespace Exposition.Store.Tests.Concurrency;

/// <summary>What a client does.</summary>
public enum Kind
{
    /// <summary>A push that was stored: all series of the group show one value.</summary>
    Push,

    /// <summary>A push that was refused, because the group's rival was there.</summary>
    Refused,

    /// <summary>The trace that a refused push leaves: a group without series, if there was none. The check and this are two steps.</summary>
    Mark,

    /// <summary>A delete; says whether there was something.</summary>
    Delete,

    /// <summary>A wipe; says how many groups there were.</summary>
    Wipe,

    /// <summary>A view; says what it shows of each group.</summary>
    View,
}

/// <summary>An operation of a history, with the times of its call and its return on one counter.</summary>
public sealed record Event(int Thread, Kind Kind, int Group, long Value, long[]? Seen, long Called, long Returned)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"[{Called,4} {Returned,4}] thread {Thread}: {Kind} group {Group} value {Value} {(Seen is null ? "" : string.Join(' ', Seen))}");
}

/// <summary>
/// The store as one thread would see it: a value for each group; <see cref="Absent"/> if there is none, <see cref="Bare"/> if only the store's own
/// families are there.
/// </summary>
internal static class SequentialModel
{
    public const long Absent = 0;
    public const long Bare = -1;

    /// <summary>Each group's rival, with which it has a series in common, or -1.</summary>
    /// <returns>The state after the event, or null if it cannot have gone like that.</returns>
    public static long[]? Apply(long[] state, Event what, ReadOnlySpan<int> rivals)
    {
        int group = what.Group;
        switch (what.Kind)
        {
            case Kind.Push:
                return rivals[group] >= 0 && state[rivals[group]] > 0 ? null : With(state, group, what.Value);
            case Kind.Refused:
                return rivals[group] >= 0 && state[rivals[group]] > 0 ? state : null;
            case Kind.Mark:
                return state[group] == Absent ? With(state, group, Bare) : state;
            case Kind.Delete:
                return what.Value != 0 == (state[group] != Absent) ? With(state, group, Absent) : null;
            case Kind.Wipe:
                return what.Value == state.Count(static value => value != Absent) ? new long[state.Length] : null;
            default:
                return state.AsSpan().SequenceEqual(what.Seen) ? state : null;
        }
    }

    private static long[] With(long[] state, int group, long value)
    {
        long[] next = [.. state];
        next[group] = value;
        return next;
    }
}
