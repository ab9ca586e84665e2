namespace Exposition.Engine.Adding;

/// <summary>What the parts of a push do, and of when they are, where not all do the same.</summary>
/// <param name="Modes">What each family does, by its place in the body; the mode of the push says what becomes of others.</param>
/// <param name="Times">Of when each metric is, by its place in the body, in nanoseconds since the Unix epoch; 0 where it does not
/// say.</param>
internal sealed record PushParts(IReadOnlyList<PushMode> Modes, IReadOnlyList<long> Times);
