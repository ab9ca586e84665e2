namespace Exposition.Kestrel.Bodies;

// Memory is taken as bytes arrive, not as they are announced: a Content-Length costs its sender nothing. So bodies that have begun may fill
// the limit together while none is complete. Three rules keep that from stopping everybody:
//
//   the reserve    what a small body takes may go beyond the limit by a sixteenth of it
//   one over       lest bodies wait for each other, one at a time may go beyond the limit, until use is back within it
//   the slowest    while somebody waits, the body that would be complete last is ended, if that is later than the one who waits can wait
//
// Who waits stands in a queue, one for small bodies and one for others, and what becomes free is given to the first as soon as it is
// enough: nobody is woken in vain, and nobody who comes later takes it from him.

/// <summary>The memory that request bodies may hold together, their decoded forms included. Safe for concurrent use.</summary>
/// <param name="limit">In bytes; zero for none.</param>
/// <param name="time">The clock for waiting.</param>
internal sealed class InflightBytes(long limit, TimeProvider time)
{
    /// <summary>What a body of 64 KiB takes while it grows, packed and unpacked.</summary>
    public const int SmallBody = 256 << 10;

    private const int ReserveShare = 16;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly LinkedList<BodyClaim> _holders = [];
    private readonly LinkedList<Waiter> _small = [];
    private readonly LinkedList<Waiter> _large = [];
    private BodyClaim? _over;
    private long _used;
    private long _usedBySmall;

    public long Used => Volatile.Read(ref _used);

    /// <summary>How many bytes small bodies may take beyond the limit.</summary>
    public long Reserve => limit / ReserveShare;

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _small.Count + _large.Count;
            }
        }
    }

    public bool TryTake(BodyClaim claim, long bytes)
    {
        lock (_lock)
        {
            long granted = Math.Min(claim.Granted, bytes);
            if (bytes > granted && !FitsInTurn(claim, bytes - granted))
            {
                claim.Wanted = bytes - granted;
                return false;
            }

            claim.Granted -= granted;
            Add(claim, bytes - granted);
            return true;
        }
    }

    public void GiveBack(BodyClaim claim, long bytes)
    {
        BodyClaim? next;
        lock (_lock)
        {
            next = Remove(claim, bytes);
        }

        next?.Interrupt();
    }

    /// <summary>Gives back what was granted and not taken.</summary>
    public void GiveBackGranted(BodyClaim claim)
    {
        BodyClaim? next;
        lock (_lock)
        {
            long granted = claim.Granted;
            claim.Granted = 0;
            next = Remove(claim, granted);
        }

        next?.Interrupt();
    }

    /// <summary>Waits, after taking has failed, until what was wanted is granted.</summary>
    /// <param name="claim">Whose taking has failed.</param>
    /// <param name="most">How long, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>False if the time is over.</returns>
    public async ValueTask<bool> WaitAsync(BodyClaim claim, TimeSpan most)
    {
        long started = time.GetTimestamp();
        Waiter waiter;
        lock (_lock)
        {
            if (FitsInTurn(claim, claim.Wanted))
            {
                Grant(claim);
                return true;
            }

            waiter = new Waiter(claim, started, most == Timeout.InfiniteTimeSpan ? s_patience : most);
            QueueOf(claim).AddLast(waiter.Place);
        }

        while (true)
        {
            EndSlowest();
            TimeSpan left = most == Timeout.InfiniteTimeSpan ? s_look : most - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return !TryWithdraw(waiter);
            }

            try
            {
                await waiter.Granted.Task.WaitAsync(left < s_look ? left : s_look, time);
                return true;
            }
            catch (TimeoutException)
            {
                // Time to look for the slowest again.
            }
        }
    }

    private bool TryWithdraw(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Place.List is not { } queue)
            {
                return false;
            }

            queue.Remove(waiter.Place);
            return true;
        }
    }

    private void EndSlowest()
    {
        BodyClaim? slowest;
        lock (_lock)
        {
            slowest = Slowest();
        }

        slowest?.Interrupt();
    }

    // The rest runs under the lock.

    // One at a time: what it holds is free only when it has seen that it has ended.
    private BodyClaim? Slowest()
    {
        if ((_small.First ?? _large.First)?.Value is not { } first)
        {
            return null;
        }

        double most = Math.Max(0, (first.Patience - time.GetElapsedTime(first.Since)).TotalSeconds);
        BodyClaim? slowest = null;
        foreach (BodyClaim holder in _holders)
        {
            if (holder.IsEnded)
            {
                return null;
            }

            if (holder.SecondsLeft() is var left && left > most)
            {
                (slowest, most) = (holder, left);
            }
        }

        slowest?.IsEnded = true;
        return slowest;
    }

    private LinkedList<Waiter> QueueOf(BodyClaim claim) => IsSmall(claim.Held + claim.Wanted) ? _small : _large;

    private bool FitsInTurn(BodyClaim claim, long bytes) =>
        _large.Count == 0 ? Fits(claim, bytes) : _over == claim || FitsReserve(claim, bytes);

    private bool Fits(BodyClaim claim, long bytes)
    {
        if (limit <= 0 || _used + bytes <= limit || FitsReserve(claim, bytes))
        {
            return true;
        }

        _over ??= claim;
        return _over == claim;
    }

    private bool FitsReserve(BodyClaim claim, long bytes) => IsSmall(claim.Held + bytes) && _usedBySmall + bytes <= Reserve;

    private static bool IsSmall(long held) => held <= SmallBody;

    private void Grant(BodyClaim claim)
    {
        claim.Granted += claim.Wanted;
        Add(claim, claim.Wanted);
    }

    private void Add(BodyClaim claim, long bytes)
    {
        Change(claim, bytes);
        if (claim.Place?.List is null && claim.Held > 0)
        {
            _holders.AddLast(claim.Place ??= new LinkedListNode<BodyClaim>(claim));
        }
    }

    // Returns who has lost its memory and is to be told.
    private BodyClaim? Remove(BodyClaim claim, long bytes)
    {
        bool hadEnded = claim.IsEnded;
        Change(claim, -bytes);
        if (claim.Held == 0)
        {
            claim.IsEnded = false;
            if (claim.Place?.List is not null)
            {
                _holders.Remove(claim.Place);
            }
        }

        if (_used <= limit || (_over == claim && claim.Held == 0))
        {
            _over = null;
        }

        GrantFirst(_small);
        GrantFirst(_large);
        return hadEnded ? Slowest() : null;
    }

    private void GrantFirst(LinkedList<Waiter> queue)
    {
        while (queue.First?.Value is { } first && Fits(first.Claim, first.Claim.Wanted))
        {
            queue.RemoveFirst();
            Grant(first.Claim);
            first.Granted.SetResult();
        }
    }

    private void Change(BodyClaim claim, long bytes)
    {
        _usedBySmall -= IsSmall(claim.Held) ? claim.Held : 0;
        claim.Held += bytes;
        _usedBySmall += IsSmall(claim.Held) ? claim.Held : 0;
        _used += bytes;
    }

    private sealed class Waiter
    {
        public Waiter(BodyClaim claim, long since, TimeSpan patience)
        {
            (Claim, Since, Patience) = (claim, since, patience);
            Place = new LinkedListNode<Waiter>(this);
        }

        public BodyClaim Claim { get; }

        public long Since { get; }

        public TimeSpan Patience { get; }

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter> Place { get; }
    }
}
