namespace Exposition.Engine.Expiry;

/// <summary>Whether and when what is published expires, or has, and whether the push itself said so.</summary>
internal readonly record struct Fate(long ExpiresAt, bool IsExpired, bool IsOwn = false)
{
    /// <summary>That of a group as it is.</summary>
    public static Fate Of(GroupSnapshot group) => new(group.ExpiresAt, group.IsExpired, group.HasExplicitExpiry);
}
