namespace Exposition.Engine;

/// <summary>A group that has changed (<see cref="MetricStoreWatching.WatchAsync"/>).</summary>
/// <param name="Key">Which.</param>
/// <param name="Group">A copy of what it was when the change was taken; null if it was gone by then.</param>
public sealed record GroupChange(GroupingKey Key, GroupInfo? Group);
