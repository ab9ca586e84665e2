namespace Exposition.Engine;

/// <summary>A group that has changed.</summary>
/// <param name="Key">Which.</param>
/// <param name="Version">Counts the changes of the group: a later one has a greater version, also after the group was deleted and came
/// back.</param>
/// <param name="Snapshot">The group as it is now, or null if it was deleted.</param>
internal readonly record struct FeedChange(GroupingKey Key, long Version, GroupSnapshot? Snapshot);
