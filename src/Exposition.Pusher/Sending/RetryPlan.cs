namespace Exposition.Pusher.Sending;

/// <summary>When a push is tried again.</summary>
/// <param name="options">The bounds.</param>
/// <param name="within">A bound on the time of all attempts, if it is below that of the options.</param>
/// <param name="time">The clock.</param>
/// <param name="random">From zero up to one.</param>
internal sealed class RetryPlan(PushRetryOptions options, TimeSpan? within, TimeProvider time, Func<double> random)
{
    private readonly long _start = time.GetTimestamp();
    private readonly TimeSpan _total = within < options.TotalTime ? within.Value : options.TotalTime;

    /// <summary>The time that is left; zero if none is.</summary>
    public TimeSpan Left => TimeSpan.FromTicks(Math.Max(0, (_total - time.GetElapsedTime(_start)).Ticks));

    /// <summary>Says how long to wait before the next attempt, if there is one.</summary>
    public bool TryNext(int attempts, TimeSpan? retryAfter, out TimeSpan pause)
    {
        double most = Math.Min(options.MaxDelay.TotalSeconds, options.BaseDelay.TotalSeconds * Math.Pow(2, attempts - 1));
        TimeSpan jitter = TimeSpan.FromSeconds(most * random());
        TimeSpan left = Left;
        TimeSpan least = retryAfter ?? TimeSpan.Zero;
        if (attempts >= options.MaxAttempts || least >= left || jitter >= left - least)
        {
            pause = default;
            return false;
        }

        // On top of it, or all who are told the same would be back at the same time.
        pause = least + jitter;
        return true;
    }
}
