using Exposition.Engine.Explore;

namespace Exposition.Engine.Memory;

// Blocks that live from one push of a group to the next are the worst that a garbage collector can be given, so those that nobody can see
// any more are used again. Who may say that nobody can is RetiredBlocks; this is only the shelf.

/// <summary>Spare blocks by size, up to a number of bytes in all. Safe for concurrent use; takes no lock.</summary>
/// <param name="capacity">Most bytes that lie here unused.</param>
internal sealed class BlockPool(long capacity)
{
    private readonly SparePool<byte[]> _spare = new(capacity);

    // From here on the garbage collector keeps arrays apart, and looks for garbage among them only when there is a lot.
    public const int Large = 85_000;

    private long _largeBytes;
    private long _refused;

    /// <summary>Bytes of large blocks that were allocated so far, because no spare one was there.</summary>
    public long LargeBytes => Volatile.Read(ref _largeBytes);

    /// <summary>Bytes that lie here unused.</summary>
    public long Bytes => _spare.Bytes;

    /// <summary>The size of the block for a number of bytes.</summary>
    public static int SizeFor(int bytes) => SparePool<byte[]>.SizeFor(bytes);

    /// <summary>A block of at least so many bytes, their content undefined.</summary>
    public byte[] Rent(int bytes)
    {
        int size = SizeFor(bytes);
        byte[]? spare = _spare.TryTake(size);

        // One that is larger will do, but not by more than an eighth.
        long most = Math.Min(bytes + (bytes / 8L), Array.MaxLength - 1);
        for (int larger = SizeFor(size + 1); spare is null && larger <= most; larger = SizeFor(larger + 1))
        {
            spare = _spare.TryTake(larger);
        }

        return spare ?? Allocate(size);
    }

    /// <summary>Lets go of what was not asked for since the last call.</summary>
    /// <returns>How many bytes that is, with what was returned since and is left to the garbage collector.</returns>
    public long Trim() => _spare.Trim() + Interlocked.Exchange(ref _refused, 0);

    private byte[] Allocate(int size)
    {
        if (size >= Large)
        {
            Interlocked.Add(ref _largeBytes, size);
        }

        return GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>
    /// Takes a block back that nobody refers to any more. One of a size that is never asked for is left to the garbage collector.
    /// </summary>
    public void Return(byte[] block)
    {
        if (block.Length == 0 || block.Length != SizeFor(block.Length))
        {
            Interlocked.Add(ref _refused, block.Length);
            return;
        }

        Explored.Spoil(block);
        _spare.Put(block.Length, block.Length, block);
    }
}
