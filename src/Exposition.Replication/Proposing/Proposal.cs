using Exposition.Engine;
using Exposition.Engine.Sharing;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Proposing;

/// <summary>A change that waits for its turn: a push, or the end of a group where there is none.</summary>
internal sealed class Proposal(PreparedPush? push, long arrived)
{
    /// <summary>The push.</summary>
    public PreparedPush? Push => push;

    /// <summary>When it came, by the clock's timestamp.</summary>
    public long Arrived => arrived;

    /// <summary>What becomes of it.</summary>
    public Promise<ReplicatedPush> Result { get; } = new(Late);

    /// <summary>The result of what was not done in time.</summary>
    public static ReplicatedPush Late { get; } = new(ReplicatedState.Unavailable, default, "the log has not taken it in time");

    /// <summary>Two pushes of a group as one, in their order; null if they are to be carried out one by one.</summary>
    public static PreparedPush? Combine(PreparedPush first, PreparedPush next)
    {
        if (first.Failure is not null || next.Failure is not null)
        {
            return first.Failure is not null && next.Failure is not null && first.MarksFailure == next.MarksFailure ? next : null;
        }

        return new PreparedPush(next.Key, next.At.Wall >= first.At.Wall ? next.At : first.At)
        {
            Mode = next.Mode == PushMode.Replace ? PushMode.Replace : first.Mode,
            ExpireAfter = next.ExpireAfter,
            Pushed = next.Mode == PushMode.Replace ? next.Pushed : Merge(first.Pushed, next.Pushed),
            Outcome = next.Outcome,
            Sender = next.Sender,
        };
    }

    private static FamilyEntry[] Merge(FamilyEntry[] first, FamilyEntry[] next)
    {
        var names = new HashSet<string>(next.Select(static entry => Name(entry)), StringComparer.Ordinal);
        FamilyEntry[] all = [.. first.Where(entry => !names.Contains(Name(entry))), .. next];
        Array.Sort(all, static (a, b) => a.Name.Span.SequenceCompareTo(b.Name.Span));
        return all;
    }

    private static string Name(in FamilyEntry entry) => Convert.ToHexString(entry.Name.Span);
}
