namespace Exposition.Engine.Counting;

// Time is looked at by who reads alone, as those who observe are pushes: to them it is one comparison. A slot ends with the first reading
// after its minute. So nothing is missed between two readings, however far apart they are.

/// <summary>
/// The largest of the values observed in the last ten minutes, and since the reading before where that is longer ago. Safe for concurrent
/// use; observing takes no lock and does not allocate. Values are not negative.
/// </summary>
internal sealed class LargestSeen
{
    private const int Slots = 10;
    private const int SlotSeconds = 60;

    private readonly Lock _turning = new();
    private readonly (long Largest, long EndedAt)[] _slots = new (long Largest, long EndedAt)[Slots];
    private long _newest;
    private long _since;
    private int _next;
    private bool _isRead;

    public void Observe(long value)
    {
        for (long seen = Volatile.Read(ref _newest); value > seen;)
        {
            long found = Interlocked.CompareExchange(ref _newest, value, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    /// <summary>The largest; 0 if nothing was observed.</summary>
    /// <param name="time">The same clock each time.</param>
    public long Read(TimeProvider time)
    {
        long now = time.GetTimestamp();
        lock (_turning)
        {
            if (!_isRead)
            {
                (_isRead, _since) = (true, now);
            }

            if (now - _since >= SlotSeconds * time.TimestampFrequency)
            {
                _slots[_next] = (Interlocked.Exchange(ref _newest, 0), now);
                _next = (_next + 1) % Slots;
                _since = now;
            }

            long largest = Volatile.Read(ref _newest);
            foreach ((long value, long endedAt) in _slots)
            {
                largest = now - endedAt < Slots * SlotSeconds * time.TimestampFrequency ? Math.Max(largest, value) : largest;
            }

            return largest;
        }
    }
}
