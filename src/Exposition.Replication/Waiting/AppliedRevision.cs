namespace Exposition.Replication.Waiting;

/// <summary>The revision of the last entry that was applied, and who waits for a later one. Safe for concurrent use.</summary>
internal sealed class AppliedRevision(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Promise<bool>, long> _waiting = new();
    private long _now;

    /// <summary>Which it is; 0 for none.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>Waits for it, or a later one.</summary>
    /// <returns>False if it has not come in time.</returns>
    public Task<bool> WaitAsync(long revision, TimeSpan most)
    {
        var promise = new Promise<bool>(late: false);
        lock (_lock)
        {
            if (_now >= revision)
            {
                return Task.FromResult(true);
            }

            _waiting.Enqueue(promise, revision);
        }

        return promise.WaitAsync(most, time);
    }

    /// <summary>An entry was applied.</summary>
    public void Advance(long revision)
    {
        List<Promise<bool>>? kept = null;
        lock (_lock)
        {
            Volatile.Write(ref _now, revision);
            while (_waiting.TryPeek(out Promise<bool>? promise, out long wanted) && wanted <= revision)
            {
                _waiting.Dequeue();
                (kept ??= []).Add(promise);
            }
        }

        kept?.ForEach(static promise => promise.Keep(true));
    }

    /// <summary>The log has begun anew: what somebody waits for will not come.</summary>
    public void Reset()
    {
        List<Promise<bool>> broken = [];
        lock (_lock)
        {
            Volatile.Write(ref _now, 0);
            while (_waiting.TryDequeue(out Promise<bool>? promise, out _))
            {
                broken.Add(promise);
            }
        }

        broken.ForEach(static promise => promise.Keep(false));
    }
}
