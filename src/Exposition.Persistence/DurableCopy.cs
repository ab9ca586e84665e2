using Exposition.Engine;
using Exposition.Persistence.Following;

namespace Exposition.Persistence;

/// <summary>
/// Keeps a durable copy of a store: reads it at start, then writes what has changed. For those who have no host; in a host it is
/// <c>AddSqlitePersistence</c>.
/// </summary>
/// <example>
/// <code>
/// var store = new MetricStore(new StoreOptions());
/// var file = new SqliteStore("state.db", TimeProvider.System, notice => Console.Error.WriteLine(notice));
/// await using var copy = new DurableCopy("state.db", file, store, new DurableCopyOptions());
/// copy.Start();
/// </code>
/// </example>
public sealed class DurableCopy : IAsyncDisposable
{
    private readonly string _name;
    private readonly IDurableStore _durable;
    private readonly MetricStore _store;
    private readonly DurableCopyOptions _options;
    private readonly CopyStatistics _statistics;
    private volatile Follower? _follower;
    private LagWatch? _lagWatch;
    private bool _stopped;

    /// <summary>Makes a copy that does nothing yet.</summary>
    /// <param name="name">How notices name it: the file.</param>
    /// <param name="durable">Where groups are kept; the copy disposes of it.</param>
    /// <param name="store">The store to follow.</param>
    /// <param name="options">How.</param>
    public DurableCopy(string name, IDurableStore durable, MetricStore store, DurableCopyOptions options)
    {
        (_name, _durable, _store, _options) = (name, durable, store, options);
        _statistics = new CopyStatistics(options.Time);
    }

    /// <summary>How it is doing. Safe to ask from any thread.</summary>
    public DurableStatus Status => new(
        _follower?.Lag ?? TimeSpan.Zero, _statistics.LastSuccess, _statistics.Failures,
        Ended: _follower is { HasEnded: true } && !_stopped)
    { FailingSince = _statistics.FailingSince, SetAside = _follower?.SetAside ?? 0 };

    internal CopyStatistics Statistics => _statistics;

    internal int Waiting => _follower?.Waiting ?? 0;

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
            using IDisposable loading = _store.BeginLoading();
            report = _durable.Load((in group) =>
            {
                cancellation.ThrowIfCancellationRequested();
                group.RestoreInto(_store);
            });
            if (report != default || !_durable.Incomplete)
            {
                _statistics.Succeed();
            }
        }
        catch (DurableStoreException e) when (e.Fault == DurableFault.Unavailable)
        {
            _options.Report(new DurableNotice(DurableEvent.Unavailable, _name, Detail: e.Reason));
        }

        _options.Report(new DurableNotice(DurableEvent.Loaded, _name, report.Groups));
        var follower = new Follower(_name, _durable, _store, _options, _statistics);
        _follower = follower;
        _lagWatch = new LagWatch(_name, _options, () => (follower.Lag, follower.Waiting));
        return report;
    }

    /// <summary>
    /// Waits until all changes made before the call are on disk, together with all others who wait. Safe to call from any thread.
    /// </summary>
    /// <returns>Null, or why they are not: for the operator, as it may hold the text of an exception. While writes fail it does not
    /// wait.</returns>
    public Task<string?> CommittedAsync() => _follower?.CommittedAsync() ?? Task.FromResult<string?>("not started");

    /// <summary>Writes what is left and lets go of the copy.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        if (_stopped || _follower is not { } follower)
        {
            return true;
        }

        _stopped = true;
        _lagWatch?.Dispose();
        bool saved = await follower.StopAsync().ConfigureAwait(false);
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
            _follower?.Dispose();
            _durable.Dispose();
        }
    }
}
