using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>
/// A clock that the test moves, and of which it knows what each thread has read last. Its one timer goes when the test says so.
/// </summary>
/// <param name="isStep">Whether reading it is a step between which others can come.</param>
internal sealed class StepClock(bool isStep) : TimeProvider
{
    private static readonly DateTimeOffset s_start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private long _seconds;
    private Action? _timer;

    /// <summary>What the calling thread has read last, in seconds since the start.</summary>
    [field: ThreadStatic]
    public static long LastRead { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(long seconds) => Interlocked.Add(ref _seconds, seconds);

    /// <summary>Makes the timer go, whether or not it is time.</summary>
    public void Ring() => _timer?.Invoke();

    /// <summary>An operation begins: if it does not look at the clock, this is what it would have read.</summary>
    public void Begin() => LastRead = Volatile.Read(ref _seconds);

    public override DateTimeOffset GetUtcNow()
    {
        if (isStep)
        {
            Explored.Step(Steps.ReadClock);
        }

        LastRead = Volatile.Read(ref _seconds);
        return s_start.AddSeconds(LastRead);
    }

    // No step of its own: whoever asks for both times asks for this one last.
    public override long GetTimestamp() => LastRead * TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timer = () => callback(state);
        return new RungTimer();
    }
}
