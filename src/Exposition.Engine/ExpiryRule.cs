namespace Exposition.Engine;

/// <summary>After which time without a push the series of some groups expire.</summary>
/// <param name="Groups">The groups it is for; null for all.</param>
/// <param name="After">The time since the last push; <see cref="TimeSpan.Zero"/> means never.</param>
public sealed record ExpiryRule(GroupSelector? Groups, TimeSpan After);
