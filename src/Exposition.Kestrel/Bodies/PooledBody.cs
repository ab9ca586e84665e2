using System.Buffers;

namespace Exposition.Kestrel.Bodies;

// A body is one contiguous array of the shared pool. It grows by doubling as bytes arrive, never ahead of them by more than a
// megabyte: a Content-Length is a promise of the client, not a reason to reserve memory. Dispose returns the array; a body can be filled
// again afterwards. Not safe for concurrent use.

/// <summary>A growing byte buffer from the shared array pool.</summary>
internal sealed class PooledBody : IDisposable
{
    private const int Smallest = 4096;
    private const int LargestFirst = 1 << 20;

    private byte[] _bytes = [];

    /// <summary>Number of bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes. Valid until the body grows or is disposed of.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>Says how many bytes will probably come.</summary>
    public void Expect(long bytes)
    {
        if (_bytes.Length == 0 && bytes > 0)
        {
            _bytes = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(bytes, Smallest, LargestFirst));
        }
    }

    /// <summary>Memory behind the last byte, not empty.</summary>
    public Memory<byte> GetMemory(int atLeast = 1)
    {
        if (_bytes.Length - Length < atLeast)
        {
            Grow(atLeast);
        }

        return _bytes.AsMemory(Length);
    }

    /// <summary>Takes bytes written to <see cref="GetMemory"/>.</summary>
    public void Advance(int count) => Length += count;

    /// <summary>Appends.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetMemory(Math.Max(1, bytes.Length)).Span);
        Length += bytes.Length;
    }

    /// <summary>Empties the body and gives its memory back.</summary>
    public void Dispose()
    {
        Length = 0;
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private void Grow(int atLeast)
    {
        long size = Math.Max(Math.Max(Smallest, _bytes.Length * 2L), (long)Length + atLeast);
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, Math.Max(Array.MaxLength, (long)Length + atLeast)));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }
}
