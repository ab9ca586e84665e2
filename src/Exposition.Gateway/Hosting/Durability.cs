using Exposition.Engine;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Kestrel;
using Exposition.Persistence;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>The durable copy as the flags want it: its gate in front of the store, and its notices as log lines and counts.</summary>
internal sealed class Durability(Flags flags, TimeProvider time, ILogger logger) : ICommitGate, IAsyncDisposable
{
    // A disk that hangs must not hold answers for ever; the client then knows as much as after a crash.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly bool _waits = flags.PersistenceFile.Length > 0 && flags.CommitInterval == TimeSpan.Zero;
    private DurableCopy? _copy;
    private MetricStore? _store;
    private volatile bool _open = flags.PersistenceFile.Length == 0 && flags.RestoreFrom.Length == 0;
    private long _damaged;

    /// <summary>Whether anything is kept at all.</summary>
    public bool IsOn => flags.PersistenceFile.Length > 0;

    /// <inheritdoc/>
    public bool IsOpen => _open;

    /// <summary>How the copy is doing.</summary>
    public DurableStatus Status => _copy?.Status ?? default;

    /// <summary>Number of files and groups that were found damaged and set aside.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <inheritdoc/>
    public Task<string?>? Confirm() => _waits ? ConfirmAsync() : null;

    /// <summary>Takes the file for this process. Nothing is read yet.</summary>
    /// <returns>False if another process has it; the log says so.</returns>
    public bool TryOpen(MetricStore store)
    {
        _store = store;
        if (Array.Find([flags.PersistenceFile, flags.RestoreFrom], FileKind.IsSpecial) is { } special)
        {
            logger.CannotLoad(special, "is a device, a pipe or a socket");
            return false;
        }

        if (!IsOn)
        {
            return true;
        }

        var file = new SqliteStore(flags.PersistenceFile, time, Report);
        bool clear = flags.RestoreFrom.Length == 0;
        if (!clear && !Try(flags.PersistenceFile, () => clear = file.TryClear()))
        {
            return false;
        }

        if (!clear)
        {
            // It would be wrong to mix the two, and to throw away either.
            logger.CannotLoad(flags.PersistenceFile,
                "--persistence.restore-from is given, but the persistence file exists: move it away, or start without the flag");
            return false;
        }

        _copy = new DurableCopy(flags.PersistenceFile, file, store, new DurableCopyOptions
        {
            Interval = flags.CommitInterval,
            Time = time,
            Report = Report,
        });
        return Try(flags.PersistenceFile, _copy.Open);
    }

    /// <summary>Loads what was kept, then opens the gate.</summary>
    /// <returns>False if that is not possible; the log says so. True also if it was cancelled.</returns>
    public bool Load(CancellationToken cancellation) => Try(flags.RestoreFrom.Length > 0 ? flags.RestoreFrom : flags.PersistenceFile, () =>
    {
        try
        {
            if (flags.RestoreFrom.Length > 0)
            {
                using IDisposable loading = _store!.BeginLoading();
                int groups = DurableSnapshot.Read(flags.RestoreFrom, (in group) =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    group.RestoreInto(_store!);
                }, Report);
                logger.Restored(flags.RestoreFrom, groups);
            }

            using (LoadingHeap.For(flags.PersistenceFile))
            {
                _copy?.Start(cancellation);
            }

            if (_store!.Options.MaxStoredBytes is > 0 and var most && _store.StoredBytes > most)
            {
                logger.StoredAboveLimit(_store.StoredBytes, most);
            }

            _open = true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    });

    /// <summary>Writes what is left.</summary>
    /// <returns>Whether everything is on disk.</returns>
    public async Task<bool> StopAsync()
    {
        if (_copy is null)
        {
            return true;
        }

        bool kept = await _copy.StopAsync();
        await _copy.DisposeAsync();
        if (kept)
        {
            return true;
        }

        logger.FinalSaveFailed(flags.PersistenceFile);
        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_copy is not null)
        {
            await _copy.DisposeAsync();
        }
    }

    private bool Try(string file, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (DurableStoreException e)
        {
            logger.CannotLoad(file, e.Message);
            return false;
        }
        catch (Exception e)
        {
            // No memory for all of it, perhaps. The file is as it was.
            logger.CannotLoad(file, $"{e.GetType().Name}: {e.Message}");
            return false;
        }
    }

    private async Task<string?> ConfirmAsync()
    {
        try
        {
            // Why, is in the log: it may be about the groups of others.
            return await _copy!.CommittedAsync().WaitAsync(s_patience, time) is null ? null : "writing has failed, see the log";
        }
        catch (TimeoutException)
        {
            return $"the disk has not answered for {s_patience.TotalSeconds} s";
        }
    }

    private void Report(DurableNotice notice)
    {
        switch (notice.Event)
        {
            case DurableEvent.Saved:
                logger.Persisted(notice.Path, notice.Groups);
                break;
            case DurableEvent.SaveFailed:
                logger.CannotPersist(notice.Path, notice.Groups, notice.Detail);
                break;
            case DurableEvent.Lagging:
                logger.PersistenceLags(notice.Path, notice.Groups, notice.Detail);
                break;
            case DurableEvent.Loaded:
                logger.Loaded(notice.Path, notice.Groups);
                break;
            case DurableEvent.Imported:
                logger.Imported(notice.Path, notice.Groups);
                break;
            case DurableEvent.Damaged:
                logger.Damaged(notice.Path, notice.Detail);
                break;
            case DurableEvent.MovedDamaged:
                Interlocked.Increment(ref _damaged);
                logger.MovedDamaged(notice.Path, notice.Detail);
                break;
            case DurableEvent.MovedForeign:
                Interlocked.Increment(ref _damaged);
                logger.MovedForeign(notice.Path, notice.Detail);
                break;
            case DurableEvent.DamagedGroup:
                Interlocked.Increment(ref _damaged);
                logger.DamagedGroup(notice.Path, notice.Detail);
                break;
            default:
                logger.PersistenceUnavailable(notice.Path, notice.Detail);
                break;
        }
    }
}
