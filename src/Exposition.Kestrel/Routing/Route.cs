using Exposition.Engine;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Routing;

/// <summary>What a request target names.</summary>
internal enum RouteKind : byte
{
    /// <summary>Nothing that is served here.</summary>
    None,

    /// <summary>The telemetry path.</summary>
    Telemetry,

    /// <summary>The path of the own families, where they have one.</summary>
    SelfMetrics,

    /// <summary>A group, or an attempt at one.</summary>
    Group,

    /// <summary>
    /// A path with <c>.</c>, <c>..</c> or empty segments: the Pushgateway redirects to the clean one, and so do we where nothing is to be
    /// changed.
    /// </summary>
    Unclean,

    /// <summary>A percent sign that is not followed by two hexadecimal digits.</summary>
    Malformed,
}

/// <summary>The outcome of <see cref="PushPath.Resolve"/>.</summary>
/// <param name="Kind">What the target names.</param>
/// <param name="Key">The group, where <paramref name="Kind"/> is <see cref="RouteKind.Group"/> and the path is in order.</param>
/// <param name="Error">Why the path names no group: the body of a 400, without its newline.</param>
/// <param name="IsNewKey">Whether <paramref name="Key"/> was made for this request: to be kept (<see cref="PushPath.Keep"/>) if something
/// is stored under it.</param>
internal readonly record struct Route(RouteKind Kind, GroupingKey? Key = null, string? Error = null, bool IsNewKey = false)
{
    /// <summary>
    /// The answer to a PUT, POST or DELETE of a path that may be meant for a group and is no path of one; null if there is nothing to say.
    /// </summary>
    public Answer? Refusal =>
        Kind is RouteKind.None or RouteKind.Unclean && Error is not null ? new Answer(400, Error, Rejected: Rejection.Target) : null;
}
