using System.Runtime.InteropServices;
using Exposition.Store.Internal;

namespace Exposition.Store;

// Memory that is used again. A block belongs to the snapshots with a piece in it, a snapshot to whoever can come to it. A push that has replaced a
// snapshot (it has stamped its own since, and passed a full fence) gives back what nobody can be reading any more. Who may:
//   views     of a time when the snapshot, or another with this block, was newest; and those that still collect
//   writers   who hold the lock compare with what other groups hold, and go on from what this one holds; so nothing is given back under the lock
//   pushes    of this group, steady or not, pin the slot while they read what was before, or what they have just stored
//   feeds     a consumer pins the slot until it has marked what it takes. One that comes later gets the new snapshot
// A snapshot that another still refers to as the one before it is left alone for ever, and so is every one that a push has replaced the long way. So nobody who
// goes back from one to the next comes to memory that is used again, and nobody who compares with what he has read finds it in its place anew: who looks
// is counted before, and what he may have is not used.

public sealed partial class MetricStore
{
    private readonly BlockPool _blocks;

    /// <summary>Memory of replaced blocks and tables of families that waits to be used again, in bytes.</summary>
    public long SpareBytes => _blocks.Bytes + _snapshots.Bytes;

    internal long SpareBlockBytes => _blocks.Bytes;

    /// <summary>
    /// Bytes of blocks of 85,000 and more that were allocated so far, because no spare one fitted. The garbage collector lets such memory grow far beyond what
    /// is live before it looks at it, so a host may want to ask for a collection when this has grown by a share of the heap.
    /// </summary>
    public long LargeBlockBytes => _blocks.LargeBytes;

    // Before a publication: which blocks the new snapshot has. Nobody else knows it yet.
    private void TakeBlocks(GroupSnapshot snapshot, GroupSnapshot? old, byte[]? added)
    {
        snapshot.Block = added;
        if (old is null)
        {
            return;
        }

        if (old.Block is { } block && (ReferenceEquals(block, added) || LiesIn(snapshot.Families, block)))
        {
            Share(snapshot, block, old.BlockStamp(_timeline));
        }

        foreach (byte[] older in old.OlderBlocks)
        {
            if (LiesIn(snapshot.Families, older))
            {
                Share(snapshot, older, Timeline.Ever);
            }
        }

        // The old one may be marked as taken until it is replaced.
        snapshot.WasTaken = snapshot.BlocksUnsettled && old.BlocksUnsettled;
    }

    private static void Share(GroupSnapshot snapshot, byte[] block, long since)
    {
        snapshot.BlocksUnsettled = true;
        if (snapshot.Block is null || ReferenceEquals(snapshot.Block, block))
        {
            (snapshot.Block, snapshot.BlockSince) = (block, since);
        }
        else
        {
            snapshot.OlderBlocks = [.. snapshot.OlderBlocks, block];
        }
    }

    // After it: whoever has taken the old snapshot, or may be just taking it, reads the blocks that both have. The caller has pinned the slot.
    private static void SettleBlocks(GroupSlot slot, GroupSnapshot snapshot, GroupSnapshot old)
    {
        if (!snapshot.BlocksUnsettled)
        {
            return;
        }

        // Written only if it is so: a consumer may be marking the new one.
        if (IsRead(slot, old))
        {
            snapshot.WasTaken = true;
        }

        snapshot.BlocksUnsettled = false;
    }

    private static bool IsRead(GroupSlot slot, GroupSnapshot old)
    {
        Interleaving.At(Step.LookForReaders);
        bool isPinned = slot.IsPinnedByOthers;
        Interleaving.At(Step.LookForReaders);
        return isPinned || old.WasTaken;
    }

    // The caller has pinned the slot.
    private void RecycleBlocks(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        if (old.Block is { } block && !Has(snapshot, block))
        {
            RecycleBlock(block, old.BlockStamp(_timeline), slot, old, snapshot);
        }

        foreach (byte[] older in old.OlderBlocks)
        {
            if (!Has(snapshot, older))
            {
                RecycleBlock(older, Timeline.Ever, slot, old, snapshot);
            }
        }
    }

    private void RecycleBlock(byte[] block, long since, GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        if ((Faults & StoreFaults.RecyclesBlindly) != 0
            || (!old.BlocksUnsettled && !IsRead(slot, old) && !_timeline.MayBeSeen(since, snapshot.Version)))
        {
            Interleaving.At(Step.Recycle);
            _blocks.Return(block);
        }
    }

    // Of steady pushes only: they alone know that nobody else has just replaced the snapshot before, and looks at it.
    private void RecycleSnapshot(GroupSlot slot, GroupSnapshot old, GroupSnapshot snapshot)
    {
        if (snapshot.Previous is null
            && ((Faults & StoreFaults.RecyclesBlindly) != 0 || (!IsRead(slot, old) && !_timeline.MayBeSeen(old.Version, snapshot.Version))))
        {
            Interleaving.At(Step.Recycle);
            _snapshots.Return(old);
        }
    }

    private static bool Has(GroupSnapshot snapshot, byte[] block) => ReferenceEquals(snapshot.Block, block) || Array.IndexOf(snapshot.OlderBlocks, block) >= 0;

    private static bool LiesIn(ReadOnlySpan<FamilyEntry> families, byte[] block)
    {
        foreach (ref readonly FamilyEntry entry in families)
        {
            if (ReferenceEquals(entry.TextBlock, block)
                || (MemoryMarshal.TryGetArray(entry.Sidecar, out ArraySegment<byte> sidecar) && ReferenceEquals(sidecar.Array, block)))
            {
                return true;
            }
        }

        return false;
    }
}
