namespace Exposition.Persistence.Sqlite;

// A damaged file stays where it is until all that is known has been written into another file that is complete and on disk. So whenever the
// process dies, the next start finds either the damaged file, of which it reads again what can be read, or the complete new one:
//   1. <file>.new        is written: in one transaction, then closed;
//   2. <file>.salvaged   is its name from the moment that it is complete;
//   3. <file>            is moved aside, then its log;
//   4. <file>            is the new name of <file>.salvaged.
// A start that finds <file>.salvaged goes on at step 3.

/// <summary>Puts a new file in the place of a damaged one.</summary>
internal sealed class Replacement(string path) : IDisposable
{
    private FileStream? _guard;

    /// <summary>Where the new file is written.</summary>
    public string NewPath => path + ".new";

    private string Salvaged => path + ".salvaged";

    /// <summary>Makes room for the new file, for this process alone.</summary>
    /// <exception cref="DurableStoreException">Another process is at it, or the place cannot be written.</exception>
    public void Begin() => FilePlace.Guard(() =>
    {
        _guard ??= new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
        FilePlace.Delete(NewPath);
    });

    /// <summary>The new file is complete and closed: it takes the place of the damaged one.</summary>
    /// <param name="now">The time for the damaged file's new name.</param>
    /// <returns>That name.</returns>
    public string Complete(DateTimeOffset now) => FilePlace.Guard(() =>
    {
        FilePlace.RequireClosed(NewPath);
        File.Move(NewPath, Salvaged, overwrite: true);
        Directories.Sync(path);
        return TakePlace(now)!;
    });

    /// <summary>Ends what a process that died has begun, and takes logs without a file out of the way, which SQLite would delete.</summary>
    /// <returns>The name of what was moved aside, or null if nothing was.</returns>
    public string? Resume(DateTimeOffset now) =>
        FilePlace.Guard(() => File.Exists(Salvaged) ? TakePlace(now) : FilePlace.MoveOrphans(path, now));

    public void Dispose()
    {
        _guard?.Dispose();
        _guard = null;
    }

    private string? TakePlace(DateTimeOffset now)
    {
        string? aside = File.Exists(path) ? FilePlace.MoveAside(path, "damaged", now) : FilePlace.MoveOrphans(path, now);
        File.Move(Salvaged, path);
        Directories.Sync(path);
        return aside;
    }
}
