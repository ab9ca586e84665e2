using Exposition.Store;

namespace Exposition.Kestrel.Paths;

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

    /// <summary>A path with <c>.</c>, <c>..</c> or empty segments where they cannot be values: the reference redirects to the clean one.</summary>
    Unclean,

    /// <summary>A percent sign that is not followed by two hexadecimal digits.</summary>
    Malformed,
}

/// <summary>The outcome of <see cref="PushPath.Resolve"/>.</summary>
/// <param name="Kind">What the target names.</param>
/// <param name="Key">The group, where <paramref name="Kind"/> is <see cref="RouteKind.Group"/> and the path is in order.</param>
/// <param name="Error">Why the path names no group: the body of a 400, without its newline.</param>
internal readonly record struct Route(RouteKind Kind, GroupingKey? Key = null, string? Error = null);
