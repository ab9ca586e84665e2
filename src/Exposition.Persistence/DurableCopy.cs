using Exposition.Engine;
using Exposition.Persistence.Following;

namespace Exposition.Persistence;

// One thread owns the durable store after Start. It takes from the feed what it writes next, little at a time. What could not be written
// stays in the backlog, and what was not taken in the feed; both are tried again after a pause that doubles. Whatever a write ends with,
// memory that has run out included, is counted, told and tried again; the thread ends with Stop only. Only Stop writes outside of the
// thread, after the thread has ended, so calls to the durable store never overlap.
//
// Pace: a write starts so early that, if it takes no longer than twice the last one, a change made right after the last start is on disk
// within the interval. After a longer silence a change is written at once.

/// <summary>Keeps a durable copy of a store: reads it at start, then writes what has changed.</summary>
public sealed class DurableCopy : IAsyncDisposable
{
    // What is taken keeps its memory until it is written, while pushes need other memory.
    private const long TakenBytes = 16 << 20;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(100);

    private readonly IDurableStore _durable;
    private readonly DurableCopyOptions _options;
    private readonly string _name;
    private readonly Func<IChangeSource> _follow;
    private readonly RestoreGroup _restore;
    private readonly Func<IDisposable>? _loading;
    private readonly CancellationTokenSource _stop = new();
    private readonly CommitWaiters _waiters = new();
    private volatile Followed? _followed;
    private Task _following = Task.CompletedTask;
    private LagWatch? _lagWatch;
    private TimeSpan _lastDuration;
    private long _lastStart;
    private long _writingSince;
    private long _lastSuccess;
    private long _failures;
    private bool _stopped;

    /// <summary>Makes a copy that does nothing yet.</summary>
    /// <param name="name">How notices name it: the file.</param>
    /// <param name="durable">Where groups are kept; the copy disposes of it.</param>
    /// <param name="store">The store to follow.</param>
    /// <param name="options">How.</param>
    public DurableCopy(string name, IDurableStore durable, MetricStore store, DurableCopyOptions options)
        : this(name, durable, () => new StoreChanges(store), (in group) => group.RestoreInto(store), options, store.BeginLoading)
    {
    }

    internal DurableCopy(string name, IDurableStore durable, Func<IChangeSource> follow, RestoreGroup restore, DurableCopyOptions options,
        Func<IDisposable>? loading = null)
    {
        _name = name;
        _durable = durable;
        _follow = follow;
        _restore = restore;
        _loading = loading;
        _options = options;
    }

    /// <summary>How it is doing. Safe to ask from any thread.</summary>
    public DurableStatus Status
    {
        get
        {
            long success = Interlocked.Read(ref _lastSuccess);
            return new DurableStatus(
                Lag(), success == 0 ? null : new DateTimeOffset(success, TimeSpan.Zero), Interlocked.Read(ref _failures),
                Ended: _following.IsCompleted && _followed is not null && !_stopped);
        }
    }

    /// <summary>Takes the copy for this process without reading it, so that a start that must fail fails early.</summary>
    /// <exception cref="DurableStoreException">Another process uses the copy, or a later version of this program has written
    /// it.</exception>
    public void Open() => _durable.Open();

    /// <summary>Reads the kept groups into the store and starts to follow it. Call it before the store takes pushes.</summary>
    /// <param name="cancellation">Ends the reading; the copy then cannot be started any more, and has not been changed.</param>
    /// <exception cref="DurableStoreException">
    /// Another process uses the copy, or a later version of this program has written it. A copy that cannot be reached is no error: it is
    /// tried again.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LoadReport Start(CancellationToken cancellation = default)
    {
        LoadReport report = default;
        try
        {
            using IDisposable? loading = _loading?.Invoke();
            report = _durable.Load((in group) =>
            {
                cancellation.ThrowIfCancellationRequested();
                _restore(group);
            });
            Succeeded();
        }
        catch (DurableStoreException e) when (e.Fault == DurableFault.Unavailable)
        {
            _options.Report(new DurableNotice(DurableEvent.Unavailable, _name, Detail: e.Message));
        }

        _options.Report(new DurableNotice(DurableEvent.Loaded, _name, report.Groups));
        IChangeSource source = _follow();
        var backlog = new Backlog(source, _options.Time);
        var followed = new Followed(source, backlog, new BacklogWriter(_durable, source, backlog));

        // Salvaged, or restored from elsewhere: what is in the store and not in the copy.
        bool salvaged = _durable.Incomplete && source.All().Any();
        _lastStart = _options.Time.GetTimestamp();
        _following = Task.Factory.StartNew(
            () => Follow(followed, salvaged, _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _followed = followed;
        _lagWatch = new LagWatch(_name, _options, () => (Lag(), source.Pending + backlog.SetAsideCount));
        return report;
    }

    /// <summary>
    /// Waits until all changes made before the call are on disk, together with all others who wait. Safe to call from any thread.
    /// </summary>
    /// <returns>Null, or why they are not: for the operator, as it may hold the text of an exception. While writes fail it does not
    /// wait.</returns>
    public Task<string?> CommittedAsync() =>
        _followed is { } followed ? _waiters.WaitAsync(followed.Source) : Task.FromResult<string?>("not started");

    /// <summary>Writes what is left and lets go of the copy.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        if (_stopped || _followed is not { } followed)
        {
            return true;
        }

        _stopped = true;
        _lagWatch?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);

        // What became of the thread must not keep its groups from being saved.
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool saved = SaveLast(followed) || SaveLast(followed);
        _durable.Dispose();
        return saved;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync().ConfigureAwait(false);
        }
        finally
        {
            _followed?.Source.Dispose();
            _durable.Dispose();
            _stop.Dispose();
        }
    }

    private void Follow(Followed followed, bool saveFirst, CancellationToken cancellation)
    {
        TimeSpan? retryAfter = saveFirst ? TimeSpan.Zero : null;
        string? untold = null;
        while (true)
        {
            try
            {
                if (untold is not null)
                {
                    _options.Report(new DurableNotice(DurableEvent.SaveFailed, _name, followed.Source.Pending, untold));
                    untold = null;
                }

                if (retryAfter is { } pause)
                {
                    Pause(pause, cancellation);
                }
                else
                {
                    WaitForWork(followed, cancellation);
                    Pause(Rest(), cancellation);
                }

                retryAfter = Save(followed, always: retryAfter is not null) ? null : Longer(retryAfter);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Not of a write, which tells its own failures: no memory even for waiting, or a notice that could not be given.
                Interlocked.Increment(ref _failures);
                untold = e.Message;
                retryAfter = Longer(retryAfter);
            }
        }
    }

    // Until there is a change, or a group that could not be written is due again.
    private void WaitForWork(Followed followed, CancellationToken cancellation)
    {
        if (followed.Backlog.RetryIn is not { } retryIn)
        {
            followed.Source.WaitAsync(cancellation).AsTask().GetAwaiter().GetResult();
            return;
        }

        using var due = new CancellationTokenSource(retryIn > TimeSpan.Zero ? retryIn : TimeSpan.Zero, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellation);
        try
        {
            followed.Source.WaitAsync(either.Token).AsTask().GetAwaiter().GetResult();
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

    // Whoever waits for the disk is told soon when it has come back.
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

    private bool SaveLast(Followed followed)
    {
        followed.Backlog.RetryNow();
        return Save(followed, always: true) && followed.Backlog.SetAsideCount == 0;
    }

    // True if the medium took all that it was given, even where single groups could not be written.
    private bool Save(Followed followed, bool always)
    {
        (IChangeSource source, Backlog backlog, BacklogWriter writer) = followed;
        long started = _options.Time.GetTimestamp();
        _lastStart = started;
        _waiters.Begin();
        try
        {
            // What could not be written before keeps its age.
            long since = source.PendingSince ?? started;
            if (Interlocked.Read(ref _writingSince) == 0)
            {
                Interlocked.Exchange(ref _writingSince, since);
            }

            backlog.RetryDue();
            int written = 0;
            int left = source.Pending;
            for (bool first = always; ; first = false)
            {
                if (backlog.Count == 0)
                {
                    backlog.Take(ref left, TakenBytes);
                }

                written += first || backlog.HasWork ? writer.Write() : 0;
                if (left == 0)
                {
                    break;
                }
            }

            backlog.EndWrite();
            Interlocked.Exchange(ref _writingSince, 0);
            _lastDuration = _options.Time.GetElapsedTime(started);
            EndWrite(followed, written);
            return true;
        }
        catch (Exception e)
        {
            Interlocked.Increment(ref _failures);
            _waiters.Fail(source, e.Message);
            _options.Report(new DurableNotice(DurableEvent.SaveFailed, _name, backlog.Count + source.Pending, e.Message));
            return false;
        }
    }

    private void EndWrite(Followed followed, int written)
    {
        if (followed.Writer.TakeRefusal() is not { } refusal)
        {
            Succeeded();
            _waiters.End(followed.Source, null);
        }
        else
        {
            Interlocked.Increment(ref _failures);
            _waiters.End(followed.Source, refusal.IsNew ? refusal.Reason : null);
            _options.Report(new DurableNotice(DurableEvent.SaveFailed, _name, followed.Backlog.SetAsideCount, refusal.Reason));
        }

        if (written > 0)
        {
            _options.Report(new DurableNotice(DurableEvent.Saved, _name, written));
        }
    }

    private void Succeeded() => Interlocked.Exchange(ref _lastSuccess, _options.Time.GetUtcNow().UtcTicks);

    private TimeSpan Lag()
    {
        long oldest = long.MaxValue;
        if (Interlocked.Read(ref _writingSince) is var writing and not 0)
        {
            oldest = writing;
        }

        oldest = Math.Min(oldest, _followed?.Source.PendingSince ?? long.MaxValue);
        oldest = Math.Min(oldest, _followed?.Backlog.SetAsideSince ?? long.MaxValue);
        return oldest < long.MaxValue ? _options.Time.GetElapsedTime(oldest) : TimeSpan.Zero;
    }

    /// <summary>What is followed since the start.</summary>
    private sealed record Followed(IChangeSource Source, Backlog Backlog, BacklogWriter Writer);
}
