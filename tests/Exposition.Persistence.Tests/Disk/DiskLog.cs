namespace Exposition.Persistence.Tests.Disk;

/// <summary>What SQLite did to a file.</summary>
internal enum DiskAction
{
    Write,
    Truncate,
    Sync,

    /// <summary>A sync that failed.</summary>
    FailedSync,
    Delete,

    /// <summary>Not SQLite: the test notes that a commit has returned.</summary>
    Committed,
}

/// <summary>One action, in order of time.</summary>
/// <param name="Action">What.</param>
/// <param name="File">The file's name without its directory.</param>
/// <param name="Offset">Where a write begins; the new length of a truncation.</param>
/// <param name="Data">What was written.</param>
internal sealed record DiskOperation(DiskAction Action, string File, long Offset = 0, byte[]? Data = null);

// The model of a disk: what was written to a file is certain only after the next completed sync of that file. Of everything later any part
// may be there: nothing, all, some writes without earlier ones, a write up to any byte. A file that was never synced may be missing. After
// a sync that failed the system takes what was written before for clean, as Linux does: it can be read, but no later sync makes it certain.

/// <summary>All that SQLite has done in one directory, and what may be left of it after a power loss.</summary>
internal sealed class DiskLog(string directory)
{
    private readonly Lock _lock = new();
    private readonly List<DiskOperation> _operations = [];

    public string Directory => directory;

    /// <summary>Decides before each action whether it fails: SQLite's result code, or 0.</summary>
    public Func<DiskOperation, int>? Fault { get; set; }

    /// <summary>Files whose syncs the disk confirms but does not do, like one that lies about its cache.</summary>
    public Predicate<string> IgnoresSync { get; set; } = static _ => false;

    /// <summary>Lets files be opened for reading only, as on a volume that is mounted so.</summary>
    public bool ReadOnly { get; set; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _operations.Count;
            }
        }
    }

    /// <summary>The actions in their order, for the message of a test.</summary>
    public override string ToString() =>
        string.Join('\n', _operations.Select(static (o, i) => $"{i}: {o.Action} {o.File} {o.Offset} {o.Data?.Length}"));

    /// <summary>Notes that a commit has returned.</summary>
    public void Committed() => Add(new DiskOperation(DiskAction.Committed, ""));

    public DiskOperation At(int index) => _operations[index];

    /// <summary>How many commits had returned before an action.</summary>
    public int CommitsBefore(int index) => _operations.Take(index).Count(static o => o.Action == DiskAction.Committed);

    internal int Try(DiskOperation operation)
    {
        lock (_lock)
        {
            return Fault?.Invoke(operation) ?? 0;
        }
    }

    internal void Add(DiskOperation operation)
    {
        lock (_lock)
        {
            _operations.Add(operation);
        }
    }

    /// <summary>Writes into <paramref name="into"/> what a disk may hold if the power fails right before an action.</summary>
    /// <param name="into">An empty directory.</param>
    /// <param name="index">The action.</param>
    /// <param name="loseAll">Lose everything that is not certain; else lose and tear at random.</param>
    /// <param name="random">Chooses.</param>
    public void PowerLoss(string into, int index, bool loseAll, Random random)
    {
        var doubtful = new HashSet<DiskOperation>(ReferenceEqualityComparer.Instance);
        var disk = new Dictionary<string, (byte[] Certain, bool Exists, List<DiskOperation> Later)>();
        foreach (DiskOperation operation in _operations.Take(index).Where(static o => o.Action != DiskAction.Committed))
        {
            (byte[] certain, bool exists, List<DiskOperation> later) = disk.GetValueOrDefault(operation.File, ([], false, []));
            switch (operation.Action)
            {
                case DiskAction.Sync:
                    certain = later.Where(o => !doubtful.Contains(o))
                        .Aggregate(certain, static (bytes, o) => Apply(bytes, o, o.Data?.Length ?? 0));
                    (exists, later) = (true, [.. later.Where(
                        (o, i) => doubtful.Contains(o) && !later.Skip(i + 1).Any(next => !doubtful.Contains(next) && Covers(next, o)))]);
                    break;
                case DiskAction.FailedSync:
                    doubtful.UnionWith(later);
                    break;
                case DiskAction.Delete:
                    disk.Remove(operation.File);
                    continue;
                default:
                    later.Add(operation);
                    break;
            }

            disk[operation.File] = (certain, exists, later);
        }

        foreach ((string file, (byte[] certain, bool exists, List<DiskOperation> later)) in disk)
        {
            byte[] left = certain;
            double chance = random.NextDouble();
            foreach (DiskOperation operation in later)
            {
                int length = operation.Data?.Length ?? 0;
                if (!loseAll && random.NextDouble() < chance)
                {
                    left = Apply(left, operation, random.Next(3) == 0 ? random.Next(length + 1) : length);
                }
            }

            if (exists || (!loseAll && random.Next(2) == 0))
            {
                File.WriteAllBytes(Path.Combine(into, file), left);
            }
        }
    }

    // What was written over, or cut off, afterwards cannot come back.
    private static bool Covers(DiskOperation later, DiskOperation earlier) => later.Action == DiskAction.Truncate
        ? later.Offset <= earlier.Offset
        : later.Offset <= earlier.Offset && later.Offset + later.Data!.Length >= earlier.Offset + (earlier.Data?.Length ?? 0);

    private static byte[] Apply(byte[] bytes, DiskOperation operation, int length)
    {
        byte[] result = [.. bytes];
        if (operation.Action == DiskAction.Truncate)
        {
            Array.Resize(ref result, (int)operation.Offset);
            return result;
        }

        if (length > 0 && result.Length < operation.Offset + length)
        {
            Array.Resize(ref result, (int)operation.Offset + length);
        }

        operation.Data.AsSpan(0, length).CopyTo(result.AsSpan((int)Math.Min(operation.Offset, result.Length)));
        return result;
    }
}
