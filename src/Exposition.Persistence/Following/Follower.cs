using System.Diagnostics;
using Exposition.Engine;

namespace Exposition.Persistence.Following;

// One thread owns the durable store. It takes from the feed what it writes next, little at a time. What could not be written stays in the
// backlog, and what was not taken in the feed; both are tried again after a pause that doubles. Whatever a write ends with, memory that has
// run out included, is counted, told and tried again; the thread ends with StopAsync only. Only StopAsync writes outside of the thread,
// after the thread has ended, so calls to the durable store never overlap.
//
// Pace: a write starts so early that, if it takes no longer than twice the last one, a change made right after the last start is on disk
// within the interval. After a longer silence a change is written at once.

/// <summary>Writes what changes in a store into a durable store, on a thread of its own.</summary>
internal sealed class Follower : IDisposable
{
    // What is taken keeps its memory until it is written, while pushes need other memory.
    private const long TakenBytes = 16 << 20;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(100);

    private readonly string _name;
    private readonly DurableCopyOptions _options;
    private readonly CopyStatistics _statistics;
    private readonly ChangeFeed _feed;
    private readonly Backlog _backlog;
    private readonly BacklogWriter _writer;
    private readonly CommitWaiters _waiters;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _thread;
    private int _threadId;
    private TimeSpan _lastDuration;
    private long _lastStart;

    public Follower(string name, IDurableStore durable, MetricStore store, DurableCopyOptions options, CopyStatistics statistics)
    {
        (_name, _options, _statistics) = (name, options, statistics);
        _feed = store.Subscribe();
        _backlog = new Backlog(_feed, options.Time);
        _writer = new BacklogWriter(durable, store, _backlog);
        _waiters = new CommitWaiters(_feed);
        _lastStart = options.Time.GetTimestamp();

        // Salvaged, or restored from elsewhere: what is in the store and not in the copy.
        bool saveFirst = durable.Incomplete && store.GroupCount > 0;
        _thread = Task.Factory.StartNew(
            () => Follow(saveFirst, _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The age of the oldest change that is not on disk. Safe from any thread, as the other properties.</summary>
    public TimeSpan Lag
    {
        get
        {
            long oldest = Math.Min(_statistics.WritingSince ?? long.MaxValue, _feed.PendingSince ?? long.MaxValue);
            oldest = Math.Min(oldest, _backlog.SetAsideSince ?? long.MaxValue);
            return oldest < long.MaxValue ? _options.Time.GetElapsedTime(oldest) : TimeSpan.Zero;
        }
    }

    /// <summary>How many groups wait to be taken, or to be tried again.</summary>
    public int Waiting => _feed.Pending + _backlog.SetAsideCount;

    /// <summary>How many groups could not be written, and are tried again.</summary>
    public int SetAside => _backlog.SetAsideCount;

    public bool HasEnded => _thread.IsCompleted;

    /// <inheritdoc cref="DurableCopy.CommittedAsync"/>
    public Task<string?> CommittedAsync() => _waiters.WaitAsync();

    /// <summary>Ends the thread and writes what is left.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);

        // Whatever has ended the thread, what is left is written.
        await _thread.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return SaveLast() || SaveLast();
    }

    public void Dispose()
    {
        _feed.Dispose();
        _stop.Dispose();
    }

    private void Follow(bool saveFirst, CancellationToken cancellation)
    {
        _threadId = Environment.CurrentManagedThreadId;
        TimeSpan? retryAfter = saveFirst ? TimeSpan.Zero : null;
        string? untold = null;
        while (true)
        {
            try
            {
                if (untold is not null)
                {
                    Report(DurableEvent.SaveFailed, _feed.Pending, untold);
                    untold = null;
                }

                if (retryAfter is { } pause)
                {
                    Pause(pause, cancellation);
                }
                else
                {
                    WaitForWork(cancellation);
                    Pause(Rest(), cancellation);
                }

                retryAfter = Save(always: retryAfter is not null) ? null : Longer(retryAfter);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Not of a write, which tells its own failures: no memory even for waiting, or a notice that could not be given.
                _statistics.Fail();
                untold = e.Message;
                retryAfter = Longer(retryAfter);
            }
        }
    }

    // Until there is a change, or a group that could not be written is due again.
    private void WaitForWork(CancellationToken cancellation)
    {
        if (_backlog.RetryIn is not { } retryIn)
        {
            _feed.WaitAsync(cancellation).AsTask().GetAwaiter().GetResult();
            return;
        }

        using var due = new CancellationTokenSource(retryIn > TimeSpan.Zero ? retryIn : TimeSpan.Zero, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellation);
        try
        {
            _feed.WaitAsync(either.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
        }
    }

    private void Pause(TimeSpan time, CancellationToken cancellation)
    {
        if (time > TimeSpan.Zero)
        {
            Task.Delay(time, _options.Time, cancellation).GetAwaiter().GetResult();
        }
    }

    // Those that wait for the disk are told soon when it has come back.
    private TimeSpan Longer(TimeSpan? pause)
    {
        TimeSpan longest = _options.Interval <= TimeSpan.Zero ? s_firstPause : s_longestPause;
        return pause is not { } last || last == TimeSpan.Zero ? s_firstPause : last * 2 < longest ? last * 2 : longest;
    }

    private TimeSpan Rest()
    {
        TimeSpan margin = (_lastDuration * 2) + s_margin;
        TimeSpan half = _options.Interval / 2;
        return _options.Interval - (margin < half ? margin : half) - _options.Time.GetElapsedTime(_lastStart);
    }

    private bool SaveLast()
    {
        _backlog.RetryNow();
        return Save(always: true) && _backlog.SetAsideCount == 0;
    }

    // True if the medium took all that it was given, even where single groups could not be written.
    private bool Save(bool always)
    {
        Debug.Assert(_threadId == Environment.CurrentManagedThreadId || _thread.IsCompleted, "One at a time uses the durable store.");
        _lastStart = _options.Time.GetTimestamp();
        _waiters.Begin();
        try
        {
            _statistics.BeginWrite(_feed.PendingSince ?? _lastStart);
            int written = Write(always);
            _lastDuration = _options.Time.GetElapsedTime(_lastStart);
            EndWrite(written);
            return true;
        }
        catch (Exception e)
        {
            _statistics.Fail();
            string why = DurableStoreException.ReasonOf(e);
            _waiters.Fail(why);
            Report(DurableEvent.SaveFailed, _backlog.Count + _feed.Pending, why);
            return false;
        }
    }

    private int Write(bool always)
    {
        _backlog.RetryDue();
        int written = 0;
        int left = _feed.Pending;
        for (bool first = always; ; first = false)
        {
            if (_backlog.Count == 0)
            {
                _backlog.Take(ref left, TakenBytes);
            }

            written += first || _backlog.HasWork ? _writer.Write() : 0;
            if (left == 0)
            {
                _backlog.EndWrite();
                return written;
            }
        }
    }

    // A thread that sees that nothing waits any more also sees how the write went.
    private void EndWrite(int written)
    {
        if (_writer.TakeRefusal() is not { } refusal)
        {
            _statistics.Succeed();
            _statistics.EndWrite();
            _waiters.End(null);
        }
        else
        {
            _statistics.Fail();
            _statistics.EndWrite();
            _waiters.End(refusal.IsNew ? refusal.Reason : null);
            Report(DurableEvent.SaveFailed, _backlog.SetAsideCount, refusal.Reason);
        }

        if (written > 0)
        {
            _statistics.Commits.Observe(_lastDuration);
            Report(DurableEvent.Saved, written);
        }
    }

    private void Report(DurableEvent what, int groups, string? detail = null) =>
        _options.Report(new DurableNotice(what, _name, groups, detail));
}
