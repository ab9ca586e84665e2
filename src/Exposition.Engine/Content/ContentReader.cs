using System.Buffers.Binary;
using System.Diagnostics;

namespace Exposition.Engine.Content;

/// <summary>
/// Reads the primitives of contents (see <see cref="GroupContent"/>), checking every length. What it returns are slices of the array, of
/// which it reads so many bytes.
/// </summary>
[DebuggerDisplay("{Left} bytes left")]
internal ref struct ContentReader(byte[] content, int length)
{
    private int _at;

    public readonly bool AtEnd => _at == length;

    public readonly int Left => length - _at;

    public bool TryByte(out byte value)
    {
        value = 0;
        if (AtEnd)
        {
            return false;
        }

        value = content[_at++];
        return true;
    }

    public bool TryInt64(out long value)
    {
        bool there = Left >= sizeof(long);
        value = there ? BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(_at)) : 0;
        _at += there ? sizeof(long) : 0;
        return there;
    }

    public bool TryVarint(out int value)
    {
        long read = 0;
        for (int shift = 0; shift < 35 && TryByte(out byte b); shift += 7)
        {
            read |= (long)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                value = (int)read;
                return read <= int.MaxValue;
            }
        }

        value = 0;
        return false;
    }

    public bool TryText(out ReadOnlyMemory<byte> text)
    {
        text = default;
        return TryVarint(out int bytes) && TryBytes(bytes, out text);
    }

    public bool TryBytes(int count, out ReadOnlyMemory<byte> bytes)
    {
        bool there = count <= Left;
        bytes = there ? content.AsMemory(_at, count) : default;
        _at += there ? count : 0;
        return there;
    }
}
