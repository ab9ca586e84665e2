using Exposition.Persistence.Following;
using Exposition.Store;

namespace Exposition.Persistence;

// One background task owns the durable store after Start. Changes that were taken from the feed but could not be written stay in
// _pending (newest per group) and are tried again after a pause that doubles up to a minute. Only Stop writes outside of the task, after
// the task has ended, so calls to the durable store never overlap.

/// <summary>Keeps a durable copy of a store: reads it at start, then writes what has changed.</summary>
public sealed class DurableCopy : IAsyncDisposable
{
    private const int BatchGroups = 4096;
    private const long BatchBytes = 32 << 20;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private readonly IDurableStore _durable;
    private readonly DurableCopyOptions _options;
    private readonly string _name;
    private readonly Func<IChangeSource> _follow;
    private readonly RestoreGroup _restore;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<GroupingKey, GroupChange> _pending = [];
    private readonly List<GroupChange> _taken = [];
    private IChangeSource? _source;
    private Task _following = Task.CompletedTask;
    private bool _stopped;

    /// <summary>Makes a copy that does nothing yet.</summary>
    /// <param name="name">How notices name it: the file.</param>
    /// <param name="durable">Where groups are kept; the copy disposes of it.</param>
    /// <param name="store">The store to follow.</param>
    /// <param name="options">How.</param>
    public DurableCopy(string name, IDurableStore durable, MetricStore store, DurableCopyOptions options)
        : this(name, durable, () => new StoreChanges(store), store.Restore, options)
    {
    }

    internal DurableCopy(string name, IDurableStore durable, Func<IChangeSource> follow, RestoreGroup restore, DurableCopyOptions options)
    {
        _name = name;
        _durable = durable;
        _follow = follow;
        _restore = restore;
        _options = options;
    }

    /// <summary>Reads the kept groups into the store and starts to follow it. Call it before the store takes pushes.</summary>
    /// <exception cref="DurableStoreException">Another process uses the copy. A copy that cannot be reached is no error: it is tried again.</exception>
    public LoadReport Start()
    {
        LoadReport report = default;
        try
        {
            report = _durable.Load(_restore);
        }
        catch (DurableStoreException e) when (e.Fault == DurableFault.Unavailable)
        {
            _options.Report(new DurableNotice(DurableEvent.Unavailable, _name, Detail: e.Message));
        }

        _options.Report(new DurableNotice(DurableEvent.Loaded, _name, report.Groups));
        _source = _follow();
        bool salvaged = report.Groups > 0 && _durable.Incomplete;
        _following = Task.Run(() => FollowAsync(_source, salvaged, _stop.Token));
        return report;
    }

    /// <summary>Writes what is left and lets go of the copy.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        if (_stopped || _source is null)
        {
            return true;
        }

        _stopped = true;
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

    private async Task FollowAsync(IChangeSource source, bool saveFirst, CancellationToken cancellation)
    {
        try
        {
            if (saveFirst)
            {
                Save(source, always: true);
            }

            long last = _options.Time.GetTimestamp();
            TimeSpan pause = s_firstPause;
            while (true)
            {
                await source.WaitAsync(cancellation).ConfigureAwait(false);
                TimeSpan rest = _options.Interval - _options.Time.GetElapsedTime(last);
                if (rest > TimeSpan.Zero)
                {
                    await Task.Delay(rest, _options.Time, cancellation).ConfigureAwait(false);
                }

                while (!Save(source, always: false))
                {
                    await Task.Delay(pause, _options.Time, cancellation).ConfigureAwait(false);
                    pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
                }

                pause = s_firstPause;
                last = _options.Time.GetTimestamp();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    private bool Save(IChangeSource source, bool always)
    {
        try
        {
            _taken.Clear();
            source.Take(_taken);
            foreach (GroupChange change in _taken)
            {
                _pending[change.Key] = change;
            }

            _taken.Clear();
            int written = always || _pending.Count > 0 ? Write(source) : 0;
            if (written > 0)
            {
                _options.Report(new DurableNotice(DurableEvent.Saved, _name, written));
            }

            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _options.Report(new DurableNotice(DurableEvent.SaveFailed, _name, _pending.Count, e.Message));
            return false;
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
            int written = WriteBatches(deleted.Concat(all), static _ => { });
            _durable.Completed();
            _pending.Clear();
            return written;
        }

        return WriteBatches(_pending.Values.ToArray(), key => _pending.Remove(key));
    }

    private int WriteBatches(IEnumerable<GroupChange> changes, Action<GroupingKey> done)
    {
        int written = 0;
        var inBatch = new List<GroupingKey>();
        using IEnumerator<GroupChange> next = changes.GetEnumerator();
        bool more = next.MoveNext();
        while (more)
        {
            using IDurableBatch batch = _durable.Begin();
            while (more && inBatch.Count < BatchGroups && batch.Bytes < BatchBytes)
            {
                GroupChange change = next.Current;
                if (change.Snapshot is null)
                {
                    batch.Remove(change.Key);
                }
                else
                {
                    batch.Put(change.Key, change.Version, change.Snapshot.Families);
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
