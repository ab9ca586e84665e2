using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;

namespace Exposition.Engine;

// What has come due is let expire in steps, by whoever looks and by a timer. A failure is told, counted and tried again: it ends neither
// the process nor the sweep, and costs nobody an answer.

public sealed partial class MetricStore
{
    // Expiries under one hold of the lock: pushes shall not wait longer than for one another.
    private const int ExpiriesAtOnce = 64;

    // Expiries that one who looks does for others, and the timer at a time: some 10 ms; and those of the timer while a view collects, for
    // they, and the collections of what they leave, would take the processor from it.
    private const int ExpiriesForOthers = 1024;
    private const int ExpiriesBesideAView = 128;
    private static readonly TimeSpan s_sweepEvery = TimeSpan.FromSeconds(1);

    // Where more is due than was done at a time: so a fifth of a processor. A million groups take some 50 s, and as long again as scrapes
    // prepare meanwhile.
    private static readonly TimeSpan s_sweepOn = TimeSpan.FromMilliseconds(50);

    private readonly ITimer _sweep;
    private bool _sweeping;
    private int _sweeps;
    private long _expiryFailures;

    /// <summary>How often an expiry, or the sweep, has failed; it is tried again.</summary>
    internal long ExpiryFailures => Volatile.Read(ref _expiryFailures);

    private ITimer CreateSweep()
    {
        // The timer must not keep the store alive.
        var store = new WeakReference<MetricStore>(this);
        return Options.Time.CreateTimer(
            static state =>
            {
                if (((WeakReference<MetricStore>)state!).TryGetTarget(out MetricStore? store))
                {
                    store.Sweep();
                }
            },
            store,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    // What a timer throws ends the process; the next tick tries again.
    private void Sweep()
    {
        try
        {
            SweepOnce();
        }
        catch (Exception e)
        {
            FailExpiry(e);
        }
    }

    private void SweepOnce()
    {
        // The timer does not wait for the last one.
        bool isMoreDue = false;
        if (Interlocked.Exchange(ref _sweeps, 1) == 0)
        {
            try
            {
                isMoreDue = ExpireDue(_clock.Read(), _timeline.Floor() == Timeline.Never ? ExpiriesForOthers : ExpiriesBesideAView);
            }
            finally
            {
                Volatile.Write(ref _sweeps, 0);
            }
        }

        using (EnterWriter())
        {
            if (_deadlines.Count == 0 && _sweeping)
            {
                _sweeping = false;
                _sweep.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
            else if (isMoreDue)
            {
                _sweep.Change(s_sweepOn, s_sweepEvery);
            }
        }
    }

    private void FailExpiry(Exception thrown)
    {
        Interlocked.Increment(ref _expiryFailures);
        try
        {
            Options.ExpiryFailed?.Invoke(thrown);
        }
        catch (Exception)
        {
            // It has been counted, and whoever cannot be told must not fail for it.
        }
    }

    private void ExpireDue()
    {
        if (_deadlines.First != long.MaxValue)
        {
            ExpireDue(_clock.Read());
        }
    }

    // Whether more is due than it has done.
    private bool ExpireDue(Moment now, int most = ExpiriesForOthers)
    {
        for (int done = 0; done < most && _deadlines.First <= now.Steady; done += ExpiriesAtOnce)
        {
            Exception? failure = null;
            using (EnterWriter())
            {
                int families = 0;
                for (int i = 0; i < ExpiriesAtOnce && families < FamiliesAtOnce && _deadlines.First <= now.Steady; i++)
                {
                    families += _deadlines.FirstSlot.Current!.Families.Length;
                    failure = TryTakeFirstDeadline(now) ?? failure;
                }
            }

            if (failure is not null)
            {
                FailExpiry(failure);
            }
        }

        return _deadlines.First <= now.Steady;
    }

    // A group that cannot expire now, for want of memory perhaps, must keep neither the others from it nor scrapes from being answered.
    private Exception? TryTakeFirstDeadline(Moment now)
    {
        GroupSlot first = _deadlines.FirstSlot;
        try
        {
            TakeFirstDeadline(now);
            return null;
        }
        catch (Exception e)
        {
            if (_deadlines.First <= now.Steady && _deadlines.FirstSlot == first)
            {
                _deadlines.Postpone(Later(now.Steady, Nanoseconds(s_sweepEvery)) is > 0 and var later ? later : long.MaxValue);
            }

            return e;
        }
    }
}
