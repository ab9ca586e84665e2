using System.Diagnostics;
using System.Runtime.InteropServices;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;

namespace Exposition.Engine;

// Memory that is used again. A block belongs to the snapshots of one group with a piece in it; what becomes of it when the group has given
// it up says RetiredBlocks. A snapshot of a steady push is used again, too, if nobody can be reading it when the next one takes its place;
// else the garbage collector has it, as it has every one that a push has replaced the long way, and every one that another still refers to
// as the one before it. So nobody who goes back from one to the next comes to memory that is used again, and nobody who compares with what
// he has read finds it in its place anew.

public sealed partial class MetricStore
{
    private readonly BlockPool _blocks;
    private readonly RetiredBlocks _retired;
    private long _letGo;
    private long _letGoBefore;

    /// <summary>Memory of replaced blocks and tables of families that waits to be used again, in bytes.</summary>
    public long SpareBytes => _blocks.Bytes + _snapshots.Bytes;

    internal long SpareBlockBytes => _blocks.Bytes;

    /// <summary>
    /// Bytes of blocks of 85,000 and more that were allocated so far, because no spare one fitted. The garbage collector lets such memory
    /// grow far beyond what is live before it looks at it, so a host may want to ask for a collection when this has grown by a share of the
    /// heap.
    /// </summary>
    public long LargeBlockBytes => _blocks.LargeBytes;

    /// <summary>
    /// Lets go of spare memory, and of work areas, that was not needed since the last call. For a host, every few seconds: what a peak has
    /// left is not needed afterwards.
    /// </summary>
    /// <returns>
    /// About how many bytes that is, with what deletes, expiries, wipes and pushes have left to the garbage collector since the last call.
    /// It does not know of that before it has a reason to look, so a host may want to ask for a collection when it is much.
    /// </returns>
    public long TrimSpareMemory()
    {
        TrimTables();
        long letGo = Volatile.Read(ref _letGo);
        long stored = StoredBytes;
        return letGo - Interlocked.Exchange(ref _letGoBefore, letGo) + _blocks.Trim() + _snapshots.Trim() + PushWorkspace.Trim()
            + ScrapeWorkspace.Trim(stored) + (_bundles?.Trim(stored) ?? 0);
    }

    // Those that were made for many more groups than there are.
    private void TrimTables()
    {
        // What was before stays until something changes, if a view was on its way to it when it changed last.
        GroupMap map = Volatile.Read(ref _map);
        if (map.Previous is not null)
        {
            using (EnterWriter())
            {
                ReplaceMap(_map.Unchanged());
                map = _map;
            }
        }

        // In the map's array what has gone is until somebody asks for the groups.
        if (map.PendingChanges > map.Count)
        {
            _ = map.Slots;
        }

        if (Volatile.Read(ref _spareGroups) is { } spare && spare.Length / 4 > map.Count)
        {
            Interlocked.CompareExchange(ref _spareGroups, null, spare);
        }

        if (_deadlines.IsRoomy)
        {
            using (EnterWriter())
            {
                _deadlines.Trim();
            }
        }
    }

    // Under the writer lock: a snapshot has gone, or is replaced. Its blocks are counted where they find no room any more.
    private void CountLetGo(GroupSnapshot old) => Volatile.Write(ref _letGo, _letGo + Math.Max(0, old.Size - old.BlockBytes));

    // Before a publication: which blocks the new snapshot has. Nobody else knows it yet.
    private void TakeBlocks(GroupSnapshot snapshot, GroupSnapshot? old, byte[]? added, HashSet<byte[]>? memory = null)
    {
        if (added is { Length: > 0 })
        {
            snapshot.Block = old?.Block is { } same && ReferenceEquals(same.Bytes, added) ? same : _retired.Of(added);
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

    // The snapshot was not published. The memory that was added is given back, unless it is the caller's to keep.
    private void GiveUpBlocks(GroupSnapshot snapshot, GroupSnapshot? old, byte[]? kept = null)
    {
        if (snapshot.Block is { } added && added != old?.Block)
        {
            byte[] bytes = added.Bytes;
            _retired.Unmake(added);
            if (!ReferenceEquals(bytes, kept))
            {
                _blocks.Return(bytes);
            }
        }

        snapshot.Block = null;
    }

    // After a publication: the blocks that the new snapshot does not have go. The caller has pinned the slot so often, or holds the writer
    // lock.
    private void RetireBlocks(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot, int ownPins)
    {
        Debug.Assert(slot.Pins >= ownPins, "the caller has not pinned the slot so often");
        Debug.Assert(ownPins > 0 || _writer.IsHeldByCurrentThread, "the slot is not pinned, and the writer lock is not held");
        // Only from now on can the block be retired, by whoever replaces this snapshot; until it is known, it counts as old as time.
        if (snapshot.Block is { } added && added != old.Block)
        {
            added.Since = snapshot.Version;
        }

        if (old.Block is { } block && !Has(snapshot, block))
        {
            _retired.Retire(block, slot, snapshot.Version, ownPins);
        }

        // Mostly the very same.
        if (!ReferenceEquals(old.OlderBlocks, snapshot.OlderBlocks))
        {
            foreach (Block older in old.OlderBlocks)
            {
                if (!Has(snapshot, older))
                {
                    _retired.Retire(older, slot, snapshot.Version, ownPins);
                }
            }
        }
    }

    // A group has gone from the map, under the writer lock.
    private void RetireAllBlocks(GroupSlot slot, GroupSnapshot last, long until)
    {
        AssertWriterLock();
        if (last.Block is { } block)
        {
            _retired.Retire(block, slot, until, ownPins: 0);
        }

        foreach (Block older in last.OlderBlocks)
        {
            _retired.Retire(older, slot, until, ownPins: 0);
        }
    }

    // Of steady pushes only: they alone know that nobody else has just replaced the snapshot before, and looks at it. The caller has pinned
    // the slot.
    private void RecycleSnapshot(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
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
            _snapshots.Return(old);
        }
    }

    // Pins before marks: they turn into these.
    private bool IsRead(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        Explored.Step("LookForReaders");
        bool isPinned = slot.Pins > 1;
        Explored.Fault("IgnoresPins", () => isPinned = false);
        Explored.Step("LookForReaders");
        return isPinned || old.IsTaken || _timeline.Writer != 0 || _timeline.MayBeSeen(old.Version, snapshot.Version);
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
