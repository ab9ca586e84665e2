using System.Diagnostics;
using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

/// <summary>An open database with its prepared statements. All errors come as <see cref="DurableStoreException"/>.</summary>
internal sealed partial class SqliteFile : IDisposable
{
    // 16 MiB in the file, and 1 MiB of them in memory.
    private const int FreePagesKept = 1024;
    private const int FreePagesCached = 64;

    // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
    private const int NoCheckpointOnClose = 1006;

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

    private static void LeaveAsItIs(SqliteConnection connection)
    {
        if (connection.Handle is { } handle)
        {
            raw.sqlite3_db_config(handle, NoCheckpointOnClose, 1, out _);
        }
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
