using System.Diagnostics;
using System.Globalization;
using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

/// <summary>An open database with its prepared statements. All errors come as <see cref="DurableStoreException"/>.</summary>
internal sealed partial class SqliteFile : IDisposable
{
    /// <summary>"ExpE": marks our files, shown by file(1).</summary>
    public const int ApplicationId = 0x45787045;

    public const int SchemaVersion = 2;

    private const int FirstSchemaVersion = 1;
    private const int LockWaitSeconds = 1;

    // 16 MiB in the file, and 1 MiB of them in memory.
    private const int FreePagesKept = 1024;
    private const int FreePagesCached = 64;

    // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
    private const int NoCheckpointOnClose = 1006;

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

    private readonly long _schema;
    private IdRows? _ids;
    private bool _logIsOwn;

    private SqliteFile(SqliteConnection connection, long schema)
    {
        Connection = connection;
        _schema = schema;
        _ids = schema >= IdRows.SchemaVersion ? new IdRows(connection) : null;
        Put = Command(connection, """
            INSERT INTO groups (key, version, checksum, content) VALUES ($key, $version, $checksum, $content)
            ON CONFLICT (key) DO UPDATE SET version = excluded.version, checksum = excluded.checksum, content = excluded.content
            """, "$key", "$version", "$checksum", "$content");
        Remove = Command(connection, "DELETE FROM groups WHERE key = $key", "$key");
        RemoveShape = Command(connection, "DELETE FROM shapes WHERE id = (SELECT id FROM groups WHERE key = $key)", "$key");
        DigestOf = Command(connection, "SELECT digest FROM shapes WHERE id = (SELECT id FROM groups WHERE key = $key)", "$key");
        PutShape = Command(connection,
            "INSERT OR REPLACE INTO shapes (id, digest, content) SELECT id, $digest, $content FROM groups WHERE key = $key",
            "$key", "$digest", "$content");
    }

    public SqliteConnection Connection { get; }

    public SqliteCommand Put { get; }

    public SqliteCommand Remove { get; }

    /// <summary>What the batches have learned of the shapes of groups.</summary>
    public KnownShapes Shapes { get; } = new();

    public SqliteCommand RemoveShape { get; }

    public SqliteCommand DigestOf { get; }

    public SqliteCommand PutShape { get; }

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

    /// <summary>Whether there is nothing in it, not even something damaged.</summary>
    public bool IsEmpty =>
        SqliteErrors.Guard(() => Number(Connection, "SELECT EXISTS (SELECT 1 FROM groups) OR EXISTS (SELECT 1 FROM damaged)")) == 0;

    /// <summary>Whether any group is kept in two parts.</summary>
    public bool HasShapes => Number(Connection, "SELECT EXISTS (SELECT 1 FROM shapes)") != 0;

    /// <summary>Makes the prepared statements a part of a transaction, or of none.</summary>
    public void Enlist(SqliteTransaction? transaction)
    {
        Put.Transaction = Remove.Transaction = RemoveShape.Transaction = DigestOf.Transaction = PutShape.Transaction = transaction;
        _ids?.Enlist(transaction);
    }

    /// <summary>The ids of pushes; null where the file has none.</summary>
    public IdRows? Ids => _ids;

    /// <summary>Makes room for ids of pushes, in a transaction.</summary>
    public IdRows MakeIds(SqliteTransaction transaction)
    {
        using SqliteCommand make = Command(Connection, IdRows.Schema);
        make.Transaction = transaction;
        make.ExecuteNonQuery();
        _ids = new IdRows(Connection);
        _ids.Enlist(transaction);
        return _ids;
    }

    /// <summary>The transaction in which they were made has not been committed.</summary>
    public void UnmakeIds()
    {
        _ids?.Dispose();
        _ids = null;
    }

    /// <summary>Gives the parameters of a statement their values, by their places.</summary>
    public static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Debug.Assert(command.Parameters.Count == values.Length, "Each parameter has a value.");
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        return command;
    }

    /// <summary>Removes all groups: without a condition SQLite lets go of the pages of a table as they are.</summary>
    public int RemoveAll() =>
        Run(Connection, (_ids is null ? "" : "DELETE FROM push_ids; ") + "DELETE FROM shapes; DELETE FROM groups");

    /// <summary>
    /// After a commit: where most of the file is space that deleted groups have left, gives back cached pages and a part of it.
    /// </summary>
    public void Shrink()
    {
        long free = Number(Connection, "PRAGMA freelist_count");
        if (free > FreePagesCached && free > Number(Connection, "PRAGMA page_count") / 2)
        {
            Run(Connection, (free > FreePagesKept ? "PRAGMA incremental_vacuum(1024); " : "") + "PRAGMA shrink_memory");
        }
    }

    /// <summary>
    /// Before the first write: puts the log that was found back into the file, and begins an empty one. A sync of it may have failed, in
    /// this process or in one before; then it holds what the system takes for written and no later sync writes again, and what is appended
    /// behind that is lost with it when the power fails.
    /// </summary>
    public void BeginLog()
    {
        if (!_logIsOwn)
        {
            SqliteErrors.Guard(() => Run(Connection, "PRAGMA wal_checkpoint(TRUNCATE)"));
            _logIsOwn = true;
        }
    }

    /// <summary>Closing will not write the log back: what is damaged stays as it is.</summary>
    public void LeaveAsItIs() => LeaveAsItIs(Connection);

    /// <summary>Closes the file; its statements go with the connection.</summary>
    public void Dispose() => Connection.Dispose();

    /// <summary>Makes a statement; its parameters get their values by their place.</summary>
    public static SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        foreach (string name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }

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

    private static void LeaveAsItIs(SqliteConnection connection)
    {
        if (connection.Handle is { } handle)
        {
            raw.sqlite3_db_config(handle, NoCheckpointOnClose, 1, out _);
        }
    }

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

    private static int Run(SqliteConnection connection, string text)
    {
        using SqliteCommand command = Command(connection, text);
        return command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string text)
    {
        using SqliteCommand command = Command(connection, text);
        return (long)command.ExecuteScalar()!;
    }
}
