using System.Buffers;
using System.Globalization;
using Exposition.Engine;
using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

/// <summary>
/// A transaction. A failure inside it is told to <c>onFailure</c> when the batch is disposed of, so that the file is closed after the
/// roll-back.
/// </summary>
internal sealed class SqliteBatch : IDurableBatch
{
    // SQLite's own default limit for a value is 10^9 bytes.
    private const long MaxContent = 999_000_000;

    // Below it a second row costs more than it saves.
    private const int WorthSplitting = 4096;

    private readonly SqliteFile _file;
    private readonly Action<DurableStoreException> _onFailure;
    private readonly SqliteTransaction _transaction;
    private bool _hasShapes;
    private DurableStoreException? _failure;

    public SqliteBatch(SqliteFile file, Action<DurableStoreException> onFailure)
    {
        _file = file;
        _onFailure = onFailure;
        _transaction = SqliteErrors.Guard(() => file.Connection.BeginTransaction());
        file.Put.Transaction = _transaction;
        file.Remove.Transaction = _transaction;
        file.RemoveShape.Transaction = _transaction;
        file.DigestOf.Transaction = _transaction;
        file.PutShape.Transaction = _transaction;
        _hasShapes = SqliteErrors.Guard(() => file.HasShapes);
    }

    public long Bytes { get; private set; }

    public void Put(in KeptGroup group, long version)
    {
        long size = SplitContent.MaxSize(group);
        if (size > MaxContent)
        {
            throw new DurableStoreException(DurableFault.GroupRefused, string.Create(CultureInfo.InvariantCulture,
                $"too large for a row: {size} bytes, at most {MaxContent}"));
        }

        byte[] keyBytes = group.Key.Bytes.ToArray();
        if (size >= WorthSplitting && SplitContent.TryMeasure(group, out SplitSize parts))
        {
            PutSplit(keyBytes, group, version, parts);
            return;
        }

        byte[] plain = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            RemoveShape(keyBytes);
            PutRow(keyBytes, version, PackedContent.Pack(plain.AsSpan(0, GroupContent.Write(group, plain))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    public void Remove(GroupingKey key)
    {
        byte[] keyBytes = key.Bytes.ToArray();
        _file.Shapes.Forget(key);
        RemoveShape(keyBytes);
        _file.Remove.Parameters[0].Value = keyBytes;
        Do(() => _file.Remove.ExecuteNonQuery());
        Bytes += keyBytes.Length;
    }

    public void Clear()
    {
        _file.Shapes.ForgetAll();
        Do(() => _file.RemoveAll(_transaction));
        _hasShapes = false;
    }

    public void Commit()
    {
        Do(_transaction.Commit);
        try
        {
            _file.Shrink();
        }
        catch (SqliteException)
        {
            // What was committed stays committed. What is wrong shows at the next write, too.
        }
    }

    public void Dispose()
    {
        _file.Put.Transaction = null;
        _file.Remove.Transaction = null;
        _file.RemoveShape.Transaction = null;
        _file.DigestOf.Transaction = null;
        _file.PutShape.Transaction = null;
        try
        {
            _transaction.Dispose();
        }
        catch (SqliteException e)
        {
            _failure ??= SqliteErrors.Translate(e);
        }

        if (_failure is not null)
        {
            _onFailure(_failure);
        }
    }

    private void PutSplit(byte[] keyBytes, in KeptGroup group, long version, in SplitSize size)
    {
        var values = new SplitValues(group, size);
        byte[]? digest = _file.Shapes.Find(group, size.Lines);
        if (digest is not null && HasShape(keyBytes, digest))
        {
            PutRow(keyBytes, version, SplitColumn.Pack(digest, values));
            return;
        }

        var shape = new SplitShape(group, size);
        digest = SplitContent.Digest(shape);
        _file.Shapes.Remember(group, size.Lines, digest);
        bool known = HasShape(keyBytes, digest);
        PutRow(keyBytes, version, SplitColumn.Pack(digest, values));
        if (!known)
        {
            PutShape(keyBytes, digest, PackedContent.Pack(shape));
        }
    }

    private void RemoveShape(byte[] keyBytes)
    {
        if (_hasShapes)
        {
            _file.RemoveShape.Parameters[0].Value = keyBytes;
            Do(() => _file.RemoveShape.ExecuteNonQuery());
        }
    }

    private bool HasShape(byte[] keyBytes, byte[] digest)
    {
        _file.DigestOf.Parameters[0].Value = keyBytes;
        return Do(() => _file.DigestOf.ExecuteScalar()) is byte[] kept && kept.AsSpan().SequenceEqual(digest);
    }

    private void PutShape(byte[] keyBytes, byte[] digest, byte[] content)
    {
        _hasShapes = true;
        _file.PutShape.Parameters[0].Value = keyBytes;
        _file.PutShape.Parameters[1].Value = digest;
        _file.PutShape.Parameters[2].Value = content;
        Do(() => _file.PutShape.ExecuteNonQuery());
        Bytes += content.Length;
    }

    private void PutRow(byte[] keyBytes, long version, byte[] content)
    {
        SqliteParameterCollection values = _file.Put.Parameters;
        values[0].Value = keyBytes;
        values[1].Value = version;
        values[2].Value = (long)RowChecksum.Of(keyBytes, version, content);
        values[3].Value = content;
        Do(() => _file.Put.ExecuteNonQuery());
        Bytes += content.Length + keyBytes.Length;
    }

    private void Do(Action action) => Do(() =>
    {
        action();
        return 0;
    });

    private T Do<T>(Func<T> action)
    {
        try
        {
            return SqliteErrors.Guard(action);
        }
        catch (DurableStoreException e) when (e.Fault != DurableFault.GroupRefused)
        {
            _failure = e;
            throw;
        }
    }
}
