using Exposition.Engine.Content;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

// Reading: one thread reads and decodes rows, another takes them, then the index is held against the rows.

internal sealed partial class SqliteFile
{
    /// <summary>Reads all rows and moves the damaged ones out of the way.</summary>
    public void ReadAll(RowReader into)
    {
        List<long> damaged = ReadRows(into);
        SqliteErrors.Guard(() =>
        {
            if (damaged.Count > 0)
            {
                SetAside(damaged);
            }

            // The cache is for writing.
            return Run(Connection, "PRAGMA shrink_memory");
        });
    }

    /// <summary>Reads all rows. One thread reads and decodes, the caller's takes what is decoded.</summary>
    /// <returns>The ids of damaged rows.</returns>
    public List<long> ReadRows(RowReader into) => SqliteErrors.Guard(() =>
    {
        var damaged = new List<long>();
        using var batches = new RowBatches();
        Task reading = Task.Factory.StartNew(
            () => Decode(batches), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (DecodedRow row in batches.TakeAll())
            {
                if (!into.Take(row))
                {
                    damaged.Add(row.Id);
                }
            }
        }
        catch
        {
            // The caller wants no more. The connection must not be used by two threads, so the reader's end is waited for.
            batches.Stop();
            reading.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
            throw;
        }

        reading.GetAwaiter().GetResult();
        return damaged;
    });

    private void Decode(RowBatches batches)
    {
        var decoder = new RowDecoder(_ids);
        long next = long.MinValue;
        try
        {
            using SqliteCommand select = Command(Connection, _schema < SchemaVersion
                ? "SELECT id, key, version, checksum, content, NULL FROM groups ORDER BY id"
                : "SELECT groups.id, key, version, checksum, groups.content, shapes.content FROM groups LEFT JOIN shapes USING (id) "
                    + "ORDER BY groups.id");
            using SqliteDataReader rows = select.ExecuteReader();
            ulong keys = 0;
            while (rows.Read())
            {
                sqlite3_stmt row = rows.Handle!;
                long id = raw.sqlite3_column_int64(row, 0);
                byte[]? shape = RowDecoder.TryGetBytes(row, 5, out ReadOnlySpan<byte> packed) ? packed.ToArray() : null;
                keys += RowDecoder.TryGetBytes(row, 1, out ReadOnlySpan<byte> key) ? IndexEntry(key, id) : 0;
                batches.Add(decoder.Decode(row, id, key, shape));
                next = id + 1;
            }

            RequireIndex(keys);
        }
        catch (SqliteException e) when (SqliteErrors.Translate(e).Fault == DurableFault.Damaged)
        {
            new Salvage(Connection, _schema >= SchemaVersion, decoder).ReadFrom(next, batches);
            throw;
        }
        finally
        {
            batches.Complete();
        }
    }

    // Groups are found by key through the index: an entry that is missing or wrong would bring a deleted group back. Whatever the rows say,
    // the index must say, too. Where it does not, the file is as damaged as one with a broken page.
    private void RequireIndex(ulong expected)
    {
        using SqliteCommand select = Command(Connection, "SELECT key, id FROM groups INDEXED BY sqlite_autoindex_groups_1 ORDER BY key");
        using SqliteDataReader rows = select.ExecuteReader();
        ulong keys = 0;
        while (rows.Read())
        {
            sqlite3_stmt row = rows.Handle!;
            keys += RowDecoder.TryGetBytes(row, 0, out ReadOnlySpan<byte> key) ? IndexEntry(key, raw.sqlite3_column_int64(row, 1)) : 0;
        }

        if (keys != expected)
        {
            throw new DurableStoreException(DurableFault.Damaged, "the index does not fit the groups");
        }
    }

    private static ulong IndexEntry(ReadOnlySpan<byte> key, long id) => ((ulong)RowChecksum.Of(key, id, []) << 20) + 1;

    private void SetAside(List<long> ids)
    {
        using SqliteTransaction transaction = Connection.BeginTransaction();
        using SqliteCommand move = Command(Connection, """
            INSERT INTO damaged (key, version, checksum, content, shape)
              SELECT key, version, checksum, groups.content, shapes.content FROM groups LEFT JOIN shapes USING (id) WHERE groups.id = $id;
            DELETE FROM shapes WHERE id = $id;
            DELETE FROM groups WHERE id = $id
            """, "$id");
        foreach (long damaged in ids)
        {
            move.Parameters[0].Value = damaged;
            move.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
