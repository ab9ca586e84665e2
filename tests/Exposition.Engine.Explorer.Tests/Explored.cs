namespace Exposition.Engine.Explore;

/// <summary>
/// Where tests take hold of the store to run its steps in an order of their choice, and plant faults in it: in all stores of the process,
/// so no two tests of this project run at once.
/// </summary>
internal static partial class Explored
{
    private static Action<string>? s_hook;
    private static string[] s_faults = [];

    /// <summary>Called before each step, on the thread that makes it.</summary>
    public static Action<string>? Hook
    {
        get => Volatile.Read(ref s_hook);
        set => Volatile.Write(ref s_hook, value);
    }

    /// <summary>Plants faults in all stores until it is disposed of.</summary>
    public static IDisposable Plant(StoreFaults faults)
    {
        Volatile.Write(ref s_faults, [.. Enum.GetNames<StoreFaults>().Where(name => faults.HasFlag(Enum.Parse<StoreFaults>(name)))]);
        return new Planted();
    }

    static partial void OnStep(string name) => s_hook?.Invoke(name);

    // The hook is asked again and again while another holds the lock, so that it can let that one go on.
    static partial void OnWaitFor(Lock @lock)
    {
        if (s_hook is null)
        {
            return;
        }

        OnStep(Steps.EnterWriter);
        while (!@lock.TryEnter())
        {
            OnStep(Steps.WaitForWriter);
        }

        @lock.Exit();
    }

    static partial void OnFault(string name, Action wrong)
    {
        if (Array.IndexOf(s_faults, name) >= 0)
        {
            wrong();
        }
    }

    private sealed class Planted : IDisposable
    {
        public void Dispose() => Volatile.Write(ref s_faults, []);
    }
}

/// <summary>Steps that tests know by name.</summary>
internal static class Steps
{
    public const string EnterWriter = nameof(EnterWriter);
    public const string WaitForWriter = nameof(WaitForWriter);
    public const string HoldWriter = nameof(HoldWriter);
    public const string LeftWriter = nameof(LeftWriter);
    public const string LeftTurn = nameof(LeftTurn);
    public const string ReadClock = nameof(ReadClock);
    public const string ReadEntry = nameof(ReadEntry);
    public const string ReadSeries = nameof(ReadSeries);
    public const string ReadSlot = nameof(ReadSlot);
    public const string ReplaceSlot = nameof(ReplaceSlot);
    public const string Told = nameof(Told);
}

/// <summary>Faults that tests put into a store to see that they are found.</summary>
[Flags]
internal enum StoreFaults
{
    None = 0,

    /// <summary>Blocks are used again although somebody may be reading them.</summary>
    ReusesBlocksBlindly = 1,

    /// <summary>A publication is stamped before it is in its place.</summary>
    StampsEarly = 2,

    /// <summary>A publisher leaves the stamping to those who meet the publication.</summary>
    StampsLate = 128,

    /// <summary>A view shows what is newest when it comes by, whatever its stamp.</summary>
    IgnoresStamps = 4,

    /// <summary>A group goes from the map before it is closed to pushes.</summary>
    ClosesLate = 8,

    /// <summary>What was before is forgotten although a view may be on its way to it.</summary>
    CutsBlindly = 16,

    /// <summary>A changed group passes for queued before it is.</summary>
    QueuesLate = 32,

    /// <summary>A consumer of a feed does not say what it has taken.</summary>
    TakesSilently = 64,

    /// <summary>Snapshots are used again although somebody may have them.</summary>
    ReusesSnapshotsBlindly = 256,

    /// <summary>Both.</summary>
    RecyclesBlindly = ReusesBlocksBlindly | ReusesSnapshotsBlindly,

    /// <summary>A push that goes the long way lets the snapshot that it has replaced be used again, as steady ones do.</summary>
    ReusesAllSnapshots = 512,

    /// <summary>Whether consumers have a block is looked for before who has pinned the group, and may be about to take it.</summary>
    LooksForMarksFirst = 1024,

    /// <summary>A block is used again although a consumer of a feed has it.</summary>
    ForgetsTaken = 2048,

    /// <summary>Memory is used again although somebody has pinned the group.</summary>
    IgnoresPins = 4096,

    /// <summary>Who holds the writer lock does not say so to those who use memory again.</summary>
    PinsNothing = 8192,

    /// <summary>A shape is made without pinning the group.</summary>
    BuildsUnpinned = 16384,

    /// <summary>A shape is made whether or not its snapshot is still the newest.</summary>
    BuildsUnchecked = 32768,

    /// <summary>A steady push brings back what has expired.</summary>
    RevivesTheDue = 65536,

    /// <summary>A steady push does not tell the feeds.</summary>
    TellsNobody = 131072,

    /// <summary>What a group has hidden is shown again before that group has gone.</summary>
    ShowsEarly = 262144,

    /// <summary>Who creates a group does not end a wiped one of the same key first.</summary>
    ForgetsWiped = 524288,

    /// <summary>A read of one group shows what its publisher has not stamped yet, and leaves it so.</summary>
    ReadsUnstamped = 1048576,
}
