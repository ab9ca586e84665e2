using System.Buffers.Binary;
using System.Diagnostics;

namespace Exposition.Engine.Content;

internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// Writes the primitives of contents (see <see cref="GroupContent"/>) into memory that is large enough, or through a buffer into a sink.
/// </summary>
/// <param name="into">The memory, or the buffer.</param>
/// <param name="sink">What is in the buffer at the end comes to it by <see cref="Flush"/>.</param>
[DebuggerDisplay("{Position} bytes written")]
internal ref struct ContentWriter(Span<byte> into, ByteSink? sink = null)
{
    public const int MaxVarint = 5;

    private readonly Span<byte> _into = into;
    private int _at;
    private int _passed;

    public readonly int Position => _passed + _at;

    public void Byte(byte value) => Room(1)[0] = value;

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);

    public void Varint(int value)
    {
        uint rest = (uint)value;
        while (rest >= 0x80)
        {
            Byte((byte)(rest | 0x80));
            rest >>= 7;
        }

        Byte((byte)rest);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        if (sink is null || bytes.Length <= _into.Length)
        {
            bytes.CopyTo(Room(bytes.Length));
            return;
        }

        Flush();
        sink(bytes);
        _passed += bytes.Length;
    }

    public void Text(ReadOnlySpan<byte> text)
    {
        Varint(text.Length);
        Bytes(text);
    }

    public void Flush()
    {
        sink?.Invoke(_into[.._at]);
        _passed += _at;
        _at = 0;
    }

    private Span<byte> Room(int bytes)
    {
        if (sink is not null && _into.Length - _at < bytes)
        {
            Flush();
        }

        Debug.Assert(bytes <= _into.Length - _at, "The memory is large enough.");
        _at += bytes;
        return _into.Slice(_at - bytes, bytes);
    }
}
