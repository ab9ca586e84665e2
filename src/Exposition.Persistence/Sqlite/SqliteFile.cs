using System.Collections.Concurrent;
using System.Globalization;
using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

/// <summary>An open database with its prepared statements. All errors come as <see cref="DurableStoreException"/>.</summary>
internal sealed class SqliteFile : IDisposable
{
    /// <summary>"ExpE": marks our files, shown by file(1).</summary>
    public const int ApplicationId = 0x45787045;

    /// <summary>Schema version of this program.</summary>
    public const int SchemaVersion = 2;

    private const int FirstSchemaVersion = 1;
    private const int LockWaitSeconds = 1;

    // 16 MiB.
    private const int FreePagesKept = 1024;

    // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
    private const int NoCheckpointOnClose = 1006;

    // What the reading of rows is ahead of their taking, at most.
    private const int BatchesAhead = 4;
    private const int BatchRows = 256;
    private const int BatchBytes = 1 << 20;

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

    // The shapes of groups that are kept in two parts (see SplitContent), under the id of their group. No trigger keeps them together: a statement
    // that fires one writes each page that it changes into a journal of its own, 16 KiB for a row.
    private const string SecondSchema = """
        CREATE TABLE shapes (
          id INTEGER PRIMARY KEY,
          digest BLOB NOT NULL,
          content BLOB NOT NULL);
        ALTER TABLE damaged ADD COLUMN shape BLOB;
        """;

    private readonly long _schema;

    private SqliteFile(SqliteConnection connection, long schema)
    {
        Connection = connection;
        _schema = schema;
        Put = Command("""
            INSERT INTO groups (key, version, checksum, content) VALUES ($key, $version, $checksum, $content)
            ON CONFLICT (key) DO UPDATE SET version = excluded.version, checksum = excluded.checksum, content = excluded.content
            """);
        Put.Parameters.Add("$key", SqliteType.Blob);
        Put.Parameters.Add("$version", SqliteType.Integer);
        Put.Parameters.Add("$checksum", SqliteType.Integer);
        Put.Parameters.Add("$content", SqliteType.Blob);
        Remove = Command("DELETE FROM groups WHERE key = $key");
        Remove.Parameters.Add("$key", SqliteType.Blob);
        RemoveShape = Command("DELETE FROM shapes WHERE id = (SELECT id FROM groups WHERE key = $key)");
        RemoveShape.Parameters.Add("$key", SqliteType.Blob);
        DigestOf = Command("SELECT digest FROM shapes WHERE id = (SELECT id FROM groups WHERE key = $key)");
        DigestOf.Parameters.Add("$key", SqliteType.Blob);
        PutShape = Command("INSERT OR REPLACE INTO shapes (id, digest, content) SELECT id, $digest, $content FROM groups WHERE key = $key");
        PutShape.Parameters.Add("$key", SqliteType.Blob);
        PutShape.Parameters.Add("$digest", SqliteType.Blob);
        PutShape.Parameters.Add("$content", SqliteType.Blob);
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
    /// <param name="path">The file.</param>
    /// <param name="synchronous">FULL: a commit is on disk when it returns. Anything else is for tests that must fail then.</param>
    public static SqliteFile Open(string path, string synchronous = "FULL")
    {
        FilePlace.CreatePrivate(path);
        return Open(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = LockWaitSeconds,
        }, connection => Prepare(connection, synchronous));
    }

    /// <summary>Opens a file that cannot be written, without a lock. It must not have an unmerged log.</summary>
    public static SqliteFile OpenReadOnly(string path) => Open(new SqliteConnectionStringBuilder
    {
        DataSource = "file:" + path.Replace("%", "%25", StringComparison.Ordinal).Replace("?", "%3f", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal) + "?immutable=1",
        Mode = SqliteOpenMode.ReadOnly,
        Pooling = false,
    }, static connection => RequireOurs(connection));

    /// <summary>Reads all rows and moves the damaged ones out of the way.</summary>
    public void ReadAll(RowReader into)
    {
        List<long> damaged = ReadRows(into);
        if (damaged.Count > 0)
        {
            SqliteFaults.Guard(() => SetAside(damaged));
        }

        // The cache is for writing.
        SqliteFaults.Guard(() => Run(Connection, "PRAGMA shrink_memory"));
    }

    /// <summary>Reads all rows. One thread reads and decodes, the caller's takes what is decoded.</summary>
    /// <returns>The ids of damaged rows.</returns>
    public List<long> ReadRows(RowReader into) => SqliteFaults.Guard(() =>
    {
        var damaged = new List<long>();
        using var decoded = new BlockingCollection<List<DecodedRow>>(BatchesAhead);
        using var stop = new CancellationTokenSource();
        Task reading = Task.Factory.StartNew(() => Decode(decoded, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (List<DecodedRow> batch in decoded.GetConsumingEnumerable(CancellationToken.None))
            {
                damaged.AddRange(batch.Where(row => !into.Take(row)).Select(static row => row.Id));
            }
        }
        catch
        {
            // The caller wants no more. The connection must not be used by two threads, so the reader's end is waited for.
            stop.Cancel();
            reading.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
            throw;
        }

        reading.GetAwaiter().GetResult();
        return damaged;
    });

    /// <summary>Whether there is nothing in it, not even something damaged.</summary>
    public bool IsEmpty => SqliteFaults.Guard(() => Number(Connection, "SELECT EXISTS (SELECT 1 FROM groups) OR EXISTS (SELECT 1 FROM damaged)")) == 0;

    /// <summary>Whether any group is kept in two parts.</summary>
    public bool HasShapes => Number(Connection, "SELECT EXISTS (SELECT 1 FROM shapes)") != 0;

    /// <summary>After a commit: gives back a part of the space that deleted groups have left, where that is most of the file.</summary>
    public void Shrink()
    {
        long free = Number(Connection, "PRAGMA freelist_count");
        if (free > FreePagesKept && free > Number(Connection, "PRAGMA page_count") / 2)
        {
            Run(Connection, "PRAGMA incremental_vacuum(1024)");
        }
    }

    /// <summary>Closing will not write the log back: what is damaged stays as it is.</summary>
    public void LeaveAsItIs() => LeaveAsItIs(Connection);

    public void Dispose()
    {
        Put.Dispose();
        Remove.Dispose();
        RemoveShape.Dispose();
        DigestOf.Dispose();
        PutShape.Dispose();
        Connection.Dispose();
    }

    private static SqliteFile Open(SqliteConnectionStringBuilder how, Func<SqliteConnection, long> prepare) => SqliteFaults.Guard(() =>
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

    private static long Prepare(SqliteConnection connection, string synchronous)
    {
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
        Run(connection, "PRAGMA synchronous = " + synchronous);
        Run(connection, "PRAGMA journal_size_limit = 67108864");
        string missing = (schema < FirstSchemaVersion ? FirstSchema : "") + (schema < SchemaVersion ? SecondSchema : "");
        Run(connection, missing.Length > 0
            ? string.Create(CultureInfo.InvariantCulture,
                $"BEGIN IMMEDIATE; {missing} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion}; COMMIT")
            : "BEGIN IMMEDIATE; COMMIT");
        return SchemaVersion;
    }

    private static long RequireOurs(SqliteConnection connection)
    {
        if (Number(connection, "PRAGMA application_id") != ApplicationId)
        {
            throw new ForeignFileException("a SQLite database of another program");
        }

        long version = Number(connection, "PRAGMA user_version");
        return version is >= FirstSchemaVersion and <= SchemaVersion
            ? version
            : throw new ForeignFileException($"written by another version of this program (schema {version})");
    }

    private void Decode(BlockingCollection<List<DecodedRow>> into, CancellationToken cancellation)
    {
        var batch = new List<DecodedRow>();
        try
        {
            using SqliteCommand select = Command(_schema < SchemaVersion
                ? "SELECT id, key, version, checksum, content, NULL FROM groups ORDER BY id"
                : "SELECT groups.id, key, version, checksum, groups.content, shapes.content FROM groups LEFT JOIN shapes USING (id) ORDER BY groups.id");
            using SqliteDataReader rows = select.ExecuteReader();
            int bytes = 0;
            ulong keys = 0;
            while (rows.Read())
            {
                // What a broken page yields need not be what the schema says.
                long id = rows.GetInt64(0);
                DecodedRow row = rows.GetValue(1) is byte[] key && rows.GetValue(2) is long version && rows.GetValue(3) is long checksum && rows.GetValue(4) is byte[] content
                    ? DecodedRow.Of(id, key, version, checksum, content, rows.GetValue(5) as byte[])
                    : new DecodedRow(id, null, default);
                keys += rows.GetValue(1) is byte[] bytesOfKey ? IndexEntry(bytesOfKey, id) : 0;
                batch.Add(row);
                bytes += row.Bytes;
                if (bytes >= BatchBytes || batch.Count == BatchRows)
                {
                    into.Add(batch, cancellation);
                    (batch, bytes) = ([], 0);
                }
            }

            RequireIndex(keys);
        }
        finally
        {
            try
            {
                // Also what stands before a broken page.
                into.Add(batch, cancellation);
            }
            catch (OperationCanceledException)
            {
                // Nobody wants it any more.
            }

            into.CompleteAdding();
        }
    }

    // Groups are found by key through the index: an entry that is missing or wrong would bring a deleted group back. Whatever the rows say, the index
    // must say, too. Where it does not, the file is as damaged as one with a broken page.
    private void RequireIndex(ulong expected)
    {
        using SqliteCommand select = Command("SELECT key, id FROM groups INDEXED BY sqlite_autoindex_groups_1 ORDER BY key");
        using SqliteDataReader rows = select.ExecuteReader();
        ulong keys = 0;
        while (rows.Read())
        {
            keys += rows.GetValue(0) is byte[] key ? IndexEntry(key, rows.GetInt64(1)) : 0;
        }

        if (keys != expected)
        {
            throw new DurableStoreException(DurableFault.Damaged, "the index does not fit the groups");
        }
    }

    private static ulong IndexEntry(byte[] key, long id) => ((ulong)RowChecksum.Of(key, id, []) << 20) + 1;

    private void SetAside(List<long> ids)
    {
        using SqliteTransaction transaction = Connection.BeginTransaction();
        using SqliteCommand move = Command("""
            INSERT INTO damaged (key, version, checksum, content, shape)
              SELECT key, version, checksum, groups.content, shapes.content FROM groups LEFT JOIN shapes USING (id) WHERE groups.id = $id;
            DELETE FROM shapes WHERE id = $id;
            DELETE FROM groups WHERE id = $id
            """);
        move.Transaction = transaction;
        SqliteParameter id = move.Parameters.Add("$id", SqliteType.Integer);
        foreach (long damaged in ids)
        {
            id.Value = damaged;
            move.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private SqliteCommand Command(string text)
    {
        SqliteCommand command = Connection.CreateCommand();
        command.CommandText = text;
        return command;
    }

    private static void Run(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        return (long)command.ExecuteScalar()!;
    }
}
