namespace Exposition.Gateway.Web;

/// <summary>The rate limiter: one token per interval, up to a number of tokens, full at first. Safe for concurrent use.</summary>
internal sealed class TokenBucket(RateLimit limit, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = limit.Burst;
    private long _last = time.GetTimestamp();

    /// <summary>What it was made of.</summary>
    public RateLimit Limit => limit;

    /// <summary>What to tell those who are turned away to wait, in seconds.</summary>
    public int RetryAfterSeconds => (int)Math.Clamp(Math.Ceiling(limit.Interval.TotalSeconds), 1, int.MaxValue);

    /// <summary>Takes a token if there is one.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _tokens = Math.Min(limit.Burst, _tokens + (time.GetElapsedTime(_last, now) / limit.Interval));
            _last = now;
            if (_tokens < 1)
            {
                return false;
            }

            _tokens--;
            return true;
        }
    }
}
