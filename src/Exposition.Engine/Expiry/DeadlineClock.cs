namespace Exposition.Engine.Expiry;

// Deadlines are compared in a time of the store's own: that of the wall clock when the store began, going on with the monotonic clock. So a
// wall clock that is set forward lets nothing expire that has time left, and one that is set back keeps nothing for longer. What is shown
// and kept of a deadline is wall-clock time, so that it survives a restart: the store's time and how far the wall clock has been set since
// the beginning. A difference below a second does not count: the two clocks are read one after the other, and a deadline must not change by
// that.

/// <summary>The time in which groups expire. Safe for concurrent use.</summary>
internal sealed class DeadlineClock(TimeProvider time)
{
    private const long LeastStep = 1_000_000_000;

    private readonly long _origin = WallOf(time);
    private readonly long _started = time.GetTimestamp();
    private long _step;

    /// <summary>Reads both clocks.</summary>
    public Moment Read()
    {
        long wall = WallOf(time);
        return new Moment(wall, _origin + (time.GetElapsedTime(_started).Ticks * 100));
    }

    /// <summary>What the wall clock will show, or has shown, at a time of the store; 0 stays 0.</summary>
    public long ToWall(long at, Moment now) => at == 0 ? 0 : at + Step(now);

    /// <summary>When it is, in the store's time, that the wall clock shows a time; 0 stays 0.</summary>
    public long FromWall(long wall, Moment now) => wall == 0 ? 0 : Math.Max(1, wall - Step(now));

    /// <summary>The wall clock, in nanoseconds since the Unix epoch.</summary>
    public static long WallOf(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private long Step(Moment now)
    {
        long step = now.Wall - now.Steady;
        long known = Volatile.Read(ref _step);
        if (Math.Abs(step - known) < LeastStep)
        {
            return known;
        }

        Volatile.Write(ref _step, step);
        return step;
    }
}

/// <summary>A time by both clocks.</summary>
/// <param name="Wall">The wall clock's, in nanoseconds since the Unix epoch.</param>
/// <param name="Steady">The time in which groups expire: in the beginning the wall clock's.</param>
internal readonly record struct Moment(long Wall, long Steady);
