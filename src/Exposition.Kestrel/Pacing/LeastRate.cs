namespace Exposition.Kestrel.Pacing;

// A bucket of time, full at the start and as large as the window. Time flows out, and each byte puts in what it may take at the least rate;
// what finds no room is lost, so haste at the start earns nothing for later. Hence: whoever keeps the rate goes on for ever, and whoever
// falls silent has one window. The present rate is that of the last two to four seconds, counted in two halves of which the older is
// dropped when the newer is complete.

/// <summary>
/// Says until when a transfer may go on that must keep a least rate, and how fast it is at present. Safe for concurrent use.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="bytesPerSecond">The least rate. Zero: bytes earn no time, so all is to be done within one window.</param>
/// <param name="window">How long it may stay behind; zero for any time.</param>
internal sealed class LeastRate(TimeProvider time, int bytesPerSecond, TimeSpan window)
{
    // More would be beyond the clock's range.
    private const double LongestSeconds = 1e8;

    private readonly Lock _lock = new();
    private readonly long _window = (long)(Math.Min(window.TotalSeconds, LongestSeconds) * time.TimestampFrequency);
    private readonly long _half = 2 * time.TimestampFrequency;
    private long _deadline;
    private long _started;
    private long _lastAt;
    private long _halfSince;
    private long _older;
    private long _newer;

    /// <summary>How much time is left if nothing more comes; <see cref="Timeout.InfiniteTimeSpan"/> where there is no window.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_lock)
            {
                return _window <= 0 ? Timeout.InfiniteTimeSpan : time.GetElapsedTime(time.GetTimestamp(), _deadline);
            }
        }
    }

    /// <summary>The present rate; infinite as long as it is too early to say.</summary>
    public double BytesPerSecond
    {
        get
        {
            lock (_lock)
            {
                long now = time.GetTimestamp();
                if (now - _started < _half)
                {
                    return double.PositiveInfinity;
                }

                Turn(now);
                return (_older + _newer) / time.GetElapsedTime(Math.Max(_started, _halfSince - _half), now).TotalSeconds;
            }
        }
    }

    /// <summary>How long nothing has moved.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_lock)
            {
                return time.GetElapsedTime(_lastAt);
            }
        }
    }

    /// <summary>Starts anew.</summary>
    /// <param name="at">When it has begun, on the clock's scale.</param>
    public void Start(long at)
    {
        lock (_lock)
        {
            (_started, _halfSince, _lastAt, _deadline) = (at, at, at, at + _window);
            (_older, _newer) = (0, 0);
        }
    }

    /// <summary>Counts bytes that have just moved.</summary>
    public void Count(long bytes)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            Turn(now);
            _newer += bytes;
            _lastAt = bytes > 0 ? now : _lastAt;
            if (bytesPerSecond > 0)
            {
                double earned = Math.Min((double)bytes / bytesPerSecond * time.TimestampFrequency, _window);
                _deadline = Math.Min(_deadline + (long)earned, now + _window);
            }
        }
    }

    /// <summary>Takes time out that was not the sender's.</summary>
    public void Excuse(TimeSpan waited)
    {
        lock (_lock)
        {
            long ticks = (long)(waited.TotalSeconds * time.TimestampFrequency);
            _deadline += ticks;
            _started += ticks;
            _lastAt += ticks;
            _halfSince += ticks;
        }
    }

    private void Turn(long now)
    {
        long halves = (now - _halfSince) / _half;
        if (halves > 0)
        {
            (_older, _newer) = (halves == 1 ? _newer : 0, 0);
            _halfSince += halves * _half;
        }
    }
}
