using System.Diagnostics;
using Exposition.Persistence.Sqlite;

namespace Exposition.Persistence;

// The file: a SQLite database in WAL mode with an application id, a schema version in user_version, and one row per group. It is opened
// with an exclusive lock for the life of the process, so two processes cannot write one file. It is created at the first write.
// Nothing that we did not write is ever overwritten: a foreign file is renamed first; a damaged one stays until its successor is complete
// (Replacement).

/// <summary>Groups in a SQLite file.</summary>
/// <param name="path">The file. It need not exist.</param>
/// <param name="time">The clock for the names of files moved aside.</param>
/// <param name="report">Is told of what happens; called on the thread that uses the store.</param>
public sealed class SqliteStore(string path, TimeProvider time, Action<DurableNotice> report) : IDurableStore
{
    private readonly string _path = System.IO.Path.GetFullPath(path);
    private SqliteFile? _file;
    private Replacement? _replacement;
    private string _damage = "";
    private bool _created;

    /// <summary>The file's full path.</summary>
    public string Path => _path;

    /// <inheritdoc/>
    public bool Incomplete { get; private set; } = true;

    /// <inheritdoc/>
    public void Completed()
    {
        if (_replacement is { } replacement)
        {
            CloseFile();
            string aside = replacement.Complete(time.GetUtcNow());
            Close();
            report(new DurableNotice(DurableEvent.MovedDamaged, aside, Detail: _damage));
        }

        Incomplete = false;
    }

    /// <summary>
    /// Sees to it that there is no file, for a start that brings its groups from elsewhere. What a first write that was interrupted has
    /// left, a file of this program without groups, is moved aside; anything else stays.
    /// </summary>
    /// <returns>Whether there is none.</returns>
    /// <exception cref="DurableStoreException">It cannot be read, or another process uses it.</exception>
    public bool TryClear()
    {
        FileVerdict verdict = FilePlace.Judge(_path);
        if (verdict != FileVerdict.Database)
        {
            return verdict == FileVerdict.Absent;
        }

        try
        {
            using var file = SqliteFile.Open(_path);
            if (!file.IsEmpty)
            {
                return false;
            }
        }
        catch (ForeignFileException)
        {
            return false;
        }

        FilePlace.MoveAside(_path, "empty", time.GetUtcNow());
        return true;
    }

    /// <inheritdoc/>
    void IDurableStore.Open()
    {
        try
        {
            Resume();

            // A file that is not there yet is made, so that a second process finds it taken. An import takes its time: it belongs to the
            // load.
            if (FilePlace.Judge(_path) is FileVerdict.Database or FileVerdict.Absent)
            {
                Open();
            }
        }
        catch (DurableStoreException e) when (e.Fault is not (DurableFault.Locked or DurableFault.LaterVersion))
        {
            Close();
        }
    }

    /// <inheritdoc/>
    public LoadReport Load(RestoreGroup restore)
    {
        ArgumentNullException.ThrowIfNull(restore);
        try
        {
            Resume();
        }
        catch (DurableStoreException e)
        {
            report(new DurableNotice(DurableEvent.Unavailable, _path, Detail: e.Reason));
        }

        if (!File.Exists(_path))
        {
            if (FilePlace.ObstacleToCreating(_path) is { } obstacle)
            {
                report(new DurableNotice(DurableEvent.Unavailable, _path, Detail: obstacle));
            }

            return default;
        }

        var reading = new RowReader(restore, key => report(new DurableNotice(DurableEvent.DamagedGroup, _path, 1, key)));
        try
        {
            Open();
            _file!.ReadAll(reading);

            // One that was made at this start holds nothing of what is restored from elsewhere.
            Incomplete = _created;
            return new LoadReport(reading.Groups, reading.Damaged, false);
        }
        catch (DurableStoreException e) when (e.Fault == DurableFault.Damaged)
        {
            Replace(e.Reason);
            return new LoadReport(reading.Groups, reading.Damaged, true);
        }
        catch (DurableStoreException e) when (e.Fault == DurableFault.Unavailable)
        {
            report(new DurableNotice(DurableEvent.Unavailable, _path, Detail: e.Reason));
            Close();
            return LoadReadOnly(reading);
        }
    }

    /// <inheritdoc/>
    public IDurableBatch Begin()
    {
        Debug.Assert(_replacement is null || Incomplete, "A new file that is not complete has not taken its place.");
        try
        {
            // Someone may have deleted the file under us: SQLite would go on writing into a file without a name.
            if ((_file is not null || _replacement is not null) && !File.Exists(_path))
            {
                Close();
                Incomplete = true;
            }
            else if (_file is not null && _replacement is not null && !File.Exists(_replacement.NewPath))
            {
                CloseFile();
            }

            Open();
            _file!.BeginLog();
            return new SqliteBatch(_file!, OnFailure);
        }
        catch (DurableStoreException e)
        {
            OnFailure(e);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Open()
    {
        if (_file is not null)
        {
            return;
        }

        if (_replacement is not null)
        {
            _replacement.Begin();
            _file = SqliteFile.Open(_replacement.NewPath);
            return;
        }

        FileVerdict verdict = FilePlace.Judge(_path);
        switch (verdict)
        {
            case FileVerdict.Foreign:
                SetForeignAside("not a file of this program");
                break;
            case FileVerdict.Pushgateway:
                GobImport.Run(_path, time, report);
                break;
        }

        bool created = !File.Exists(_path);
        try
        {
            _file = SqliteFile.Open(_path);
        }
        catch (ForeignFileException e)
        {
            SetForeignAside(e.Message);
            created = true;
            _file = SqliteFile.Open(_path);
        }

        _created |= created;
        Incomplete |= created;
    }

    // The state is broken or unreachable: let go of the file, so that the next attempt starts from what is really there.
    private void OnFailure(DurableStoreException e)
    {
        if (e.Fault == DurableFault.Damaged)
        {
            Replace(e.Reason);
        }
        else
        {
            CloseFile();
        }
    }

    // From now on everything goes into a new file, which takes the place of the damaged one when it is complete.
    private void Replace(string reason)
    {
        _file?.LeaveAsItIs();
        CloseFile();
        Incomplete = true;
        _damage = reason;
        _replacement ??= new Replacement(_path);
        report(new DurableNotice(DurableEvent.Damaged, _path, Detail: reason));
    }

    private void Resume()
    {
        using var left = new Replacement(_path);
        if (left.Resume(time.GetUtcNow()) is { } aside)
        {
            report(new DurableNotice(DurableEvent.MovedDamaged, aside, Detail: "left over by a process that died"));
        }
    }

    private void SetForeignAside(string reason)
    {
        Close();
        Incomplete = true;
        string to = FilePlace.MoveAside(_path, "foreign", time.GetUtcNow());
        report(new DurableNotice(DurableEvent.MovedForeign, to, Detail: reason));
    }

    // A file or volume without write permission: the groups can still be shown. An unmerged log would make the file's own pages stale.
    private LoadReport LoadReadOnly(RowReader reading)
    {
        int imported = 0;
        if (reading.Groups == 0 && new FileInfo(_path + "-wal") is not { Exists: true, Length: > 0 })
        {
            try
            {
                if (FilePlace.Judge(_path) == FileVerdict.Pushgateway)
                {
                    imported = GobImport.ReadOnly(_path, reading.Restore, report);
                }
                else
                {
                    using var file = SqliteFile.OpenReadOnly(_path);
                    file.ReadRows(reading);
                }
            }
            catch (Exception e) when (e is DurableStoreException or ForeignFileException)
            {
                report(new DurableNotice(DurableEvent.Unavailable, _path, Detail: DurableStoreException.ReasonOf(e)));
            }
        }

        return new LoadReport(reading.Groups + imported, reading.Damaged, false);
    }

    private void Close()
    {
        CloseFile();
        _replacement?.Dispose();
        _replacement = null;
    }

    private void CloseFile()
    {
        SqliteFile? file = _file;
        _file = null;
        file?.Dispose();
    }
}
