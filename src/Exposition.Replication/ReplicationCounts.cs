using Exposition.Engine.Counting;

namespace Exposition.Replication;

/// <summary>What was counted since the start. Safe for concurrent use.</summary>
public sealed class ReplicationCounts
{
    private readonly long[] _appends = new long[Enum.GetValues<AppendOutcome>().Length];
    private long _rebases;
    private long _resumes;
    private long _fullReads;
    private long _applied;
    private long _sentBytes;
    private long _receivedBytes;
    private long _healed;
    private long _divergent;
    private long _damaged;
    private long _settled;
    private long _grownApart;
    private long _skew;

    internal ReplicationCounts()
    {
    }

    /// <summary>Pushes that were based anew, because another node was quicker.</summary>
    public long Rebases => Read(ref _rebases);

    /// <summary>How often the log was read from where it was left.</summary>
    public long Resumes => Read(ref _resumes);

    /// <summary>How often it was read from its beginning.</summary>
    public long FullReads => Read(ref _fullReads);

    /// <summary>Entries that were applied.</summary>
    public long Applied => Read(ref _applied);

    /// <summary>Bytes of entries that were appended.</summary>
    public long SentBytes => Read(ref _sentBytes);

    /// <summary>Bytes of entries that were read.</summary>
    public long ReceivedBytes => Read(ref _receivedBytes);

    /// <summary>Groups that were put into the log, which it had lost or never had.</summary>
    public long Healed => Read(ref _healed);

    /// <summary>
    /// Groups that a comparison found to be older here than in the log, or missing, and groups too large for it: they ought not to be.
    /// </summary>
    public long Divergent => Read(ref _divergent);

    /// <summary>Entries that did not read.</summary>
    public long Damaged => Read(ref _damaged);

    /// <summary>Groups of which families were hidden or shown again, because of two changes at once.</summary>
    public long Settled => Read(ref _settled);

    /// <summary>
    /// Groups that pushes have added to of which this node had another state than the log after that had lost some: they are not merged,
    /// that with more pushes stays.
    /// </summary>
    public long GrownApart => Read(ref _grownApart);

    /// <summary>By how much the clock of another node was ahead at most.</summary>
    public TimeSpan ClockSkew => TimeSpan.FromTicks(Read(ref _skew) / 100);

    /// <summary>How long appends took that came to be applied here.</summary>
    internal DurationHistogram AppendDurations { get; } = new(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10);

    /// <summary>Appends that had an outcome.</summary>
    public long Appends(AppendOutcome outcome) => Read(ref _appends[(int)outcome]);

    internal void Appended(AppendOutcome outcome, int bytes)
    {
        Interlocked.Increment(ref _appends[(int)outcome]);
        Interlocked.Add(ref _sentBytes, outcome == AppendOutcome.Committed ? bytes : 0);
    }

    internal void Rebased() => Interlocked.Increment(ref _rebases);

    internal void Opened(bool isFull) => Interlocked.Increment(ref isFull ? ref _fullReads : ref _resumes);

    internal void Received(int bytes)
    {
        Interlocked.Increment(ref _applied);
        Interlocked.Add(ref _receivedBytes, bytes);
    }

    internal void Heal(int groups) => Interlocked.Add(ref _healed, groups);

    internal void Diverged(int groups) => Interlocked.Add(ref _divergent, groups);

    internal void GrewApart() => Interlocked.Increment(ref _grownApart);

    internal void Damage() => Interlocked.Increment(ref _damaged);

    internal void Settle(int groups) => Interlocked.Add(ref _settled, groups);

    internal void Skew(long nanoseconds)
    {
        if (nanoseconds > Read(ref _skew))
        {
            Volatile.Write(ref _skew, nanoseconds);
        }
    }

    private static long Read(ref long count) => Volatile.Read(ref count);
}
