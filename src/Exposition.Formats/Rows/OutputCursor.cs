using System.Buffers;
using System.Runtime.CompilerServices;

namespace Exposition.Formats.Rows;

// Ownership: the span belongs to the writer it was taken from and is valid until Flush. A cursor must be flushed before anything else
// uses the writer, and before it goes out of scope, or what it wrote since the last refill is lost.

/// <summary>
/// A write position in a buffer writer. It takes spans of a decent size and advances the writer once per span,
/// because a call through the interface per byte costs more than the formatting.
/// </summary>
internal ref struct OutputCursor(IBufferWriter<byte> output)
{
    private const int SpanSize = 4096;

    private readonly IBufferWriter<byte> _output = output;
    private Span<byte> _span;
    private int _used;

    /// <summary>
    /// Where it stands in the span at hand. What was written between two positions can be read again by <see cref="Written"/>.
    /// </summary>
    public readonly int Position => _used;

    /// <summary>Increases whenever positions lose their meaning.</summary>
    public int Spans { get; private set; }

    /// <summary>What was written to the span at hand.</summary>
    public readonly ReadOnlySpan<byte> Written(int start, int length) => _span.Slice(start, length);

    /// <summary>Room for at least <paramref name="size"/> bytes; tell with <see cref="Advance"/> how many were written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Reserve(int size)
    {
        if (_span.Length - _used < size)
        {
            Refill(size);
        }

        return _span[_used..];
    }

    public void Advance(int size) => _used += size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(byte value)
    {
        if (_used >= _span.Length)
        {
            Refill(1);
        }

        _span[_used++] = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.TryCopyTo(_span[_used..]))
        {
            _used += bytes.Length;
        }
        else
        {
            WriteAcross(bytes);
        }
    }

    /// <summary>Hands over what was written. The cursor can be used again.</summary>
    public void Flush()
    {
        if (_used > 0)
        {
            _output.Advance(_used);
        }

        _span = default;
        _used = 0;
        Spans++;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteAcross(scoped ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = Reserve(1);
            int part = Math.Min(room.Length, bytes.Length);
            bytes[..part].CopyTo(room);
            _used += part;
            bytes = bytes[part..];
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refill(int size)
    {
        Flush();
        _span = _output.GetSpan(Math.Max(size, SpanSize));
    }
}
