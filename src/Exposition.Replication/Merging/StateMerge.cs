using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Groups;
using Exposition.Engine.Remembering;

namespace Exposition.Replication.Merging;

// Of a family that both have the one counts that was pushed later; where both were at one time, that of the log. A family that only one has
// stays, unless it is older than what has replaced the whole group in the other: a push, a delete, a wipe. So the same two states give the
// same, whoever merges them, and a merge with what has come of one changes nothing.
// States that pushes have added to are never merged: nobody can tell what both have counted. That with more pushes stays, as it is.

/// <summary>One state of two of a group that came to be apart.</summary>
internal static class StateMerge
{
    /// <summary>The state of a group that was deleted: nothing, and what was pushed before that time is over.</summary>
    public static GroupState Deleted(long at) => new([]) { Place = new LogPlace(0, at) };

    /// <summary>A state of a group that was deleted before it was made.</summary>
    /// <param name="deletedAt">When; 0 if it was not.</param>
    /// <param name="state">It.</param>
    public static GroupState After(long deletedAt, in GroupState state) =>
        deletedAt <= state.ReplacedAt ? state : state with { Place = new LogPlace(0, deletedAt) };

    /// <summary>Merges.</summary>
    /// <param name="own">That of this node.</param>
    /// <param name="logged">That of the log.</param>
    /// <returns>The state; null where one was deleted after the last push to the other.</returns>
    public static GroupState? Merge(in GroupState own, in GroupState logged)
    {
        long ownReplaced = ReplacedAt(own, logged);
        long loggedReplaced = ReplacedAt(logged, own);
        if ((own.Families.Length == 0 && TimeOf(logged) <= ownReplaced) || (logged.Families.Length == 0 && TimeOf(own) <= loggedReplaced))
        {
            return null;
        }

        if (own.Height > 0 || logged.Height > 0)
        {
            return own.Families.Length > 0 && (logged.Families.Length == 0 || own.Height > logged.Height) ? own : logged;
        }

        var merged = new List<FamilyEntry>();
        int at = 0;
        foreach (FamilyEntry entry in own.Families)
        {
            int order = 1;
            while (at < logged.Families.Length && (order = logged.Families[at].Name.Span.SequenceCompareTo(entry.Name.Span)) < 0)
            {
                AddUnlessOlder(merged, logged.Families[at++], ownReplaced);
            }

            if (at < logged.Families.Length && order == 0)
            {
                FamilyEntry other = logged.Families[at++];
                merged.Add(entry.PushedAt > other.PushedAt ? entry : other);
            }
            else
            {
                AddUnlessOlder(merged, entry, loggedReplaced);
            }
        }

        for (; at < logged.Families.Length; at++)
        {
            AddUnlessOlder(merged, logged.Families[at], ownReplaced);
        }

        DropMark(merged);
        GroupState later = TimeOf(own) > TimeOf(logged) ? own : logged;
        PushFailure? failure = (own.LastFailure?.At ?? 0) > (logged.LastFailure?.At ?? 0) ? own.LastFailure : logged.LastFailure;
        return new GroupState([.. merged], later.ExpiresAt, failure)
        {
            Place = new LogPlace(0, Math.Max(own.ReplacedAt, logged.ReplacedAt)),
        };
    }

    /// <summary>Whether two states say the same, but for what is hidden of them.</summary>
    public static bool AreEqual(in GroupState a, in GroupState b)
    {
        if (a.Families.Length != b.Families.Length || a.ExpiresAt != b.ExpiresAt || a.LastFailure != b.LastFailure
            || a.ReplacedAt != b.ReplacedAt || a.Height != b.Height)
        {
            return false;
        }

        for (int i = 0; i < a.Families.Length; i++)
        {
            (FamilyEntry x, FamilyEntry y) = (a.Families[i], b.Families[i]);
            if (x.Type != y.Type || x.PushedAt != y.PushedAt || x.HasHelp != y.HasHelp || x.UnitLength != y.UnitLength
                || !x.Name.Span.SequenceEqual(y.Name.Span) || !x.Help.Span.SequenceEqual(y.Help.Span)
                || !x.Text.Span.SequenceEqual(y.Text.Span) || !x.Sidecar.Span.SequenceEqual(y.Sidecar.Span))
            {
                return false;
            }
        }

        return true;
    }

    // When it was pushed to last, in nanoseconds since the Unix epoch.
    private static long TimeOf(in GroupState state) => BuiltInFamilies.PushedAt(state.Families) ?? 0;

    private static void AddUnlessOlder(List<FamilyEntry> merged, in FamilyEntry entry, long replaced)
    {
        if (entry.PushedAt >= replaced || BuiltInFamilies.IsEither(entry.Name.Span))
        {
            merged.Add(entry);
        }
    }

    // When it has expired, all that was pushed before is over; unless the other was pushed to later, and so had not expired.
    private static long ReplacedAt(in GroupState state, in GroupState other) =>
        GroupSnapshot.IndexOf(state.Families, BuiltInFamilies.Expired) is >= 0 and var mark && TimeOf(other) <= TimeOf(state)
            ? Math.Max(state.ReplacedAt, state.Families[mark].PushedAt) : state.ReplacedAt;

    // Expired on one side only.
    private static void DropMark(List<FamilyEntry> merged)
    {
        if (merged.Exists(static entry => !BuiltInFamilies.IsAny(entry.Name.Span)))
        {
            merged.RemoveAll(static entry => entry.Name.Span.SequenceEqual(BuiltInFamilies.Expired));
        }
    }
}
