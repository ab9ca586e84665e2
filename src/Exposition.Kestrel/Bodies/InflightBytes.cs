namespace Exposition.Kestrel.Bodies;

// Memory is taken as bytes arrive, not as they are announced: a Content-Length costs its sender nothing. So bodies that have begun may
// fill the budget together while none is complete. Lest they wait for each other until all time out, one of them at a time may go over
// the limit: it ends, and gives room to others. The overshoot is therefore that of one body and its decoded form.

/// <summary>The memory that request bodies may hold together, their decoded forms included. Safe for concurrent use.</summary>
internal sealed class InflightBytes(long limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _freed;
    private object? _over;
    private long _used;

    /// <summary>Bytes that are held.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes bytes.</summary>
    /// <param name="owner">The request, the same at each call.</param>
    /// <param name="bytes">How many.</param>
    public bool TryTake(object owner, long bytes)
    {
        lock (_gate)
        {
            if (limit > 0 && _used + bytes > limit && _over != owner)
            {
                if (_over is not null)
                {
                    _freed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    return false;
                }

                _over = owner;
            }

            _used += bytes;
            return true;
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes)
    {
        TaskCompletionSource? freed;
        lock (_gate)
        {
            _used -= bytes;
            (freed, _freed) = (_freed, null);
        }

        freed?.SetResult();
    }

    /// <summary>Says that a request is over.</summary>
    public void End(object owner)
    {
        if (Volatile.Read(ref _over) == owner)
        {
            lock (_gate)
            {
                _over = _over == owner ? null : _over;
            }

            Release(0);
        }
    }

    /// <summary>Waits, after taking has failed, until something was given back.</summary>
    /// <param name="most">How long, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>False if the time is over.</returns>
    public async ValueTask<bool> WaitAsync(TimeSpan most)
    {
        Task freed;
        lock (_gate)
        {
            // Nobody waits: it has happened since.
            if (_freed is null)
            {
                return true;
            }

            freed = _freed.Task;
        }

        if (most <= TimeSpan.Zero && most != Timeout.InfiniteTimeSpan)
        {
            return false;
        }

        try
        {
            await freed.WaitAsync(most, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
