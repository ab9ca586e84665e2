using Exposition.Engine;
using Exposition.Persistence.Sqlite;

namespace Exposition.Persistence;

/// <summary>Backups: the groups of one point in time in a file of their own, and back.</summary>
public static class DurableSnapshot
{
    /// <summary>
    /// Writes all groups of a store as they are now into a new file, which has the format of <see cref="SqliteStore"/>. Pushes go on
    /// meanwhile. The file appears under its name when it is complete and on disk.
    /// </summary>
    /// <param name="path">The file, in a directory that exists.</param>
    /// <param name="store">The store.</param>
    /// <returns>The number of groups written.</returns>
    /// <exception cref="DurableStoreException">The file exists, or cannot be written.</exception>
    public static int Write(string path, MetricStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return FilePlace.Guard(() =>
        {
            if (File.Exists(path))
            {
                throw new DurableStoreException(DurableFault.Unavailable, path + " exists already");
            }

            string partial = path + ".part";
            using var file = new NewDatabase(partial);
            using StoreView view = store.OpenView();
            foreach (GroupSnapshot group in view.Groups)
            {
                file.Put(KeptGroup.Of(group, store));
            }

            file.Complete();
            File.Move(partial, path);
            Directories.Sync(path);
            return view.Groups.Length;
        });
    }

    /// <summary>
    /// Reads a file that <see cref="Write"/>, a <see cref="SqliteStore"/> or the Prometheus Pushgateway has written; the file is not
    /// changed.
    /// </summary>
    /// <param name="path">The file. Nobody may be writing it.</param>
    /// <param name="restore">Takes the groups.</param>
    /// <param name="report">Is told of groups that are damaged.</param>
    /// <returns>The number of groups handed over.</returns>
    /// <exception cref="DurableStoreException">It is not there, is in use, is damaged or is something else.</exception>
    public static int Read(string path, RestoreGroup restore, Action<DurableNotice> report)
    {
        ArgumentNullException.ThrowIfNull(restore);
        ArgumentNullException.ThrowIfNull(report);
        string full = Path.GetFullPath(path);
        switch (FilePlace.Judge(full))
        {
            case FileVerdict.Absent:
                throw new DurableStoreException(DurableFault.Unavailable, full + " is not there, or empty");
            case FileVerdict.Foreign:
                throw new DurableStoreException(DurableFault.Damaged, full + " is not a snapshot");
            case FileVerdict.Pushgateway:
                return GobImport.ReadOnly(full, restore, report);
        }

        if (new FileInfo(full + "-wal") is { Exists: true, Length: > 0 })
        {
            throw new DurableStoreException(DurableFault.Locked, full + " is in use, or was not closed (it has a log beside it)");
        }

        var reading = new RowReader(restore, key => report(new DurableNotice(DurableEvent.DamagedGroup, full, 1, key)));
        try
        {
            using var file = SqliteFile.OpenReadOnly(full);
            file.ReadRows(reading);
            return reading.Groups;
        }
        catch (ForeignFileException e)
        {
            throw new DurableStoreException(DurableFault.Damaged, $"{full}: {e.Message}", e);
        }
    }
}
