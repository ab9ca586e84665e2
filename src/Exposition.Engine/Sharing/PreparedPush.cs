using System.Diagnostics;
using Exposition.Engine.Content;
using Exposition.Engine.Expiry;

namespace Exposition.Engine.Sharing;

/// <summary>
/// A push that was read and checked, and is not published: what it makes of its group. It is based on the group as it was then, and may be
/// based anew. All its memory is its own.
/// </summary>
/// <param name="key">Its group.</param>
/// <param name="at">When it came.</param>
[DebuggerDisplay("{Key} on {BaseRevision}")]
internal sealed class PreparedPush(GroupingKey key, Moment at)
{
    /// <summary>Its group.</summary>
    public GroupingKey Key => key;

    /// <summary>When it came.</summary>
    public Moment At => at;

    /// <summary>What becomes of the group's other families.</summary>
    public PushMode Mode { get; init; }

    /// <summary>After which time its series shall expire, if it says so.</summary>
    public TimeSpan? ExpireAfter { get; init; }

    /// <summary>
    /// What is pushed, in order of the names, without what the store adds; put together with what the group had, where that is asked
    /// for.
    /// </summary>
    public FamilyEntry[] Pushed { get; set; } = [];

    /// <summary>The request, if the push is prepared again after a conflict; else null.</summary>
    public PushAsked? Asked { get; init; }

    /// <summary>Ids that were forgotten for that of the push, and were still to be known.</summary>
    public int ForgottenIds { get; set; }

    /// <summary>Running totals that came late, each of a metric.</summary>
    public int LateTotals { get; set; }

    /// <summary>Who sends it.</summary>
    public object? Sender { get; init; }

    /// <summary>The refusal that it is the trace of; null of one that is taken.</summary>
    public PushFailure? Failure { get; init; }

    /// <summary>Whether the group shows the refusal (push_failure_time_seconds).</summary>
    public bool MarksFailure { get; init; }

    /// <summary>What is told who has sent it, once it is applied.</summary>
    public PushOutcome Outcome { get; set; }

    /// <summary>The group with it.</summary>
    public GroupState State { get; set; }

    /// <summary>The revision that it is based on; 0 where the group was not there.</summary>
    public long BaseRevision { get; set; }

    /// <summary>The trace of a push that is refused, which the group shows.</summary>
    public static PreparedPush FailureOf(GroupingKey key, Moment at, TimeSpan? expireAfter, string error, object? sender) =>
        new(key, at) { ExpireAfter = expireAfter, Failure = PushFailure.Of(at.Wall, error, sender), MarksFailure = true };
}
