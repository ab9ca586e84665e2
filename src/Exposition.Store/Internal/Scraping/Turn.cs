using System.Diagnostics;

namespace Exposition.Store.Internal;

/// <summary>Says when it is time to let others have the thread: after about a millisecond of work.</summary>
internal struct Turn
{
    private static readonly long s_length = Stopwatch.Frequency / 1000;

    private long _since;

    public static Turn Start() => new() { _since = Stopwatch.GetTimestamp() };

    /// <summary>Whether the turn is over; then the next begins.</summary>
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
}
