using System.Buffers;

namespace Exposition.Engine.Memory;

/// <summary>A buffer writer over one growing array that is kept for reuse up to a bound.</summary>
internal sealed class BlockWriter : IBufferWriter<byte>
{
    private const int BytesKept = 4 << 20;
    private const int Large = 1 << 20;

    private byte[] _bytes = [];

    public int Count { get; private set; }

    /// <summary>How many bytes it keeps.</summary>
    public long Capacity => _bytes.Length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Count);

    /// <summary>What it is written to.</summary>
    public byte[] Array => _bytes;

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Count);

    /// <summary>Forgets what was written, and keeps the room that was made for what will be.</summary>
    public void Restart() => Count = 0;

    /// <summary>Forgets what was written, and lets go of much room.</summary>
    public void Clear()
    {
        Count = 0;
        if (_bytes.Length > BytesKept)
        {
            _bytes = [];
        }
    }

    /// <summary>Makes room for so many bytes at once, where growing would take several times as much.</summary>
    public void Expect(long bytes)
    {
        if (bytes > Large && bytes > _bytes.Length)
        {
            _bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(bytes, System.Array.MaxLength));
        }
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Count);
        Count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Count);
    }

    private void Reserve(int sizeHint)
    {
        int needed = checked(Count + Math.Max(sizeHint, 256));
        if (needed > _bytes.Length)
        {
            // Doubling would keep twice of what a body of megabytes needs.
            long more = _bytes.Length < Large ? _bytes.Length : _bytes.Length / 4;
            System.Array.Resize(ref _bytes, Math.Max(needed, (int)Math.Min(_bytes.Length + more, System.Array.MaxLength)));
        }
    }
}
