using System.Globalization;
using Exposition.Persistence.Gob;

namespace Exposition.Persistence.Sqlite;

/// <summary>What a file's first bytes say about it.</summary>
internal enum FileVerdict
{
    /// <summary>There is none, or it is empty.</summary>
    Absent,

    /// <summary>A SQLite database, or the torn beginning of one.</summary>
    Database,

    /// <summary>A state file of the Prometheus Pushgateway.</summary>
    Pushgateway,

    /// <summary>Something else.</summary>
    Foreign,
}

/// <summary>What is done to the file from outside of SQLite.</summary>
internal static class FilePlace
{
    private const string Log = "-wal";

    // A header and a frame's; what is shorter holds nothing.
    private const int SmallestLog = 32 + 24;

    // EWOULDBLOCK: how .NET shows that another process has the file.
    private const int WouldBlock = 11;

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Looks at the first bytes of a file.</summary>
    /// <exception cref="DurableStoreException">It cannot be read.</exception>
    public static FileVerdict Judge(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
            Span<byte> head = stackalloc byte[GobState.HeadBytes];
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            return head.IsEmpty ? FileVerdict.Absent
                : head.StartsWith(Magic) || Magic.StartsWith(head) ? FileVerdict.Database
                : GobState.IsOne(head) ? FileVerdict.Pushgateway : FileVerdict.Foreign;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return FileVerdict.Absent;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Translate(e);
        }
    }

    /// <summary>Says what will keep a file from being created, or null. A hint only: the first write decides.</summary>
    public static string? ObstacleToCreating(string path)
    {
        if (Directory.Exists(path))
        {
            return "is a directory";
        }

        string? directory = Path.GetDirectoryName(path);
        return directory is not null && !Directory.Exists(directory) ? "no such directory" : null;
    }

    /// <summary>Creates a file that only its owner may read. Does nothing if there is one.</summary>
    public static void CreatePrivate(string path) => Guard(() =>
    {
        if (File.Exists(path))
        {
            return;
        }

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            new FileStream(path, options).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was quicker. Which of the two has it, its lock decides.
        }
    });

    /// <summary>A name beside a file that says why and when, and is free.</summary>
    public static string NameAside(string path, string why, DateTimeOffset now)
    {
        string stem = string.Create(CultureInfo.InvariantCulture, $"{path}.{why}-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
        string to = stem;
        for (int n = 1; WithCompanions(to).Any(File.Exists); n++)
        {
            to = string.Create(CultureInfo.InvariantCulture, $"{stem}.{n}");
        }

        return to;
    }

    /// <summary>A database and the files that SQLite keeps beside it.</summary>
    public static string[] WithCompanions(string path) => [path, path + Log, path + "-journal", path + "-shm"];

    /// <summary>Deletes what a process that died has left of a database.</summary>
    public static void Delete(string path)
    {
        foreach (string left in WithCompanions(path))
        {
            File.Delete(left);
        }
    }

    /// <summary>A database that was closed has no log: all of it is in the file.</summary>
    public static void RequireClosed(string path)
    {
        if (File.Exists(path + Log))
        {
            throw new DurableStoreException(DurableFault.Unavailable, path + " could not be written completely");
        }
    }

    /// <summary>
    /// Renames a file, and its log, to a name that says why and when. The file goes first: what is left of it then is found by
    /// <see cref="MoveOrphans"/>.
    /// </summary>
    /// <returns>The new name.</returns>
    public static string MoveAside(string path, string why, DateTimeOffset now)
    {
        string to = NameAside(path, why, now);
        try
        {
            File.Move(path, to);
            foreach ((string from, string companion) in WithCompanions(path).Zip(WithCompanions(to)).Skip(1))
            {
                if (File.Exists(from))
                {
                    File.Move(from, companion);
                }
            }

            Directories.Sync(path);
            return to;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DurableStoreException(DurableFault.Unavailable, $"cannot move {path} aside: {e.Message}", e);
        }
    }

    /// <summary>Moves a log whose file is missing or empty to where the file has gone: SQLite would delete it.</summary>
    /// <returns>The new name of the log, or null if there was none.</returns>
    public static string? MoveOrphans(string path, DateTimeOffset now)
    {
        if (new FileInfo(path + Log) is not { Exists: true, Length: >= SmallestLog } || new FileInfo(path) is { Exists: true, Length: > 0 })
        {
            return null;
        }

        string name = Path.GetFileName(path);
        string? owner = Directory.GetFiles(Path.GetDirectoryName(path)!, name + ".damaged-*")
            .Where(static file => !file.EndsWith(Log, StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal)
                && !File.Exists(file + Log))
            .MaxBy(File.GetLastWriteTimeUtc);
        string to = (owner ?? NameAside(path, "damaged", now)) + Log;
        File.Move(path + Log, to);
        Directories.Sync(path);
        return to;
    }

    /// <summary>Runs an operation on files and translates its errors.</summary>
    public static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Translate(e);
        }
    }

    /// <inheritdoc cref="Guard{T}(Func{T})"/>
    public static void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    private static DurableStoreException Translate(Exception e) =>
        new(e is IOException { HResult: WouldBlock } ? DurableFault.Locked : DurableFault.Unavailable, e.Message, e);
}
