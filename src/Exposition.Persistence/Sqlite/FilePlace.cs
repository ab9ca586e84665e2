using System.Globalization;
using Exposition.Persistence.Import;

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
            throw new DurableStoreException(DurableFault.Unavailable, e.Message, e);
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
    public static void CreatePrivate(string path)
    {
        try
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

            new FileStream(path, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DurableStoreException(DurableFault.Unavailable, e.Message, e);
        }
    }

    /// <summary>A name beside a file that says why and when, and is free.</summary>
    public static string NameAside(string path, string why, DateTimeOffset now)
    {
        string stem = string.Create(CultureInfo.InvariantCulture, $"{path}.{why}-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
        string to = stem;
        for (int n = 1; File.Exists(to); n++)
        {
            to = string.Create(CultureInfo.InvariantCulture, $"{stem}.{n}");
        }

        return to;
    }

    /// <summary>Renames a file, and its log, to a name that says why and when.</summary>
    /// <returns>The new name.</returns>
    public static string MoveAside(string path, string why, DateTimeOffset now)
    {
        string to = NameAside(path, why, now);
        try
        {
            File.Move(path, to);
            if (File.Exists(path + "-wal"))
            {
                File.Move(path + "-wal", to + "-wal");
            }

            File.Delete(path + "-shm");
            return to;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DurableStoreException(DurableFault.Unavailable, $"cannot move {path} aside: {e.Message}", e);
        }
    }
}
