using System.Buffers;
using Exposition.Persistence.Rows;
using Exposition.Store;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

/// <summary>A transaction. A failure inside it is told to <c>onFailure</c> when the batch is disposed of, so that the file is closed after the roll-back.</summary>
internal sealed class SqliteBatch : IDurableBatch
{
    // SQLite's own default limit for a value is 10^9 bytes.
    private const long MaxContent = 999_000_000;

    private readonly SqliteFile _file;
    private readonly Action<DurableStoreException> _onFailure;
    private readonly Action<GroupingKey, long> _tooLarge;
    private readonly SqliteTransaction _transaction;
    private DurableStoreException? _failure;

    public SqliteBatch(SqliteFile file, Action<DurableStoreException> onFailure, Action<GroupingKey, long> tooLarge)
    {
        _file = file;
        _onFailure = onFailure;
        _tooLarge = tooLarge;
        _transaction = SqliteFaults.Guard(() => file.Connection.BeginTransaction());
        file.Put.Transaction = _transaction;
        file.Remove.Transaction = _transaction;
    }

    public long Bytes { get; private set; }

    public void Put(GroupingKey key, long version, ReadOnlySpan<FamilyEntry> families)
    {
        long size = GroupContent.MaxSize(families);
        if (size > MaxContent)
        {
            // What was kept of the group before would come back stale.
            _tooLarge(key, size);
            Remove(key);
            return;
        }

        byte[] plain = ArrayPool<byte>.Shared.Rent((int)size);
        byte[] content = PackedContent.Pack(plain.AsSpan(0, GroupContent.Write(families, plain)));
        ArrayPool<byte>.Shared.Return(plain);
        SqliteParameterCollection values = _file.Put.Parameters;
        byte[] keyBytes = key.Bytes.ToArray();
        values[0].Value = keyBytes;
        values[1].Value = version;
        values[2].Value = (long)RowChecksum.Of(keyBytes, version, content);
        values[3].Value = content;
        Do(() => _file.Put.ExecuteNonQuery());
        Bytes += content.Length + keyBytes.Length;
    }

    public void Remove(GroupingKey key)
    {
        byte[] keyBytes = key.Bytes.ToArray();
        _file.Remove.Parameters[0].Value = keyBytes;
        Do(() => _file.Remove.ExecuteNonQuery());
        Bytes += keyBytes.Length;
    }

    public void Commit() => Do(_transaction.Commit);

    public void Dispose()
    {
        _file.Put.Transaction = null;
        _file.Remove.Transaction = null;
        try
        {
            _transaction.Dispose();
        }
        catch (SqliteException e)
        {
            _failure ??= SqliteFaults.Translate(e);
        }

        if (_failure is not null)
        {
            _onFailure(_failure);
        }
    }

    private void Do(Action action)
    {
        try
        {
            SqliteFaults.Guard(action);
        }
        catch (DurableStoreException e)
        {
            _failure = e;
            throw;
        }
    }
}
