using System.Diagnostics;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Memory;

/// <summary>
/// Memory that pieces of one group lie in, and who keeps it: the group, until <see cref="RetiredBlocks"/> has it, and the consumers of
/// feeds that have taken a snapshot with it.
/// </summary>
internal sealed class Block
{
    private const int Retired = 1 << 30;

    private int _readers;

    /// <summary>The memory, or empty while the block stands for none.</summary>
    public byte[] Bytes { get; set; } = [];

    /// <summary>The stamp of the first snapshot with a piece in it; older than every view until it is known.</summary>
    public long Since { get; set; } = Timeline.Ever;

    // Of a block that waits, RetiredBlocks' own: where it was, when another snapshot took its place, which writer was at work then (0 for
    // none).
    public GroupSlot? Slot { get; set; }

    public long Until { get; set; }

    public long Writer { get; set; }

    public Block? Next { get; set; }

    /// <summary>Whether a consumer has it.</summary>
    public bool IsTaken => Volatile.Read(ref _readers) is not (0 or Retired);

    /// <summary>A consumer keeps it. Said while the slot is pinned, and the block is in the snapshot that was read since.</summary>
    public void AddReader() => Interlocked.Increment(ref _readers);

    /// <summary>A consumer does not keep it any more.</summary>
    /// <returns>Whether the caller is now the last who has it: the group has given it up before.</returns>
    public bool RemoveReader()
    {
        int readers = Interlocked.Decrement(ref _readers);
        Debug.Assert(readers >= 0, "released more often than taken");
        return readers == Retired;
    }

    /// <summary>The group gives it up. Said once, when nobody can come to it any more.</summary>
    /// <returns>False if consumers keep it: the last of them is told.</returns>
    public bool Retire() => Interlocked.Add(ref _readers, Retired) == Retired;

    /// <summary>It stands for no memory any more.</summary>
    public void Clear()
    {
        _readers = 0;
        Bytes = [];
        Since = Timeline.Ever;
        Slot = null;
        Until = 0;
        Writer = 0;
        Next = null;
    }
}
