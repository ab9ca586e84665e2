using System.Buffers.Binary;

namespace Exposition.Persistence.Rows;

/// <summary>Writes the primitives of contents (see <see cref="GroupContent"/>) into memory that is large enough.</summary>
internal ref struct ContentWriter(Span<byte> into)
{
    public const int MaxVarint = 5;

    private readonly Span<byte> _into = into;

    /// <summary>How much has been written.</summary>
    public int Position { get; private set; }

    public void Byte(byte value) => _into[Position++] = value;

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_into[Position..], value);
        Position += sizeof(long);
    }

    public void Varint(int value)
    {
        uint rest = (uint)value;
        while (rest >= 0x80)
        {
            _into[Position++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        _into[Position++] = (byte)rest;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_into[Position..]);
        Position += bytes.Length;
    }

    public void Text(ReadOnlySpan<byte> text)
    {
        Varint(text.Length);
        Bytes(text);
    }
}
