using System.Numerics;

namespace Exposition.Store.Internal;

// Blocks of a few kilobytes up to megabytes that live from one push of a group to the next are the worst that a garbage collector can be given, so
// those that nobody can see any more are used again. Who may say that nobody can is MetricStore.Recycle; this is only the shelf.
// Sizes are rounded up to an eighth of a power of two, so at most an eighth of a block is waste.

/// <summary>Spare blocks by size, up to a number of bytes in all. Safe for concurrent use.</summary>
/// <param name="capacity">Most bytes that lie here unused.</param>
/// <param name="poison">Fill what is returned with garbage, so that a reader that should not be there any more is found out.</param>
internal sealed class BlockPool(long capacity, bool poison)
{
    /// <summary>Smaller blocks are left to the garbage collector.</summary>
    public const int SmallestBlock = 1024;

    /// <summary>What a returned block is filled with.</summary>
    public const byte Poison = 0xDD;

    private const int StepsPerDoubling = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Stack<byte[]>> _spare = [];
    private long _bytes;

    /// <summary>Bytes that lie here unused.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The size of the block for a number of bytes.</summary>
    public static int SizeFor(int bytes)
    {
        if (bytes < SmallestBlock)
        {
            return bytes;
        }

        int step = Math.Max(1, (1 << BitOperations.Log2((uint)bytes)) / StepsPerDoubling);
        return (int)Math.Min(((long)bytes + step - 1) / step * step, Array.MaxLength);
    }

    /// <summary>A block of at least so many bytes, their content undefined.</summary>
    public byte[] Rent(int bytes)
    {
        int size = SizeFor(bytes);
        if (size >= SmallestBlock)
        {
            lock (_lock)
            {
                if (_spare.TryGetValue(size, out Stack<byte[]>? blocks) && blocks.TryPop(out byte[]? block))
                {
                    _bytes -= size;
                    return block;
                }
            }
        }

        return GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes a block back that nobody refers to any more. One of a size that is never asked for is left to the garbage collector.</summary>
    public void Return(byte[] block)
    {
        if (block.Length < SmallestBlock || block.Length != SizeFor(block.Length))
        {
            return;
        }

        if (poison)
        {
            block.AsSpan().Fill(Poison);
        }

        lock (_lock)
        {
            if (_bytes + block.Length <= capacity)
            {
                if (!_spare.TryGetValue(block.Length, out Stack<byte[]>? blocks))
                {
                    _spare.Add(block.Length, blocks = new Stack<byte[]>());
                }

                blocks.Push(block);
                _bytes += block.Length;
            }
        }
    }
}
