namespace Exposition.Replication.Sending;

/// <summary>How much is being appended at once. Who comes first goes first. Safe for concurrent use.</summary>
internal sealed class InFlight(int most, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Turn)> _waiting = [];
    private int _count;
    private long _bytes;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many bytes they have.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many wait for their turn.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Waits for room.</summary>
    public Task EnterAsync(long bytes)
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && HasRoom(bytes))
            {
                Take(bytes);
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, turn));
            return turn.Task;
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Leave(long bytes)
    {
        List<TaskCompletionSource> next = [];
        lock (_lock)
        {
            _count--;
            _bytes -= bytes;
            while (_waiting.TryPeek(out (long Bytes, TaskCompletionSource Turn) first) && HasRoom(first.Bytes))
            {
                Take(first.Bytes);
                next.Add(_waiting.Dequeue().Turn);
            }
        }

        next.ForEach(static turn => turn.SetResult());
    }

    private bool HasRoom(long bytes) => _count == 0 || (_count < most && _bytes + bytes <= mostBytes);

    private void Take(long bytes)
    {
        _count++;
        _bytes += bytes;
    }
}
