using Exposition.Engine.Counting;

namespace Exposition.Persistence.Following;

/// <summary>How the writes of a copy went. Written by whoever writes, read by any thread.</summary>
internal sealed class CopyStatistics(TimeProvider time)
{
    private long _failures;
    private long _lastSuccess;
    private long _writingSince;
    private long _failingSince;

    /// <summary>How long it took to write what had changed.</summary>
    public DurationHistogram Commits { get; } = new(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60);

    public long Failures => Interlocked.Read(ref _failures);

    public DateTimeOffset? LastSuccess =>
        Interlocked.Read(ref _lastSuccess) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>
    /// When the oldest change was made that is in a write that goes on or has failed, as a timestamp of the clock; null for none.
    /// </summary>
    public long? WritingSince => Interlocked.Read(ref _writingSince) is var since and not 0 ? since : null;

    /// <summary>A write begins. What the one before could not write keeps its age.</summary>
    public void BeginWrite(long since) => Interlocked.CompareExchange(ref _writingSince, since, 0);

    public void EndWrite() => Interlocked.Exchange(ref _writingSince, 0);

    /// <summary>When the first write failed after the last good one; null if the last one was good.</summary>
    public DateTimeOffset? FailingSince =>
        Interlocked.Read(ref _failingSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>All that was there is on disk, or could be read from there.</summary>
    public void Succeed()
    {
        Interlocked.Exchange(ref _lastSuccess, time.GetUtcNow().UtcTicks);
        Interlocked.Exchange(ref _failingSince, 0);
    }

    public void Fail()
    {
        Interlocked.Increment(ref _failures);
        Interlocked.CompareExchange(ref _failingSince, time.GetUtcNow().UtcTicks, 0);
    }
}
