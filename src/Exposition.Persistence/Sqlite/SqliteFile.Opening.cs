using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

// Opening: what a new file is given, what an older one lacks, and whose a file is.

internal sealed partial class SqliteFile
{
    /// <summary>"ExpE": marks our files, shown by file(1).</summary>
    public const int ApplicationId = 0x45787045;

    public const int SchemaVersion = 2;

    private const int FirstSchemaVersion = 1;
    private const int LockWaitSeconds = 1;

    // Damaged rows are kept for whoever wants to look into them; they are never read by us.
    private const string FirstSchema = """
        CREATE TABLE groups (
          id INTEGER PRIMARY KEY,
          key BLOB NOT NULL UNIQUE,
          version INTEGER NOT NULL,
          checksum INTEGER NOT NULL,
          content BLOB NOT NULL);
        CREATE TABLE damaged (
          id INTEGER PRIMARY KEY,
          noticed_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
          key BLOB, version INTEGER, checksum INTEGER, content BLOB);
        """;

    // The shapes of groups that are kept in two parts (see SplitContent), under the id of their group. No trigger keeps them together: a
    // statement that fires one writes each page that it changes into a journal of its own, 16 KiB for a row.
    private const string SecondSchema = """
        CREATE TABLE shapes (
          id INTEGER PRIMARY KEY,
          digest BLOB NOT NULL,
          content BLOB NOT NULL);
        ALTER TABLE damaged ADD COLUMN shape BLOB;
        """;

    /// <summary>Opens or creates a file and takes its lock.</summary>
    /// <exception cref="ForeignFileException">A database that is not ours; nothing in it was changed.</exception>
    public static SqliteFile Open(string path)
    {
        FilePlace.CreatePrivate(path);
        bool isEmpty = new FileInfo(path) is { Exists: true, Length: 0 };
        try
        {
            return Open(new SqliteConnectionStringBuilder
            {
                DataSource = path,
                Mode = SqliteOpenMode.ReadWrite,
                Pooling = false,
                DefaultTimeout = LockWaitSeconds,
            }, connection => Prepare(connection, isEmpty));
        }
        catch (DurableStoreException e)
        {
            throw e.Of(path);
        }
    }

    /// <summary>Opens a file that cannot be written, without a lock. It must not have an unmerged log.</summary>
    public static SqliteFile OpenReadOnly(string path) => Open(new SqliteConnectionStringBuilder
    {
        DataSource = "file:" + path.Replace("%", "%25", StringComparison.Ordinal).Replace("?", "%3f", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal) + "?immutable=1",
        Mode = SqliteOpenMode.ReadOnly,
        Pooling = false,
    }, RequireOurs);

    private static SqliteFile Open(SqliteConnectionStringBuilder how, Func<SqliteConnection, long> prepare) => SqliteErrors.Guard(() =>
    {
        var connection = new SqliteConnection(how.ConnectionString);
        try
        {
            connection.Open();
            return new SqliteFile(connection, prepare(connection));
        }
        catch
        {
            LeaveAsItIs(connection);
            connection.Dispose();
            throw;
        }
    });

    // Whoever has the exclusive locking mode keeps the lock of its first read. Two that begin one file at once would both have that, and
    // neither would get more: so of a new file the exclusive lock comes first, which one of them gets.
    private static void TakeEmpty(SqliteConnection connection)
    {
        Run(connection, "PRAGMA page_size = 16384");
        Run(connection, "PRAGMA auto_vacuum = INCREMENTAL");
        Run(connection, "BEGIN EXCLUSIVE");
        Run(connection, "PRAGMA locking_mode = EXCLUSIVE");
        Run(connection, "COMMIT");
    }

    private static long Prepare(SqliteConnection connection, bool isEmpty)
    {
        if (isEmpty)
        {
            TakeEmpty(connection);
        }

        // The locking mode comes before the first access: then the write-ahead log needs no shared memory file.
        Run(connection, "PRAGMA locking_mode = EXCLUSIVE");
        bool isNew = Number(connection, "SELECT count(*) FROM sqlite_schema") == 0 && Number(connection, "PRAGMA application_id") == 0;
        long schema = isNew ? 0 : RequireOurs(connection);

        if (isNew)
        {
            Run(connection, "PRAGMA page_size = 16384");
            Run(connection, "PRAGMA auto_vacuum = INCREMENTAL");
        }

        Run(connection, "PRAGMA cell_size_check = ON");

        // In KiB. A transaction touches pages at random: those that do not fit are written for each row anew.
        Run(connection, "PRAGMA cache_size = -32768");
        Run(connection, "PRAGMA journal_mode = WAL");

        // A commit is on disk when it returns.
        Run(connection, "PRAGMA synchronous = FULL");
        Run(connection, "PRAGMA journal_size_limit = 67108864");
        string missing = (schema < FirstSchemaVersion ? FirstSchema : "") + (schema < SchemaVersion ? SecondSchema : "");
        Run(connection, missing.Length > 0
            ? string.Create(CultureInfo.InvariantCulture,
                $"BEGIN IMMEDIATE; {missing} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion}; COMMIT")
            : "BEGIN IMMEDIATE; COMMIT");
        return Math.Max(schema, SchemaVersion);
    }

    private static long RequireOurs(SqliteConnection connection)
    {
        if (Number(connection, "PRAGMA application_id") != ApplicationId)
        {
            throw new ForeignFileException("a SQLite database of another program");
        }

        long version = Number(connection, "PRAGMA user_version");
        return version switch
        {
            >= FirstSchemaVersion and <= IdRows.SchemaVersion => version,
            > IdRows.SchemaVersion => throw new DurableStoreException(DurableFault.LaterVersion, string.Create(CultureInfo.InvariantCulture,
                $"written by a later version of this program (schema {version}, this one knows {IdRows.SchemaVersion}): start that "
                    + $"version, or move the file away")),
            _ => throw new ForeignFileException(
                string.Create(CultureInfo.InvariantCulture, $"written by another version of this program (schema {version})")),
        };
    }
}
