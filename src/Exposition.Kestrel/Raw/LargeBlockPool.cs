using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

// Kestrel receives into blocks of its memory pool, one system call each, and its own blocks have 4 KiB: a push of 260 KiB takes 65 calls.
// With larger blocks a body mostly lies in one piece, too, and goes to the store from where it was received. A connection that waits for a
// request holds no block: Kestrel waits for data before it takes one. Blocks are pinned for life, as the kernel writes into them, so they
// are made in the heap that never moves. Thousands of clients may each have sent the first byte of something. So from some number of large
// blocks on, blocks are as small as Kestrel's own: then it is as slow as with these, and what strangers hold stays bounded.

/// <summary>Makes the pools that Kestrel receives into, in place of Kestrel's own.</summary>
internal sealed class LargeBlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new LargeBlockPool();
}

/// <summary>
/// A pool of large blocks, and of small ones when many large ones are taken; a bounded number of unused ones is kept. Safe for concurrent
/// use.
/// </summary>
/// <param name="mostLarge">How many large blocks may be taken at once by those who would do with a small one.</param>
internal sealed class LargeBlockPool(int mostLarge = LargeBlockPool.MostLarge) : MemoryPool<byte>
{
    public const int BlockBytes = 128 << 10;

    /// <summary>Bytes of a block when many are taken.</summary>
    public const int SmallBytes = 4 << 10;

    private const int MostLarge = 2048;
    private const int MostUnused = 64;

    private readonly Shelf _large = new(BlockBytes, MostUnused);
    private readonly Shelf _small = new(SmallBytes, MostUnused * 16);
    private int _largeTaken;
    private volatile bool _disposed;

    public override int MaxBufferSize => BlockBytes;

    public int Unused => _large.Count;

    /// <exception cref="ArgumentOutOfRangeException">More than a block is asked for.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (minBufferSize <= SmallBytes && Volatile.Read(ref _largeTaken) >= mostLarge)
        {
            return _small.Take(this);
        }

        Interlocked.Increment(ref _largeTaken);
        return _large.Take(this);
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        _large.Clear();
        _small.Clear();
    }

    private void Return(Block block)
    {
        bool large = block.Memory.Length == BlockBytes;
        if (large)
        {
            Interlocked.Decrement(ref _largeTaken);
        }

        if (!_disposed)
        {
            (large ? _large : _small).Put(block);
        }
    }

    /// <summary>Unused blocks of one size.</summary>
    private sealed class Shelf(int bytes, int most)
    {
        private readonly ConcurrentQueue<Block> _blocks = new();
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Block Take(LargeBlockPool pool)
        {
            if (_blocks.TryDequeue(out Block? block))
            {
                Interlocked.Decrement(ref _count);
                block.Take();
                return block;
            }

            return new Block(pool, bytes);
        }

        public void Put(Block block)
        {
            if (Interlocked.Increment(ref _count) <= most)
            {
                _blocks.Enqueue(block);
            }
            else
            {
                Interlocked.Decrement(ref _count);
            }
        }

        public void Clear() => _blocks.Clear();
    }

    private sealed class Block(LargeBlockPool pool, int bytes) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        private int _taken = 1;

        public Memory<byte> Memory => MemoryMarshal.CreateFromPinnedArray(_bytes, 0, _bytes.Length);

        public void Take() => _taken = 1;

        // A block that is let go twice must not be handed to two readers.
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _taken, 0) == 1)
            {
                pool.Return(this);
            }
        }
    }
}
