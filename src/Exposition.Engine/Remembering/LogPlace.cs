using System.Diagnostics;

namespace Exposition.Engine.Remembering;

/// <summary>How a group stands in the log that several nodes share; a group that never was in one has none. Immutable.</summary>
/// <param name="Revision">The revision that its families are of; 0 where that is not known, as after a restart.</param>
/// <param name="ReplacedAt">
/// When its families were last replaced as a whole, in nanoseconds since the Unix epoch: what was pushed before is over. 0 for never.
/// </param>
/// <param name="IsAlone">Whether this node has changed it since by itself.</param>
/// <param name="Height">
/// How many pushes it has had since the first that added something, or had an id; 0 where there was none. Of two states that grew apart
/// that with more counts.
/// </param>
[DebuggerDisplay("{Revision}, alone: {IsAlone}")]
internal sealed record LogPlace(long Revision, long ReplacedAt = 0, bool IsAlone = false, long Height = 0);
