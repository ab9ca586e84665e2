using System.Globalization;
using Exposition.Engine;
using Exposition.Hosting;
using Exposition.Persistence.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Persistence.Sqlite;

// The place is beside the persistence file, never one that a client chooses. Names carry the time.

/// <summary>Writes snapshots beside the file that keeps the state.</summary>
internal sealed class SnapshotFiles(MetricStore store, SqlitePersistenceOptions options, TimeProvider time, ILogger logger)
    : ISnapshotWriter
{
    public string? Unavailable =>
        options.File.Length > 0 ? null : $"snapshots are written beside the persistence file, and {options.FileName} is not given";

    public async Task<WrittenSnapshot?> WriteSnapshotAsync()
    {
        string file = string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFullPath(options.File)}.snapshot-{time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss.fff'Z'}");
        try
        {
            int groups = await Task.Factory.StartNew(
                () => DurableSnapshot.Write(file, store), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .ConfigureAwait(false);
            logger.SnapshotWritten(file, groups);
            return new WrittenSnapshot(file, groups);
        }
        catch (DurableStoreException e)
        {
            logger.SnapshotFailed(file, e.Reason);
            return null;
        }
    }
}
