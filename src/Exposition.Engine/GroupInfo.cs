using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>A copy of what a group was at one point in time, without its samples. The caller's to keep.</summary>
/// <param name="Key">The group's labels.</param>
/// <param name="PushedAt">The last push that was stored (<c>push_time_seconds</c>); null if there was none.</param>
/// <param name="FailedAt">The last push that contradicted itself or others (<c>push_failure_time_seconds</c>); null if there was none.
/// </param>
/// <param name="ExpiresAt">When its series expire, or did; null for never.</param>
/// <param name="IsExpired">Whether they have: only the push times and <c>push_expired</c> are left.</param>
/// <param name="LastFailure">The last push that was refused, for whatever reason; null if there was none.</param>
/// <param name="Families">Its families in order of their names, the push times among them.</param>
public sealed record GroupInfo(
    GroupingKey Key,
    DateTimeOffset? PushedAt,
    DateTimeOffset? FailedAt,
    DateTimeOffset? ExpiresAt,
    bool IsExpired,
    PushFailure? LastFailure,
    IReadOnlyList<GroupFamily> Families)
{
    /// <summary>What its last push did; <see cref="PushMode.Merge"/> also where that has replaced all.</summary>
    public PushMode Mode { get; init; }

    /// <summary>How many sources of cumulative pushes it knows the values of.</summary>
    public int SourceCount { get; init; }

    /// <summary>How many ids of pushes it knows.</summary>
    public int KnownIds { get; init; }
}

/// <summary>A copy of what a family of a group was at one point in time, without its samples. The caller's to keep.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type under which it was pushed.</param>
/// <param name="Help">The help text with which it was pushed; null if there was none.</param>
/// <param name="SeriesCount">How many series it has; each bucket and quantile counts.</param>
/// <param name="Bytes">What its samples take, in bytes.</param>
/// <param name="HiddenBecause">Why scrapes leave it out; null if they do not.</param>
public sealed record GroupFamily(string Name, MetricType Type, string? Help, int SeriesCount, long Bytes, string? HiddenBecause);
