namespace Exposition.Engine.Tests;

/// <summary>A clock whose one timer ticks when the test says so.</summary>
internal sealed class SweptClock : TimeProvider
{
    private Action? _tick;
    private Func<TimeSpan>? _nextTick;

    public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    /// <summary>Whether asking for the time throws.</summary>
    public bool Failing { get; set; }

    public void Tick() => _tick!();

    /// <summary>After what time the timer would tick.</summary>
    public TimeSpan NextTick => _nextTick!();

    /// <summary>By how much the wall clock was set.</summary>
    public TimeSpan Set { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Failing ? throw new InvalidOperationException("no time") : Now + Set;

    public override long GetTimestamp() => Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _tick = () => callback(state);
        var timer = new RungTimer();
        _nextTick = () => timer.Due;
        return timer;
    }
}
