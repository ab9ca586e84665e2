using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

// Ids of pushes are written in the transaction of their group, those alone that are not in the file yet: a row for all of a commit, under
// the group's row id, the incarnation of its ids (a group that was deleted and made again has another), and the number of the last. What is
// forgotten goes by the row. The tables, and the key under which ids are hashed, come with the first id; until then a file is as an earlier
// version of this program has it, and knows it.

/// <summary>The ids of pushes in a file.</summary>
internal sealed class IdRows(SqliteConnection connection) : IDisposable
{
    /// <summary>The version of a file that has them.</summary>
    public const int SchemaVersion = 3;

    private const string Group = "(SELECT id FROM groups WHERE key = $key)";

    private readonly SqliteCommand _last = SqliteFile.Command(connection,
        $"SELECT coalesce(max(last), 0) FROM push_ids WHERE id = {Group} AND incarnation = $incarnation", "$key", "$incarnation");

    private readonly SqliteCommand _put = SqliteFile.Command(connection,
        $"INSERT INTO push_ids (id, incarnation, last, checksum, content) VALUES ({Group}, $incarnation, $last, $checksum, $content)",
        "$key", "$incarnation", "$last", "$checksum", "$content");

    private readonly SqliteCommand _forget = SqliteFile.Command(connection,
        $"DELETE FROM push_ids WHERE id = {Group} AND (incarnation <> $incarnation OR last < $first)", "$key", "$incarnation", "$first");

    private readonly SqliteCommand _remove = SqliteFile.Command(connection, $"DELETE FROM push_ids WHERE id = {Group}", "$key");

    private readonly SqliteCommand _read = SqliteFile.Command(connection,
        "SELECT last, checksum, content FROM push_ids WHERE id = $id AND incarnation = $incarnation ORDER BY last", "$id", "$incarnation");

    private IdKey? _key;

    /// <summary>Makes the tables.</summary>
    public static string Schema => $"""
        CREATE TABLE push_ids (
          id INTEGER NOT NULL,
          incarnation INTEGER NOT NULL,
          last INTEGER NOT NULL,
          checksum INTEGER NOT NULL,
          content BLOB NOT NULL,
          PRIMARY KEY (id, incarnation, last)) WITHOUT ROWID;
        CREATE TABLE push_id_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL);
        PRAGMA user_version = {SchemaVersion};
        """;

    /// <summary>Makes the statements a part of a transaction, or of none.</summary>
    public void Enlist(SqliteTransaction? transaction)
    {
        // One that was written may have been rolled back.
        _key = null;
        _last.Transaction = _put.Transaction = _forget.Transaction = _remove.Transaction = _read.Transaction = transaction;
    }

    /// <summary>Writes those of a group that are new, after its row.</summary>
    /// <returns>How many bytes that is.</returns>
    public long Put(byte[] keyBytes, in KeptMemory kept)
    {
        if (kept.Ids is not { } ids)
        {
            Remove(keyBytes);
            return 0;
        }

        KeepKey(kept.Key!);
        SqliteFile.Bind(_last, keyBytes, ids.Incarnation);
        long last = (long)_last.ExecuteScalar()!;
        (long first, StoredId[] added) = ids.Range(last + 1, kept.IdCount);
        SqliteFile.Bind(
            _forget, keyBytes, ids.Incarnation, added.Length > 0 ? Math.Min(first, ids.First) : ids.First).ExecuteNonQuery();
        if (added.Length == 0)
        {
            return 0;
        }

        byte[] content = IdChunk.Write(added);
        long checksum = RowChecksum.Of(keyBytes, kept.IdCount, content);
        SqliteFile.Bind(_put, keyBytes, ids.Incarnation, kept.IdCount, checksum, content).ExecuteNonQuery();
        return content.Length;
    }

    /// <summary>Forgets those of a group, before its row.</summary>
    public void Remove(byte[] keyBytes) => SqliteFile.Bind(_remove, keyBytes).ExecuteNonQuery();

    /// <summary>Reads those of a group.</summary>
    /// <param name="id">Its row id.</param>
    /// <param name="key">Its key.</param>
    /// <param name="state">What its row says.</param>
    /// <param name="kept">Is given the ids, and the key under which they are hashed.</param>
    /// <returns>False if some are damaged: then they are not complete.</returns>
    public bool TryRead(long id, GroupingKey key, in GroupState state, ref KeptMemory kept)
    {
        if ((_key ??= ReadKey()) is not { } hashedUnder)
        {
            return false;
        }

        bool good = true;
        var found = new List<StoredId>();
        SqliteFile.Bind(_read, id, state.Incarnation);
        using SqliteDataReader rows = _read.ExecuteReader();
        while (rows.Read())
        {
            long last = rows.GetInt64(0);
            byte[] content = rows.GetFieldValue<byte[]>(2);
            if (last <= state.IdCount)
            {
                good &= rows.GetInt64(1) == RowChecksum.Of(key.Bytes, last, content) && IdChunk.TryRead(content, found);
            }
        }

        PushIds ids = state.IdsOf(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(found), most: 0);
        kept = kept with { Ids = ids, IdCount = state.IdCount, Key = hashedUnder };
        return good;
    }

    public void Dispose()
    {
        _last.Dispose();
        _put.Dispose();
        _forget.Dispose();
        _remove.Dispose();
        _read.Dispose();
    }

    private IdKey? ReadKey()
    {
        using SqliteCommand read = SqliteFile.Command(connection, "SELECT key FROM push_id_key");
        read.Transaction = _read.Transaction;
        return read.ExecuteScalar() is byte[] { Length: IdKey.Length } bytes ? new IdKey(bytes) : null;
    }

    // Ids under another key would be found by nobody.
    private void KeepKey(IdKey key)
    {
        if ((_key ??= ReadKey()) is { } kept && kept.Bytes.Span.SequenceEqual(key.Bytes.Span))
        {
            return;
        }

        using SqliteCommand put = SqliteFile.Command(
            connection, "DELETE FROM push_ids; INSERT OR REPLACE INTO push_id_key (id, key) VALUES (1, $key)", "$key");
        put.Transaction = _put.Transaction;
        SqliteFile.Bind(put, key.Bytes.ToArray()).ExecuteNonQuery();
        _key = key;
    }
}
