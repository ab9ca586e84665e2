namespace Exposition.Persistence;

/// <summary>How a durable copy is doing.</summary>
/// <param name="Lag">The age of the oldest change that is not written; zero if all are.</param>
/// <param name="LastSuccess">When the copy was last known to be good: after a load or a write. Null if never.</param>
/// <param name="Failures">Number of writes that failed, of single groups included.</param>
/// <param name="Ended">Whether nothing follows the store any more although nobody has stopped it: what changes now is not written.</param>
public readonly record struct DurableStatus(TimeSpan Lag, DateTimeOffset? LastSuccess, long Failures, bool Ended = false);
