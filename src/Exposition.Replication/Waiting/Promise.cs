namespace Exposition.Replication.Waiting;

// The timer ends the wait by itself, so that nothing hops between threads: under a clock and a context of one thread all is in one order.

/// <summary>Something that one waits for, for a time.</summary>
/// <param name="late">What is said when the time is over.</param>
internal sealed class Promise<T>(T late)
{
    private readonly TaskCompletionSource<T> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Keeps it, unless the time was over.</summary>
    public void Keep(T result) => _source.TrySetResult(result);

    /// <summary>Waits.</summary>
    public async Task<T> WaitAsync(TimeSpan most, TimeProvider time)
    {
        if (_source.Task.IsCompleted)
        {
            return await _source.Task;
        }

        if (most <= TimeSpan.Zero)
        {
            return late;
        }

        using ITimer timer = time.CreateTimer(_ => _source.TrySetResult(late), null, most, Timeout.InfiniteTimeSpan);
        return await _source.Task;
    }
}
