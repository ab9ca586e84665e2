namespace Exposition.Persistence.Sqlite;

/// <summary>A database that is written under a name of its own, in transactions of a bounded size, until it is complete.</summary>
internal sealed class NewDatabase : IDisposable
{
    private const int BatchGroups = 4096;
    private const long BatchBytes = 32 << 20;

    private readonly string _path;
    private readonly SqliteFile _file;
    private SqliteBatch? _batch;
    private int _inBatch;

    public NewDatabase(string path)
    {
        FilePlace.Delete(path);
        _path = path;
        _file = SqliteFile.Open(path);
    }

    public void Put(in KeptGroup group)
    {
        _batch ??= new SqliteBatch(_file, static _ => { });
        _batch.Put(group, 0);
        if (++_inBatch == BatchGroups || _batch.Bytes >= BatchBytes)
        {
            Commit();
        }
    }

    /// <summary>All groups are there: when it returns, the file is closed and on disk.</summary>
    public void Complete()
    {
        Commit();
        _file.Dispose();
        FilePlace.RequireClosed(_path);
    }

    public void Dispose()
    {
        _batch?.Dispose();
        _file.Dispose();
    }

    private void Commit()
    {
        _batch?.Commit();
        _batch?.Dispose();
        (_batch, _inBatch) = (null, 0);
    }
}
