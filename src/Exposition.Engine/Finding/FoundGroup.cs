using Exposition.Engine.Overdue;
using Exposition.Engine.Reading;

namespace Exposition.Engine.Finding;

/// <summary>A copy of what a list shows of a group. The caller's to keep.</summary>
/// <param name="Key">Its labels.</param>
/// <param name="States">What is true of it.</param>
/// <param name="Series">Its sample lines, the store's own two included.</param>
/// <param name="Bytes">What it takes, as <see cref="MetricStore.StoredBytes"/> counts.</param>
/// <param name="PushedAt">The last push that was stored.</param>
/// <param name="FailedAt">The last push that contradicted itself or others.</param>
/// <param name="LastFailure">The last push that was refused, for whatever reason.</param>
/// <param name="ExpiresAt">When its series expire, or did, in nanoseconds since the Unix epoch; 0 for never.</param>
/// <param name="ExpiryRule">What has set that: a rule as it was given, <c>push</c> for the push itself; null if nothing did.</param>
/// <param name="Hidden">The first of the families that scrapes leave out, and why.</param>
/// <param name="HiddenCount">How many these are.</param>
/// <param name="Expected">How often it is to be pushed to; null where no rule says so.</param>
internal sealed record FoundGroup(
    GroupingKey Key, GroupStates States, long Series, long Bytes, DateTimeOffset? PushedAt, DateTimeOffset? FailedAt,
    PushFailure? LastFailure, long ExpiresAt, string? ExpiryRule, IReadOnlyList<(string Name, string Reason)> Hidden, int HiddenCount,
    Expected? Expected)
{
    /// <summary>What it remembers of pushes that add to it; null for nothing.</summary>
    public MemoryView? Memory { get; init; }
}

/// <summary>What was found.</summary>
/// <param name="Groups">The groups, in the order that was asked for; one that went meanwhile is not among them.</param>
/// <param name="Next">Where the rest begins; null where that was all.</param>
/// <param name="Total">How many groups were looked for, before the cursor and behind the limit, too.</param>
/// <param name="Series">Their sample lines, where each group was looked at; else 0.</param>
/// <param name="Missing">Those that rules name, that are looked for and that are not there; they are not counted.</param>
internal sealed record FoundGroups(
    IReadOnlyList<FoundGroup> Groups, GroupCursor? Next, long Total, long Series, IReadOnlyList<Expected> Missing);

/// <summary>All groups of one job. The caller's to keep.</summary>
/// <param name="Job">Its name.</param>
internal sealed record FoundJob(string Job)
{
    public long Groups { get; set; }

    /// <summary>How many of them were refused at their last push.</summary>
    public long Failed { get; set; }

    public long Series { get; set; }

    public long Bytes { get; set; }

    /// <summary>The newest stored push, in seconds since the Unix epoch; 0 where there was none.</summary>
    public double NewestPush { get; set; }

    /// <summary>The oldest of the last stored pushes of its groups, of those that have one; 0 where there was none.</summary>
    public double OldestPush { get; set; }
}
