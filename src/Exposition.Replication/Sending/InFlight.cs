using Exposition.Replication.Waiting;

namespace Exposition.Replication.Sending;

/// <summary>How much is on its way at once. Who waits for room comes in order. Safe for concurrent use.</summary>
/// <param name="most">The most there may be; 0 for any number.</param>
/// <param name="mostBytes">The most bytes they may have, but for a single one; 0 for any.</param>
internal sealed class InFlight(int most, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, Promise<bool> Turn)> _waiting = [];
    private int _count;
    private long _bytes;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many bytes they have.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Comes in if there is room now.</summary>
    /// <param name="bytes">How many bytes it has.</param>
    /// <param name="isByBytes">If not: whether there are not too many, but too many bytes.</param>
    public bool TryEnter(long bytes, out bool isByBytes)
    {
        lock (_lock)
        {
            isByBytes = most == 0 || _count < most;
            bool enters = _waiting.Count == 0 && HasRoom(bytes);
            if (enters)
            {
                Take(bytes);
            }

            return enters;
        }
    }

    /// <summary>Waits for room.</summary>
    /// <param name="bytes">How many bytes it has.</param>
    /// <param name="patience">For how long.</param>
    /// <param name="time">The clock.</param>
    /// <returns>False if there was none in time.</returns>
    public async Task<bool> EnterAsync(long bytes, TimeSpan patience, TimeProvider time)
    {
        if (TryEnter(bytes, out _))
        {
            return true;
        }

        LinkedListNode<(long Bytes, Promise<bool> Turn)> place;
        lock (_lock)
        {
            place = _waiting.AddLast((bytes, new Promise<bool>(late: false)));
        }

        // There may have come room in between.
        Admit();
        if (await place.Value.Turn.WaitAsync(patience, time))
        {
            return true;
        }

        bool isWaiting;
        lock (_lock)
        {
            isWaiting = place.List is not null;
            if (isWaiting)
            {
                _waiting.Remove(place);
            }
        }

        if (isWaiting)
        {
            Admit();
        }
        else
        {
            // It was its turn in the moment in which it gave up.
            Leave(bytes);
        }

        return false;
    }

    /// <summary>Gives the room back.</summary>
    public void Leave(long bytes)
    {
        lock (_lock)
        {
            _count--;
            _bytes -= bytes;
        }

        Admit();
    }

    private void Admit()
    {
        List<Promise<bool>> next = [];
        lock (_lock)
        {
            while (_waiting.First is { } first && HasRoom(first.Value.Bytes))
            {
                Take(first.Value.Bytes);
                _waiting.RemoveFirst();
                next.Add(first.Value.Turn);
            }
        }

        next.ForEach(static turn => turn.Keep(true));
    }

    private bool HasRoom(long bytes) =>
        _count == 0 || ((most == 0 || _count < most) && (mostBytes == 0 || _bytes + bytes <= mostBytes));

    private void Take(long bytes)
    {
        _count++;
        _bytes += bytes;
    }
}
