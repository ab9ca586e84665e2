using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Exposition.Engine.Memory;

// A thread that works on and on is taken off its processor by the system only after some milliseconds, even if the thread that receives
// pushes waits for it. So the processor is given up together with the thread; where nobody waits for it that costs a microsecond.

/// <summary>Says when it is time to let others have the thread, and the processor: after about a millisecond of work.</summary>
internal struct TimeSlice
{
    private static readonly long s_length = Stopwatch.Frequency / 1000;

    private long _since;

    public static TimeSlice Start() => new() { _since = Stopwatch.GetTimestamp() };

    /// <summary>Whether the slice is over; then the next begins.</summary>
    public bool IsOver()
    {
        long now = Stopwatch.GetTimestamp();
        if (now - _since < s_length)
        {
            return false;
        }

        _since = now;
        return true;
    }

    /// <summary>Lets others have the processor, and when awaited the thread.</summary>
    public static YieldAwaitable Pass()
    {
        Thread.Yield();
        return Task.Yield();
    }
}
