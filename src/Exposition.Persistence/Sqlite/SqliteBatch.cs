using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;
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
    private bool _hasMadeIds;
    private DurableStoreException? _failure;

    public SqliteBatch(SqliteFile file, Action<DurableStoreException> onFailure)
    {
        _file = file;
        _onFailure = onFailure;
        _transaction = SqliteErrors.Guard(file.Connection.BeginTransaction);
        file.Enlist(_transaction);
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
        }
        else
        {
            PutWhole(keyBytes, group, version, size);
        }

        PutIds(keyBytes, group.Memory);
    }

    private void PutIds(byte[] keyBytes, KeptMemory kept)
    {
        if (kept.Ids is null && _file.Ids is null)
        {
            return;
        }

        Bytes += Do(() =>
        {
            if (_file.Ids is null)
            {
                _file.MakeIds(_transaction);
                _hasMadeIds = true;
            }

            return _file.Ids!.Put(keyBytes, kept);
        });
    }

    private void PutWhole(byte[] keyBytes, in KeptGroup group, long version, long size)
    {
        byte[] plain = ArrayPool<byte>.Shared.Rent((int)size);
        try
        {
            RemoveShape(keyBytes);
            PutRow(keyBytes, version, PackedContent.Pack(plain.AsSpan(0, GroupContent.Write(group.Content, plain))));
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
        if (_file.Ids is { } ids)
        {
            Do(() =>
            {
                ids.Remove(keyBytes);
                return true;
            });
        }

        Do(() => Bind(_file.Remove, keyBytes).ExecuteNonQuery());
        Bytes += keyBytes.Length;
    }

    public void Clear()
    {
        _file.Shapes.ForgetAll();
        Do(_file.RemoveAll);
        _hasShapes = false;
    }

    public void Commit()
    {
        Debug.Assert(_failure is null, "After a failure a part of a group may be in it.");
        Do(() =>
        {
            _transaction.Commit();
            return true;
        });
        _hasMadeIds = false;
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
        _file.Enlist(null);
        if (_hasMadeIds)
        {
            _file.UnmakeIds();
        }

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
            Do(() => Bind(_file.RemoveShape, keyBytes).ExecuteNonQuery());
        }
    }

    private bool HasShape(byte[] keyBytes, byte[] digest) =>
        Do(() => Bind(_file.DigestOf, keyBytes).ExecuteScalar()) is byte[] kept && kept.AsSpan().SequenceEqual(digest);

    private void PutShape(byte[] keyBytes, byte[] digest, byte[] content)
    {
        _hasShapes = true;
        Do(() => Bind(_file.PutShape, keyBytes, digest, content).ExecuteNonQuery());
        Bytes += content.Length;
    }

    private void PutRow(byte[] keyBytes, long version, byte[] content)
    {
        long checksum = RowChecksum.Of(keyBytes, version, content);
        Do(() => Bind(_file.Put, keyBytes, version, checksum, content).ExecuteNonQuery());
        Bytes += content.Length + keyBytes.Length;
    }

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Debug.Assert(command.Transaction is not null, "In a transaction.");
        return SqliteFile.Bind(command, values);
    }

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
