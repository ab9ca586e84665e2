using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

// What has come due is made to expire in steps, by views, pushes and deletes and by a timer. A failure is told, counted and tried again: it
// ends neither the process nor the sweep, and fails no request.

/// <summary>Sees to it that groups expire when they are due, whether or not anybody looks.</summary>
internal sealed class Sweep
{
    // Expiries under one hold of the lock: pushes must not wait for longer than for one another.
    private const int ExpiriesAtOnce = 64;

    // How many groups a view, a push or a delete makes expire beside its own, and the timer at a time: some 10 ms. And how many the timer
    // does while a view collects: expiries, and the garbage collections that they cause, take the processor from the view.
    private const int ExpiriesForOthers = 1024;
    private const int ExpiriesBesideAView = 128;
    private static readonly TimeSpan s_sweepEvery = TimeSpan.FromSeconds(1);

    // Where more is due than was done at a time: that takes a fifth of a processor. A million groups take some 50 s, and as long again as
    // scrapes prepare meanwhile.
    private static readonly TimeSpan s_sweepOn = TimeSpan.FromMilliseconds(50);

    private readonly StoreState _state;
    private readonly WriterLock _writer;
    private readonly Expiring _expiring;
    private readonly ITimer _timer;
    private bool _sweeping;
    private int _sweeps;
    private long _failures;

    /// <summary>How often an expiry, or the sweep, has failed; it is tried again.</summary>
    public long Failures => Volatile.Read(ref _failures);

    public Sweep(StoreState state, WriterLock writer, Expiring expiring)
    {
        (_state, _writer, _expiring) = (state, writer, expiring);

        // The timer must not keep the store alive.
        var self = new WeakReference<Sweep>(this);
        _timer = state.Options.Time.CreateTimer(
            static state =>
            {
                if (((WeakReference<Sweep>)state!).TryGetTarget(out Sweep? sweep))
                {
                    sweep.Tick();
                }
            },
            self,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        state.Deadlines.Scheduled = Begin;
    }

    // Under the writer lock.
    private void Begin()
    {
        if (!_sweeping)
        {
            _sweeping = true;
            _timer.Change(s_sweepEvery, s_sweepEvery);
        }
    }

    // What a timer throws ends the process; the next tick tries again.
    private void Tick()
    {
        try
        {
            Once();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Once()
    {
        // The timer does not wait for the last one.
        bool isMoreDue = false;
        if (Interlocked.Exchange(ref _sweeps, 1) == 0)
        {
            try
            {
                bool isViewCollecting = _state.Groups.Timeline.Floor() != Timeline.Never;
                isMoreDue = ExpireDue(_state.Clock.Read(), isViewCollecting ? ExpiriesBesideAView : ExpiriesForOthers);
            }
            finally
            {
                Volatile.Write(ref _sweeps, 0);
            }
        }

        using (_writer.Enter())
        {
            if (_state.Deadlines.Queue.Count == 0 && _sweeping)
            {
                _sweeping = false;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            else if (isMoreDue)
            {
                _timer.Change(s_sweepOn, s_sweepEvery);
            }
        }
    }

    private void Fail(Exception thrown)
    {
        Interlocked.Increment(ref _failures);
        try
        {
            _state.Options.ExpiryFailed?.Invoke(thrown);
        }
        catch (Exception)
        {
            // The failure is counted. That it could not be told must not fail anything else.
        }
    }

    /// <summary>Lets expire what is due now.</summary>
    public void ExpireDue()
    {
        if (_state.Deadlines.Queue.First != long.MaxValue)
        {
            ExpireDue(_state.Clock.Read());
        }
    }

    /// <summary>The same, at a time.</summary>
    /// <returns>Whether more is due than it has done.</returns>
    public bool ExpireDue(Moment now, int most = ExpiriesForOthers)
    {
        for (int done = 0; done < most && _state.Deadlines.Queue.First <= now.Steady; done += ExpiriesAtOnce)
        {
            Exception? failure = null;
            using (_writer.Enter())
            {
                int families = 0;
                for (int i = 0; i < ExpiriesAtOnce && families < _state.Directory.AtOnce && _state.Deadlines.Queue.First <= now.Steady; i++)
                {
                    families += _state.Deadlines.Queue.FirstSlot.Current!.Families.Length;
                    failure = TryTakeFirst(now) ?? failure;
                }
            }

            if (failure is not null)
            {
                Fail(failure);
            }

            _state.Observers.TellEnds();
        }

        return _state.Deadlines.Queue.First <= now.Steady;
    }

    // A group that cannot expire now, for want of memory perhaps, must keep neither the others from it nor scrapes from being answered.
    private Exception? TryTakeFirst(Moment now)
    {
        GroupSlot first = _state.Deadlines.Queue.FirstSlot;
        try
        {
            _expiring.TakeFirst(now);
            return null;
        }
        catch (Exception e)
        {
            if (_state.Deadlines.Queue.First <= now.Steady && _state.Deadlines.Queue.FirstSlot == first)
            {
                long later = DeadlineSchedule.Later(now.Steady, DeadlineSchedule.Nanoseconds(s_sweepEvery));
                _state.Deadlines.Queue.Postpone(later > 0 ? later : long.MaxValue);
            }

            return e;
        }
    }
}
