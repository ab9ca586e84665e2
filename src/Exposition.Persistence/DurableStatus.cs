namespace Exposition.Persistence;

/// <summary>How a durable copy is doing.</summary>
/// <param name="Lag">The age of the oldest change that is not written; zero if all are.</param>
/// <param name="LastSuccess">When the copy was last known to be good: after a load or a write. Null if never.</param>
/// <param name="Failures">Number of writes that failed, of single groups included.</param>
/// <param name="Ended">Whether nothing follows the store any more although nobody has stopped it: what changes now is not written.</param>
public readonly record struct DurableStatus(TimeSpan Lag, DateTimeOffset? LastSuccess, long Failures, bool Ended = false)
{
    /// <summary>When the first write failed of those that have failed since the last good one; null if the last one was good.</summary>
    internal DateTimeOffset? FailingSince { get; init; }

    /// <summary>How many groups could not be written, while others could.</summary>
    internal int SetAside { get; init; }
}
