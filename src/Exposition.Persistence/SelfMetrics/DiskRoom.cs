namespace Exposition.Persistence.SelfMetrics;

// A disk that hangs must hold up no scrape: but for the first time, at the start, another thread looks, and what it saw last is shown.

/// <summary>How large a database is, and how much room is left where it is. Safe for concurrent use.</summary>
/// <param name="path">The file.</param>
/// <param name="time">The clock.</param>
internal sealed class DiskRoom(string path, TimeProvider time)
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private readonly string _path = Path.GetFullPath(path);
    private volatile Reading? _last;
    private int _isLooking;

    /// <summary>The bytes of the file and its log, and those that are free; negative where nobody can tell.</summary>
    public (long File, long Free) Now
    {
        get
        {
            if (_last is not { } last)
            {
                _last = last = Look();
            }
            else if (time.GetElapsedTime(last.At) > s_fresh && Interlocked.Exchange(ref _isLooking, 1) == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static room => room.LookAgain(), this, preferLocal: false);
            }

            return (last.File, last.Free);
        }
    }

    private void LookAgain()
    {
        _last = Look();
        Volatile.Write(ref _isLooking, 0);
    }

    private Reading Look()
    {
        long file = LengthOf(_path) + LengthOf(_path + "-wal");
        long free = -1;
        try
        {
            free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(_path)! : Path.GetDirectoryName(_path)!).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The folder is not there, perhaps, or not yet.
        }

        return new Reading(time.GetTimestamp(), file, free);
    }

    private static long LengthOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists ? file.Length : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private sealed record Reading(long At, long File, long Free);
}
