namespace Exposition.Testing.Recording;

/// <summary>The pushes that have come, and those who wait for one.</summary>
internal sealed class PushLog(int most)
{
    private readonly Lock _lock = new();
    private readonly List<RecordedPush> _pushes = [];
    private readonly List<(Func<RecordedPush, bool> Match, TaskCompletionSource<RecordedPush> Found)> _waiting = [];

    /// <summary>All so far.</summary>
    public RecordedPush[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _pushes];
            }
        }
    }

    public void Add(RecordedPush push)
    {
        List<(Func<RecordedPush, bool> Match, TaskCompletionSource<RecordedPush> Found)> waiting;
        lock (_lock)
        {
            if (_pushes.Count >= Math.Max(1, most))
            {
                _pushes.RemoveAt(0);
            }

            _pushes.Add(push);
            waiting = [.. _waiting];
        }

        // What a test has to say of a push is not said under a lock, and what it throws is for who waits.
        foreach ((Func<RecordedPush, bool> match, TaskCompletionSource<RecordedPush> found) in waiting)
        {
            try
            {
                if (match(push))
                {
                    found.TrySetResult(push);
                }
            }
            catch (Exception e)
            {
                found.TrySetException(e);
            }
        }
    }

    /// <summary>The first push, so far or to come, of which a test says that it is the one.</summary>
    public async Task<RecordedPush> WaitAsync(Func<RecordedPush, bool> match, TimeSpan timeout, CancellationToken cancellation)
    {
        var found = new TaskCompletionSource<RecordedPush>(TaskCreationOptions.RunContinuationsAsynchronously);
        RecordedPush[] before;
        lock (_lock)
        {
            before = [.. _pushes];
            _waiting.Add((match, found));
        }

        try
        {
            return Array.Find(before, match.Invoke) ?? await found.Task.WaitAsync(timeout, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            RecordedPush[] came = All;
            throw new TimeoutException($"no such push came within {timeout}; there {(came.Length == 1 ? "was 1" : $"were {came.Length}")}: "
                + string.Join("; ", came.TakeLast(5).Select(static push => $"{push.Method} {push.Target} {push.Status}")));
        }
        finally
        {
            lock (_lock)
            {
                _waiting.RemoveAll(waiting => waiting.Found == found);
            }
        }
    }
}
