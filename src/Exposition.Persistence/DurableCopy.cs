using System.Globalization;
using Exposition.Persistence.Following;
using Exposition.Store;

namespace Exposition.Persistence;

// One thread owns the durable store after Start. It takes from the feed what it writes next, little at a time. What could not be written stays in _pending
// (newest per group), and what was not taken in the feed; both are tried again after a pause that doubles. Only Stop writes outside of the thread, after
// the thread has ended, so calls to the durable store never overlap.
//
// Pace: a write starts so early that, if it takes no longer than twice the last one, a change made right after the last start is on disk within
// the interval. After a longer silence a change is written at once.

/// <summary>Keeps a durable copy of a store: reads it at start, then writes what has changed.</summary>
public sealed class DurableCopy : IAsyncDisposable
{
    private const int BatchGroups = 4096;
    private const long BatchBytes = 32 << 20;

    // What is taken keeps its memory until it is written, while pushes need other memory.
    private const long TakenBytes = 16 << 20;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_reminder = TimeSpan.FromMinutes(1);

    private readonly IDurableStore _durable;
    private readonly DurableCopyOptions _options;
    private readonly string _name;
    private readonly Func<IChangeSource> _follow;
    private readonly RestoreGroup _restore;
    private readonly Func<IDisposable>? _loading;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<GroupingKey, GroupChange> _pending = [];
    private readonly List<GroupChange> _taken = [];
    private readonly CommitWaiters _waiters = new();
    private volatile IChangeSource? _source;
    private Task _following = Task.CompletedTask;
    private ITimer? _lagTimer;
    private TimeSpan _lagTold;
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

    internal DurableCopy(string name, IDurableStore durable, Func<IChangeSource> follow, RestoreGroup restore, DurableCopyOptions options, Func<IDisposable>? loading = null)
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
            return new DurableStatus(Lag(), success == 0 ? null : new DateTimeOffset(success, TimeSpan.Zero), Interlocked.Read(ref _failures));
        }
    }

    /// <summary>Takes the copy for this process without reading it, so that a start that must fail fails early.</summary>
    /// <exception cref="DurableStoreException">Another process uses the copy.</exception>
    public void Open() => _durable.Open();

    /// <summary>Reads the kept groups into the store and starts to follow it. Call it before the store takes pushes.</summary>
    /// <param name="cancellation">Ends the reading; the copy then cannot be started any more, and has not been changed.</param>
    /// <exception cref="DurableStoreException">Another process uses the copy. A copy that cannot be reached is no error: it is tried again.</exception>
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
        _source = source;

        // Salvaged, or restored from elsewhere: what is in the store and not in the copy.
        bool salvaged = _durable.Incomplete && source.All().Any();
        _lastStart = _options.Time.GetTimestamp();
        _following = Task.Factory.StartNew(() => Follow(source, salvaged, _stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        TimeSpan period = LagUnit();
        _lagTimer = _options.Time.CreateTimer(_ => WatchLag(), null, period, period);
        return report;
    }

    /// <summary>Waits until all changes made before the call are on disk, together with all others who wait. Safe to call from any thread.</summary>
    /// <returns>Null, or why they are not. While writes fail it does not wait.</returns>
    public Task<string?> CommittedAsync() => _source is { } source ? _waiters.WaitAsync(source) : Task.FromResult<string?>("not started");

    /// <summary>Writes what is left and lets go of the copy.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        if (_stopped || _source is null)
        {
            return true;
        }

        _stopped = true;
        _lagTimer?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        bool saved = Save(_source, always: true) || Save(_source, always: true);
        _durable.Dispose();
        return saved;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _durable.Dispose();
        _stop.Dispose();
    }

    private void Follow(IChangeSource source, bool saveFirst, CancellationToken cancellation)
    {
        try
        {
            if (saveFirst)
            {
                Save(source, always: true);
            }

            TimeSpan pause = s_firstPause;
            while (true)
            {
                source.WaitAsync(cancellation).AsTask().GetAwaiter().GetResult();
                Pause(Rest(), cancellation);
                while (!Save(source, always: false))
                {
                    Pause(pause, cancellation);
                    pause = pause * 2 < LongestPause() ? pause * 2 : LongestPause();
                }

                pause = s_firstPause;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
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
    private TimeSpan LongestPause() => _options.Interval <= TimeSpan.Zero ? s_firstPause : s_longestPause;

    private TimeSpan Rest()
    {
        TimeSpan margin = (_lastDuration * 2) + s_margin;
        TimeSpan half = _options.Interval / 2;
        return _options.Interval - (margin < half ? margin : half) - _options.Time.GetElapsedTime(_lastStart);
    }

    private bool Save(IChangeSource source, bool always)
    {
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

            int written = 0;
            int left = source.Pending;
            for (bool first = always; ; first = false)
            {
                if (_pending.Count == 0)
                {
                    Take(source, ref left);
                }

                written += first || _pending.Count > 0 ? Write(source) : 0;
                if (left == 0)
                {
                    break;
                }
            }

            Interlocked.Exchange(ref _writingSince, 0);
            Succeeded();
            _lastDuration = _options.Time.GetElapsedTime(started);
            if (written > 0)
            {
                _options.Report(new DurableNotice(DurableEvent.Saved, _name, written));
            }

            _waiters.End(source, null);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Interlocked.Increment(ref _failures);
            _options.Report(new DurableNotice(DurableEvent.SaveFailed, _name, _pending.Count + source.Pending, e.Message));
            _waiters.End(source, e.Message);
            return false;
        }
    }

    private void Take(IChangeSource source, ref int left)
    {
        _taken.Clear();
        source.Take(_taken, ref left, TakenBytes);
        foreach (GroupChange change in _taken)
        {
            // The same snapshot comes once more where only the last failure is new.
            if (_pending.TryGetValue(change.Key, out GroupChange before) && before.Snapshot != change.Snapshot)
            {
                source.Release(before);
            }

            _pending[change.Key] = change;
        }

        _taken.Clear();
    }

    private void Succeeded() => Interlocked.Exchange(ref _lastSuccess, _options.Time.GetUtcNow().UtcTicks);

    private TimeSpan Lag()
    {
        long since = Interlocked.Read(ref _writingSince);
        long? pending = _source?.PendingSince;
        long? oldest = since != 0 && (pending is null || since < pending) ? since : pending;
        return oldest is { } start ? _options.Time.GetElapsedTime(start) : TimeSpan.Zero;
    }

    private TimeSpan LagUnit() => _options.Interval > TimeSpan.FromSeconds(1) ? _options.Interval : TimeSpan.FromSeconds(1);

    private void WatchLag()
    {
        TimeSpan lag = Lag();
        if (lag <= LagUnit() * 3)
        {
            _lagTold = TimeSpan.Zero;
        }
        else if (_lagTold == TimeSpan.Zero || lag - _lagTold > s_reminder)
        {
            _lagTold = lag;
            _options.Report(new DurableNotice(DurableEvent.Lagging, _name, _source?.Pending ?? 0,
                string.Create(CultureInfo.InvariantCulture, $"the oldest change has waited for {lag.TotalSeconds:f1} s")));
        }
    }

    private int Write(IChangeSource source)
    {
        // Opening the copy may show that it has to be written from the beginning.
        using (IDurableBatch first = _durable.Begin())
        {
            first.Commit();
        }

        if (_durable.Incomplete)
        {
            // The view is at least as new as every pending change but the deletions, which it cannot show.
            IEnumerable<GroupChange> deleted = _pending.Values.Where(static change => change.Snapshot is null);
            IEnumerable<GroupChange> all = source.All().Select(static group => new GroupChange(group.Key, 0, group));

            // In one transaction: a copy that holds some of the groups would pass for one of them all at the next start.
            int written = WriteBatches(deleted.Concat(all), static _ => { }, inOne: true);
            _durable.Completed();
            foreach (GroupChange change in _pending.Values)
            {
                source.Release(change);
            }

            _pending.Clear();
            return written;
        }

        return WriteBatches(_pending.Values.ToArray(), key =>
        {
            _pending.Remove(key, out GroupChange change);
            source.Release(change);
        });
    }

    private int WriteBatches(IEnumerable<GroupChange> changes, Action<GroupingKey> done, bool inOne = false)
    {
        int written = 0;
        var inBatch = new List<GroupingKey>();
        using IEnumerator<GroupChange> next = changes.GetEnumerator();
        bool more = next.MoveNext();
        while (more)
        {
            using IDurableBatch batch = _durable.Begin();
            while (more && (inOne || (inBatch.Count < BatchGroups && batch.Bytes < BatchBytes)))
            {
                GroupChange change = next.Current;
                if (change.Snapshot is null)
                {
                    batch.Remove(change.Key);
                }
                else
                {
                    batch.Put(KeptGroup.Of(change.Snapshot), change.Version);
                }

                inBatch.Add(change.Key);
                more = next.MoveNext();
            }

            batch.Commit();
            inBatch.ForEach(done);
            written += inBatch.Count;
            inBatch.Clear();
        }

        return written;
    }
}
