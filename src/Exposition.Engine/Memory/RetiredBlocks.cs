using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Memory;

// A block belongs to one group, and to its snapshots from the one that brought it to the one that has no piece in it any more. Whoever puts
// that one in its place retires the block: he has stamped it, and passed a full fence. After that only these can be reading the block, and
// each of them says so before it looks for the newest snapshot:
//   who has pinned the slot   a push or a consumer of a feed. As soon as the slot is seen without pins nobody can come to the block any
//                             more
//   consumers                 have marked what they take while they had pinned the slot. Who never releases it leaves it to the garbage
//                             collector
//   the writer at work then   compares with what other groups hold. One who comes later finds what is newest by then
//   views                     of a time when a snapshot with the block was newest: they have it, or will, so that it lies here costs
//                             nothing; and those whose time is not known yet, for a moment. While there are more than are counted,
//                             everything is left to the garbage collector
// Nobody of them waits, and none is waited for: a block that somebody may be reading lies here until they have gone, and is looked at again
//   when a writer leaves, or a block is retired while none is at work    what waits for pins and writers: few, and not for long
//   when a view closes                                                   what waits for views: as many as were replaced since it was opened
//   when a consumer releases it                                          it alone
// The blocks themselves are the lists (of one link each, only ever emptied as a whole), so nothing is allocated.

/// <summary>
/// Blocks that groups have given up, until nobody can be reading them; then they are spare. Safe for concurrent use; takes no lock.
/// </summary>
/// <param name="timeline">Knows the views and the writer.</param>
/// <param name="spare">Where their memory goes.</param>
internal sealed class RetiredBlocks(Timeline timeline, BlockPool spare)
{
    // Of the objects alone, without the memory that they stood for.
    private const long EmptyBytesMost = 1 << 20;
    private const int EmptyBytes = 96;

    private readonly SparePool<Block> _empty = new(EmptyBytesMost);
    private Block? _waitForWriter;
    private Block? _waitForViews;

    /// <summary>A block of memory that nobody else knows.</summary>
    public Block Of(byte[] bytes)
    {
        Block block = _empty.TryTake(1) ?? new Block();
        block.Bytes = bytes;
        return block;
    }

    /// <summary>Undoes <see cref="Of"/>. The memory is the caller's again.</summary>
    public void Unmake(Block block)
    {
        block.Clear();
        _empty.Put(1, EmptyBytes, block);
    }

    /// <summary>A group has given up a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="slot">The group's.</param>
    /// <param name="until">The stamp of what took its place: the caller has put it there, stamped it, and passed a full fence.</param>
    /// <param name="ownPins">How often the caller has pinned the slot.</param>
    public void Retire(Block block, GroupSlot slot, long until, int ownPins)
    {
        Explored.Fault("ReusesBlocksBlindly", () =>
        {
            Recycle(block);
            block = Of([]);
        });
        Explored.Step("LookForReaders");
        block.Writer = timeline.Writer;
        (block.Slot, block.Until) = (slot, until);
        if (Advance(block, ownPins) && Volatile.Read(ref _waitForWriter) is not null)
        {
            LookAfterWriter();
        }
    }

    /// <summary>A consumer releases a block.</summary>
    public void Release(Block block)
    {
        Explored.Step("ReleaseTaken");
        if (block.RemoveReader())
        {
            Advance(block, ownPins: 0);
        }
    }

    /// <summary>A writer has left, or nobody has seen one for a while: looks at what waits for that.</summary>
    public void LookAfterWriter() => Look(ref _waitForWriter);

    /// <summary>A view has closed: looks at all that waits.</summary>
    public void LookAfterView()
    {
        Look(ref _waitForWriter);
        Look(ref _waitForViews);
    }

    private void Look(ref Block? waiting)
    {
        if (Volatile.Read(ref waiting) is null)
        {
            return;
        }

        Explored.Step("Recycle");
        Block? block = Interlocked.Exchange(ref waiting, null);
        while (block is not null)
        {
            Block? next = block.Next;
            block.Next = null;
            Advance(block, ownPins: 0);
            block = next;
        }
    }

    // The caller alone has the block. In this order: pins turn into marks, and marks are not for ever. Says whether it is spare now.
    private bool Advance(Block block, int ownPins)
    {
        if (block.Slot is { } slot)
        {
            bool wasFree = false;
            Explored.Fault("LooksForMarksFirst", () => wasFree = !block.IsTaken);
            Explored.Step("LookForReaders");
            bool isPinned = slot.Pins > ownPins;
            Explored.Fault("IgnoresPins", () => isPinned = false);
            if (isPinned)
            {
                Put(ref _waitForWriter, block);
                return false;
            }

            block.Slot = null;
            Explored.Step("LookForReaders");
            bool isFree = block.Retire();
            Explored.Fault("LooksForMarksFirst", () => isFree |= wasFree);
            Explored.Fault("ForgetsTaken", () => isFree = true);
            if (!isFree)
            {
                return false;
            }
        }

        if (block.Writer != 0 && timeline.Writer == block.Writer)
        {
            Put(ref _waitForWriter, block);
            return false;
        }

        if (timeline.HasUncounted)
        {
            // Whether one of these shows it, nobody knows; it must not lie here for their sake.
            return false;
        }

        if (timeline.MayBeSeen(block.Since, block.Until))
        {
            Put(ref _waitForViews, block);
            return false;
        }

        Recycle(block);
        return true;
    }

    private void Recycle(Block block)
    {
        Explored.Step("Recycle");
        byte[] bytes = block.Bytes;
        Unmake(block);
        spare.Return(bytes);
    }

    // Lists are taken as a whole only; so if the first is still the same, so is what is behind it.
    private static void Put(ref Block? waiting, Block block)
    {
        Block? first;
        do
        {
            Explored.Step("Recycle");
            first = Volatile.Read(ref waiting);
            block.Next = first;
        }
        while (Interlocked.CompareExchange(ref waiting, block, first) != first);
    }
}
