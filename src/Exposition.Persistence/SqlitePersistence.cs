using Exposition.Engine;
using Exposition.Hosting;
using Exposition.Persistence.Following;
using Exposition.Persistence.Loading;
using Exposition.Persistence.Logging;
using Exposition.Persistence.SelfMetrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Persistence;

/// <summary>
/// Keeps the state of one engine in a file over restarts of its host: as a service of the host, which loads at the start and writes what is
/// left at the stop, and as the engine's gate. Its state may be asked for from any thread.
/// </summary>
/// <remarks>
/// A start waits a moment for the load, so that a small state is there when the host serves; until a larger one is loaded the engine
/// answers with 503. What cannot be loaded stops the host.
/// </remarks>
public sealed class SqlitePersistence : IHostedService, ICommitGate, IAsyncDisposable
{
    // A disk that hangs must not hold answers for ever; the client then knows as much as after a crash.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_quickLoad = TimeSpan.FromMilliseconds(250);

    private readonly MetricStore _store;
    private readonly SqlitePersistenceOptions _options;
    private readonly TimeProvider _time;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _loading = Task.CompletedTask;
    private DurableCopy? _copy;
    private volatile bool _open;
    private volatile bool _hasFailed;
    private readonly CopyStatistics _none = new(TimeProvider.System);
    private long _damaged;

    internal SqlitePersistence(
        MetricStore store, SqlitePersistenceOptions options, TimeProvider time, ILogger logger, IHostApplicationLifetime? lifetime = null)
    {
        (_store, _options, _time, _logger, _lifetime) = (store, options, time, logger, lifetime);
        _open = !IsOn && options.RestoreFrom.Length == 0;
        Room = IsOn ? new DiskRoom(options.File, time) : null;
    }

    /// <summary>Whether anything is kept at all.</summary>
    public bool IsOn => _options.File.Length > 0;

    /// <inheritdoc/>
    public bool IsOpen => _open;

    /// <inheritdoc/>
    public string? Fault => Status.Ended ? "persistence has ended: changes are not written any more" : null;

    /// <summary>How the copy is doing.</summary>
    public DurableStatus Status => _copy?.Status ?? default;

    /// <summary>Number of files and groups that were found damaged and set aside.</summary>
    public long DamagedCount => Interlocked.Read(ref _damaged);

    /// <summary>Whether the state could not be loaded, or not all of it saved at the stop: a program says so by its exit code.</summary>
    public bool HasFailed => _hasFailed;

    internal string FileName => _options.File;

    /// <summary>How large the file is, and what is left beside it; null where nothing is kept.</summary>
    internal DiskRoom? Room { get; }

    /// <summary>How the writes went; of nothing before it was started.</summary>
    internal CopyStatistics Statistics => _copy?.Statistics ?? _none;

    /// <summary>How many groups wait to be written.</summary>
    internal int Waiting => _copy?.Waiting ?? 0;

    /// <inheritdoc/>
    public Task<string?>? Confirm() => IsOn && _options.CommitInterval <= TimeSpan.Zero ? ConfirmAsync() : null;

    /// <summary>Takes the file for this process and begins to load it.</summary>
    /// <exception cref="DurableStoreException">The file cannot be used: another process has it, or a later version has written
    /// it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Try(_options.File, Open);
        _loading = Task.Run(LoadOrStop, CancellationToken.None);
        await Task.WhenAny(_loading, Task.Delay(s_quickLoad, cancellationToken)).ConfigureAwait(false);
        if (_loading.IsCompleted)
        {
            await _loading.ConfigureAwait(false);
        }
    }

    /// <summary>Writes what is left. <see cref="HasFailed"/> says afterwards whether all of it is on disk.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_copy is not null && !await _copy.StopAsync().ConfigureAwait(false))
        {
            _hasFailed = true;
            _logger.FinalSaveFailed(_options.File);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_copy is not null)
        {
            await _copy.DisposeAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private void Open()
    {
        if (!IsOn)
        {
            return;
        }

        var file = new SqliteStore(_options.File, _time, Report);
        if (_options.RestoreFrom.Length > 0 && !file.TryClear())
        {
            // It would be wrong to mix the two, and to throw away either.
            throw new DurableStoreException(DurableFault.Unavailable,
                $"{_options.RestoreFromName} is given, but the persistence file exists: move it away, or start without it");
        }

        _copy = new DurableCopy(
            _options.File, file, _store, new DurableCopyOptions { Interval = _options.CommitInterval, Time = _time, Report = Report });
        _copy.Open();
    }

    private void LoadOrStop()
    {
        try
        {
            Try(_options.RestoreFrom.Length > 0 ? _options.RestoreFrom : _options.File, Load);
        }
        catch (DurableStoreException)
        {
            _lifetime?.StopApplication();
            throw;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private void Load()
    {
        if (_options.RestoreFrom.Length > 0)
        {
            using IDisposable loading = _store.BeginLoading();
            int groups = DurableSnapshot.Read(_options.RestoreFrom, (in group) =>
            {
                _stop.Token.ThrowIfCancellationRequested();
                group.RestoreInto(_store);
            }, Report);
            _logger.Restored(_options.RestoreFrom, groups);
        }

        using (LoadingHeap.For(_options.File))
        {
            _copy?.Start(_stop.Token);
        }

        if (_store.Options.MaxStoredBytes is > 0 and var most && _store.StoredBytes > most)
        {
            _logger.StoredAboveLimit(_store.StoredBytes, most);
        }

        _open = true;
    }

    // What is wrong is said once, here, whatever the host makes of the exception.
    private void Try(string file, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
        {
            _hasFailed = true;
            string why = e is DurableStoreException known ? known.Reason : $"{e.GetType().Name}: {e.Message}";
            _logger.CannotLoad(file, why);
            throw e as DurableStoreException ?? new DurableStoreException(DurableFault.Unavailable, why, e);
        }
    }

    private async Task<string?> ConfirmAsync()
    {
        try
        {
            // Why, is in the log: it may be about the groups of others.
            return await _copy!.CommittedAsync().WaitAsync(s_patience, _time).ConfigureAwait(false) is null
                ? null
                : "writing has failed, see the log";
        }
        catch (TimeoutException)
        {
            return $"the disk has not answered for {s_patience.TotalSeconds} s";
        }
    }

    private void Report(DurableNotice notice)
    {
        if (notice.Event is DurableEvent.MovedDamaged or DurableEvent.MovedForeign or DurableEvent.DamagedGroup)
        {
            Interlocked.Increment(ref _damaged);
        }

        _logger.Report(notice);
    }
}
