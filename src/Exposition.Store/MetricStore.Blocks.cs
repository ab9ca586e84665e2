using System.Runtime.InteropServices;
using Exposition.Store.Internal;

namespace Exposition.Store;

// Who owns the blocks that snapshots lie in. A block belongs to the newest snapshot with a piece in it. When a publication leaves no piece in it, it is
// used again, unless somebody may still be reading it:
//   views    one that is open now may hold the old snapshot. One that is opened later cannot: it counts itself before it reads the clock and
//            the slots, and here the new snapshot and clock were written before the count is read (a full fence on either side).
//   feeds    a consumer that has taken the old snapshot may be writing it. One that has not will get the new one instead.
//   pushes   of this group read names and help texts of the old snapshot, which lie elsewhere; of other groups, only under the lock. What else is
//            read outside of the lock is held as by a view (HoldBlocks), or read in vain: a patch of what is no longer current is not published.

public sealed partial class MetricStore
{
    private readonly BlockPool _blocks;

    /// <summary>Memory of blocks that wait to be used again, in bytes.</summary>
    public long SpareBytes => _blocks.Bytes;

    // A fault to be caught by the test that looks for it: blocks are used again although somebody may be reading them.
    internal bool RecyclesBlindly { get; set; }

    // After it no block of a snapshot that is then still the current one is used again until the hold is disposed of.
    private Hold HoldBlocks()
    {
        Interlocked.Increment(ref _openViews);
        return new Hold(this);
    }

    // Under the writer lock, after a snapshot was published in place of another.
    private void TakeBlocks(GroupSnapshot snapshot, GroupSnapshot? old, byte[]? added)
    {
        snapshot.Block = added;
        if (old?.Block is not { } block)
        {
            return;
        }

        foreach (byte[] older in old.OlderBlocks)
        {
            TakeOrRecycle(older, snapshot, old);
        }

        TakeOrRecycle(block, snapshot, old);
    }

    private void TakeOrRecycle(byte[] block, GroupSnapshot snapshot, GroupSnapshot old)
    {
        if (ReferenceEquals(block, snapshot.Block))
        {
            snapshot.WasTaken |= old.WasTaken;
        }
        else if (LiesIn(snapshot.Families, block))
        {
            // Whoever has taken the old snapshot reads this block, too.
            snapshot.WasTaken |= old.WasTaken;
            if (snapshot.Block is null)
            {
                snapshot.Block = block;
            }
            else
            {
                snapshot.OlderBlocks = [.. snapshot.OlderBlocks, block];
            }
        }
        else
        {
            Recycle(block, old);
        }
    }

    private void RecycleAll(GroupSnapshot removed)
    {
        if (removed.Block is { } block)
        {
            Recycle(block, removed);
        }

        foreach (byte[] older in removed.OlderBlocks)
        {
            Recycle(older, removed);
        }
    }

    private void Recycle(byte[] block, GroupSnapshot old)
    {
        Interlocked.MemoryBarrier();
        if (RecyclesBlindly || (Volatile.Read(ref _openViews) == 0 && !old.WasTaken))
        {
            _blocks.Return(block);
        }
    }

    private static bool LiesIn(ReadOnlySpan<FamilyEntry> families, byte[] block)
    {
        foreach (ref readonly FamilyEntry entry in families)
        {
            if ((MemoryMarshal.TryGetArray(entry.Text, out ArraySegment<byte> text) && ReferenceEquals(text.Array, block))
                || (MemoryMarshal.TryGetArray(entry.Sidecar, out ArraySegment<byte> sidecar) && ReferenceEquals(sidecar.Array, block)))
            {
                return true;
            }
        }

        return false;
    }

    private readonly ref struct Hold(MetricStore store)
    {
        public void Dispose() => store.CloseView();
    }
}
