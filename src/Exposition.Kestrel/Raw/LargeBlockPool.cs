using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

// Kestrel receives into blocks of its memory pool, one system call each, and its own blocks have 4 KiB: a push of 260 KiB takes 65 calls. With
// larger blocks a body mostly lies in one piece, too, and goes to the store from where it was received. A connection that waits for a request
// holds no block: Kestrel waits for data before it takes one.
// Blocks are pinned for life, as the kernel writes into them, so they are made in the heap that never moves.

/// <summary>Makes the pools that Kestrel receives into, in place of Kestrel's own.</summary>
internal sealed class LargeBlockPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new LargeBlockPool();
}

/// <summary>A pool of large blocks; a bounded number of unused ones is kept. Safe for concurrent use.</summary>
internal sealed class LargeBlockPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 128 << 10;

    private const int MostUnused = 64;

    private readonly ConcurrentQueue<Block> _unused = new();
    private int _unusedCount;
    private volatile bool _disposed;

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Unused blocks at hand.</summary>
    public int Unused => Volatile.Read(ref _unusedCount);

    /// <exception cref="ArgumentOutOfRangeException">More than a block is asked for.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (_unused.TryDequeue(out Block? block))
        {
            Interlocked.Decrement(ref _unusedCount);
            block.Take();
            return block;
        }

        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        _unused.Clear();
    }

    private void Return(Block block)
    {
        if (_disposed)
        {
            return;
        }

        if (Interlocked.Increment(ref _unusedCount) <= MostUnused)
        {
            _unused.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _unusedCount);
        }
    }

    private sealed class Block(LargeBlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
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
