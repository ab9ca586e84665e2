using Exposition.Engine;
using Exposition.Engine.Ingest;
using Exposition.Engine.Sharing;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Proposing;

/// <summary>A push that waits for its turn.</summary>
/// <param name="push">The push.</param>
/// <param name="until">When it is given up, by the clock's timestamp.</param>
internal sealed class Proposal(PreparedPush push, long until)
{
    /// <summary>The push.</summary>
    public PreparedPush Push => push;

    /// <summary>When it is given up, by the clock's timestamp: its client has been told, and may have pushed again elsewhere.</summary>
    public long Until => until;

    /// <summary>The memory that it holds.</summary>
    public long Bytes { get; } = SizeOf(push);

    /// <summary>What becomes of it.</summary>
    public Promise<ReplicatedPush> Result { get; } = new(Late);

    /// <summary>The result of what was not done in time.</summary>
    public static ReplicatedPush Late { get; } = new(ReplicatedState.Unavailable, default, "the log has not taken it in time");

    /// <summary>Pushes of a group as one, in their order; they can be combined.</summary>
    public static PreparedPush Combine(List<Proposal> some)
    {
        PreparedPush all = some[0].Push;
        for (int i = 1; i < some.Count; i++)
        {
            all = Combine(all, some[i].Push)!;
        }

        return all;
    }

    /// <summary>Two pushes of a group as one, in their order; null if they are to be carried out one by one.</summary>
    public static PreparedPush? Combine(PreparedPush first, PreparedPush next)
    {
        if (first.Asked is not null || next.Asked is not null)
        {
            return null;
        }

        if (first.Failure is not null || next.Failure is not null)
        {
            return first.Failure is not null && next.Failure is not null && first.MarksFailure == next.MarksFailure ? next : null;
        }

        bool replaces = next.Mode == PushMode.Replace;
        return new PreparedPush(next.Key, next.At.Wall >= first.At.Wall ? next.At : first.At)
        {
            Mode = replaces ? PushMode.Replace : first.Mode,
            ExpireAfter = next.ExpireAfter,
            Pushed = replaces ? next.Pushed : GroupDraft.Combine(first.Pushed, next.Pushed, replace: false, new int[next.Pushed.Length]),
            Outcome = next.Outcome,
            Sender = next.Sender,
        };
    }

    // What it makes of its group has the pushed families in it.
    private static long SizeOf(PreparedPush push)
    {
        long bytes = push.Key.Bytes.Length + (push.Asked?.Body.Length ?? 0);
        foreach (ref readonly FamilyEntry entry in (push.State.Families ?? push.Pushed).AsSpan())
        {
            bytes += entry.TextLength + entry.Sidecar.Length;
        }

        return bytes;
    }
}
