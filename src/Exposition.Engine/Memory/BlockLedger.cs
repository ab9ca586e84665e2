using System.Diagnostics;
using System.Runtime.InteropServices;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Memory;

// A block belongs to the snapshots of one group with a piece in it; what becomes of it when the group has given it up says RetiredBlocks.
// A snapshot of a repeat push is used again, too, if nobody can be reading it when the next one takes its place; else the garbage collector
// has it, as it has every one that a push has replaced the long way, and every one that another still refers to as the one before it. So
// nobody who goes back from one to the next comes to memory that is used again, and nobody who compares with what he has read finds it in
// its place anew.

/// <summary>Which snapshot has which blocks, and what becomes of both when they are replaced. Takes no lock.</summary>
internal sealed class BlockLedger
{
    // As much as a burst of pushes turns over while a scrape is open.
    private const long SpareBytesMost = 32 << 20;
    private const long SpareSnapshotBytesMost = 4 << 20;

    private readonly Timeline _timeline;
    private readonly Lock _writer;

    public BlockLedger(Timeline timeline, Lock writer)
    {
        (_timeline, _writer) = (timeline, writer);
        Retired = new RetiredBlocks(timeline, Pool);
    }

    /// <summary>Spare blocks.</summary>
    public BlockPool Pool { get; } = new(SpareBytesMost);

    /// <summary>Blocks that are to become spare.</summary>
    public RetiredBlocks Retired { get; }

    /// <summary>Spare snapshots.</summary>
    public SnapshotPool Snapshots { get; } = new(SpareSnapshotBytesMost);

    /// <summary>Before a publication: which blocks the new snapshot has. Nobody else knows it yet.</summary>
    public void Take(GroupSnapshot snapshot, GroupSnapshot? old, byte[]? added, HashSet<byte[]>? memory = null)
    {
        if (added is { Length: > 0 })
        {
            snapshot.Block = old?.Block is { } same && ReferenceEquals(same.Bytes, added) ? same : Retired.Of(added);
        }

        if (old is null)
        {
            return;
        }

        Block? last = old.Block is { } block && block != snapshot.Block && LiesIn(snapshot, block, memory) ? block : null;
        int kept = last is null ? 0 : 1;
        foreach (Block older in old.OlderBlocks)
        {
            kept += LiesIn(snapshot, older, memory) ? 1 : 0;
        }

        if (last is null && kept == old.OlderBlocks.Length)
        {
            snapshot.OlderBlocks = old.OlderBlocks;
        }
        else if (kept > 0)
        {
            Block[] blocks = new Block[kept];
            int at = 0;
            foreach (Block older in old.OlderBlocks)
            {
                if (LiesIn(snapshot, older, memory))
                {
                    blocks[at++] = older;
                }
            }

            if (last is not null)
            {
                blocks[at] = last;
            }

            snapshot.OlderBlocks = blocks;
        }
    }

    /// <summary>The snapshot was not published. The memory that was added is given back, unless it is the caller's to keep.</summary>
    public void GiveUp(GroupSnapshot snapshot, GroupSnapshot old, byte[]? kept = null)
    {
        if (snapshot.Block is { } added && added != old.Block)
        {
            byte[] bytes = added.Bytes;
            Retired.Unmake(added);
            if (!ReferenceEquals(bytes, kept))
            {
                Pool.Return(bytes);
            }
        }

        snapshot.Block = null;
    }

    /// <summary>
    /// After a publication: the blocks that the new snapshot does not have go. The caller has pinned the slot so often, or holds the writer
    /// lock.
    /// </summary>
    public void Retire(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot, int ownPins)
    {
        Debug.Assert(slot.Pins >= ownPins, "the caller has not pinned the slot so often");
        Debug.Assert(ownPins > 0 || _writer.IsHeldByCurrentThread, "the slot is not pinned, and the writer lock is not held");
        // Only from now on can the block be retired, by whoever replaces this snapshot; until it is known, it counts as old as time.
        if (snapshot.Block is { } added && added != old.Block)
        {
            added.Since = snapshot.PublishedAt;
        }

        if (old.Block is { } block && !Has(snapshot, block))
        {
            Retired.Retire(block, slot, snapshot.PublishedAt, ownPins);
        }

        // Mostly the very same.
        if (!ReferenceEquals(old.OlderBlocks, snapshot.OlderBlocks))
        {
            foreach (Block older in old.OlderBlocks)
            {
                if (!Has(snapshot, older))
                {
                    Retired.Retire(older, slot, snapshot.PublishedAt, ownPins);
                }
            }
        }
    }

    /// <summary>A group has gone from the map, under the writer lock.</summary>
    public void RetireAll(GroupSlot slot, GroupSnapshot last, long until)
    {
        _writer.AssertHeld();
        if (last.Block is { } block)
        {
            Retired.Retire(block, slot, until, ownPins: 0);
        }

        foreach (Block older in last.OlderBlocks)
        {
            Retired.Retire(older, slot, until, ownPins: 0);
        }
    }

    /// <summary>
    /// Of repeat pushes only: they alone know that nobody else has just replaced the snapshot before, and looks at it. The caller has
    /// pinned the slot.
    /// </summary>
    public void Recycle(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        Debug.Assert(slot.Pins > 0, "the caller has not pinned the slot");
        if (snapshot.Previous is not null)
        {
            return;
        }

        // This thread may just have written that, and nobody who pins the slot from now on shall find the old one there.
        Interlocked.MemoryBarrier();
        bool isRead = IsRead(slot, old, snapshot);
        Explored.Fault("ReusesSnapshotsBlindly", () => isRead = false);
        if (!isRead)
        {
            Explored.Step("Recycle");
            Snapshots.Return(old);
        }
    }

    // Pins before marks: they turn into these.
    private bool IsRead(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        Explored.Step("LookForReaders");
        bool isPinned = slot.Pins > 1;
        Explored.Fault("IgnoresPins", () => isPinned = false);
        Explored.Step("LookForReaders");
        return isPinned || old.IsTaken || _timeline.Writer != 0 || _timeline.MayBeSeen(old.PublishedAt, snapshot.PublishedAt);
    }

    private static bool Has(GroupSnapshot snapshot, Block block) =>
        snapshot.Block == block || Array.IndexOf(snapshot.OlderBlocks, block) >= 0;

    private static bool LiesIn(GroupSnapshot snapshot, Block block, HashSet<byte[]>? memory)
    {
        if (memory is not null)
        {
            return memory.Contains(block.Bytes);
        }

        foreach (ref readonly FamilyEntry entry in snapshot.Families)
        {
            if (ReferenceEquals(entry.TextBlock, block.Bytes)
                || (MemoryMarshal.TryGetArray(entry.Sidecar, out ArraySegment<byte> sidecar)
                    && ReferenceEquals(sidecar.Array, block.Bytes)))
            {
                return true;
            }
        }

        return false;
    }
}
