namespace Exposition.Replication.Tests.Simulated;

/// <summary>
/// A clock, its timers, and all that is to be done by one thread: what is ready first, then the timer that is due first. So a run is the
/// same each time.
/// </summary>
internal sealed class SimulatedTime : TimeProvider
{
    private readonly PriorityQueue<Timer, (long Due, long Order)> _timers = new();
    private readonly Context _context = new();
    private long _ticks = TimeSpan.TicksPerHour;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 2, 2, 4, 5, TimeSpan.Zero).AddTicks(_ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs until something is so.</summary>
    /// <returns>Whether it came to be so in time.</returns>
    public bool RunUntil(Func<bool> isDone, TimeSpan most)
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            long end = _ticks + most.Ticks;
            _context.Drain();
            while (!isDone())
            {
                if (!_timers.TryPeek(out Timer? timer, out (long Due, long Order) place) || place.Due > end)
                {
                    _ticks = end;
                    return isDone();
                }

                _timers.Dequeue();
                if (timer.IsAt(place.Order))
                {
                    _ticks = Math.Max(_ticks, place.Due);
                    timer.Fire();
                    _context.Drain();
                }
            }

            return true;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Begins something in this context.</summary>
    public void Begin(Action action)
    {
        _context.Post(static state => ((Action)state!)(), action);
        RunUntil(static () => true, TimeSpan.Zero);
    }

    private sealed class Timer(SimulatedTime time, Action callback) : ITimer
    {
        private TimeSpan _period;
        private long _place = -1;

        public bool IsAt(long order) => _place == order;

        public void Fire()
        {
            Change(_period, _period);
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            _place = -1;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                _place = ++time._order;
                time._timers.Enqueue(this, (time._ticks + dueTime.Ticks, _place));
            }

            return true;
        }

        public void Dispose() => _place = -1;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Context : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = [];

        public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;

        public void Drain()
        {
            while (_ready.TryDequeue(out (SendOrPostCallback Callback, object? State) next))
            {
                next.Callback(next.State);
            }
        }
    }
}

/// <summary>The clock of a node, which may be wrong.</summary>
internal sealed class NodeTime(SimulatedTime time, TimeSpan wrongBy) : TimeProvider
{
    public override long TimestampFrequency => time.TimestampFrequency;

    public override long GetTimestamp() => time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + wrongBy;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
