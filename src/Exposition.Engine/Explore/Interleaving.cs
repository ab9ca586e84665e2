using System.Runtime.CompilerServices;

namespace Exposition.Engine.Explore;

/// <summary>The steps of the store that others can come between. Each is named before it is made.</summary>
internal enum Step
{
    ReadClock,
    AdvanceClock,
    Announce,
    Settle,
    Leave,
    ReadMap,
    ReplaceMap,
    ReadSlot,
    ReadSeries,
    ReadBlock,
    GoBack,
    FindSlot,
    ChangeSlots,
    TakeShape,
    BuildShape,
    EnterShape,
    DropShape,
    NumberShape,
    GiveShapeBack,
    LookForReaders,
    MarkTaken,
    ReleaseTaken,
    ReplaceSlot,
    Stamp,
    Cut,
    LookForViews,
    Recycle,
    ReadFeeds,
    ReadEntry,
    ReadPending,
    Told,
    Enqueue,
    PinSlot,
    UnpinSlot,
    EnterWriter,
    WaitForWriter,
    HoldWriter,
    LeftWriter,
    LeftTurn,
}

/// <summary>
/// Where tests take hold of the store to run its steps in an order of their choice. There is nothing here in a program: one load and one
/// branch a step.
/// </summary>
internal static class Interleaving
{
    private static Action<Step>? s_hook;

    /// <summary>Called before each step, on the thread that makes it; for tests.</summary>
    public static Action<Step>? Hook
    {
        get => Volatile.Read(ref s_hook);
        set => Volatile.Write(ref s_hook, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void At(Step step) => s_hook?.Invoke(step);

    /// <summary>Holds a lock until it is disposed of; see <see cref="Enter"/>.</summary>
    public static Lock.Scope Hold(Lock @lock)
    {
        Enter(@lock);
        Lock.Scope scope = @lock.EnterScope();
        @lock.Exit();
        return scope;
    }

    /// <summary>
    /// Takes a lock. Where there is a hook, it is asked again and again while another holds the lock, so that it can let that one go on.
    /// </summary>
    public static void Enter(Lock @lock)
    {
        if (s_hook is null)
        {
            @lock.Enter();
            return;
        }

        At(Step.EnterWriter);
        while (!@lock.TryEnter())
        {
            At(Step.WaitForWriter);
        }
    }
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
}
