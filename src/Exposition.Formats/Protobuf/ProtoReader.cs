using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Exposition.Formats.Protobuf;

/// <summary>How a protobuf field's value is laid out on the wire.</summary>
internal enum WireType : byte
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

// Grammar: message = { tag value }, tag = varint(field << 3 | wire type). Rules as in Go's protobuf: a varint has at most ten bytes and
// fits 64 bits, a field number lies in 1 .. 2^29-1, a tag may be encoded longer than needed, groups may nest and must close with their
// own number. A field of a known number but another wire type is an unknown field.
// Invariants: every method checks its bounds before it reads and moves only forward; offsets are those of the whole data, so that nested
// messages can be named by TextRefs. What is malformed ends the walk: the position is behind the end then, and nothing more is read. So a
// walk over the fields of a message is a loop that ends with the tags, and IsWhole is asked behind it.

/// <summary>Walks over the fields of one message. Every Try method returns false on malformed data and never throws.</summary>
internal ref struct ProtoReader
{
    // Deeper groups are refused (Go allows 10,000): nothing in the format uses groups, they can only be unknown fields.
    private const int MaxGroupDepth = 100;

    private readonly ReadOnlySpan<byte> _data;
    private readonly int _end;
    private int _position;

    public ProtoReader(ReadOnlySpan<byte> data)
    {
        _data = data;
        _end = data.Length;
    }

    /// <summary>Reads a part of <paramref name="data"/>, which must lie inside it.</summary>
    public ProtoReader(ReadOnlySpan<byte> data, int start, int length)
    {
        _data = data[..(start + length)];
        _position = start;
        _end = start + length;
    }

    public readonly bool AtEnd => _position >= _end;

    /// <summary>Whether all was read and nothing was malformed.</summary>
    public readonly bool IsWhole => _position == _end;

    public readonly int Position => _position;

    /// <summary>Decodes a signed number of the types sint32 and sint64.</summary>
    public static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Reads a tag: field number times eight plus wire type.</summary>
    /// <returns>False at the end, too.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadTag(out uint tag)
    {
        if (_position >= _end)
        {
            tag = 0;
            return false;
        }

        // One byte covers the fields 1 to 15: all of the format.
        if (_data[_position] is >= 8 and < 0x80)
        {
            tag = _data[_position++];
            return true;
        }

        return TryReadLongTag(out tag);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadVarint(out ulong value)
    {
        if (_position < _end && _data[_position] < 0x80)
        {
            value = _data[_position++];
            return true;
        }

        return TryReadLongVarint(out value, out _);
    }

    /// <summary>Reads a varint and tells a value that is cut off from one that does not fit 64 bits.</summary>
    public bool TryReadLongVarint(out ulong value, out bool overflow)
    {
        value = 0;
        overflow = false;
        for (int i = 0; _position + i < _end; i++)
        {
            byte next = _data[_position + i];
            overflow = i == 9 && next > 1;
            if (overflow)
            {
                break;
            }

            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                _position += i + 1;
                return true;
            }
        }

        return Fail();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadFixed64(out ulong value)
    {
        if (_end - _position < sizeof(ulong))
        {
            value = 0;
            return Fail();
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(_data[_position..]);
        _position += sizeof(ulong);
        return true;
    }

    public bool TryReadDouble(out double value)
    {
        bool read = TryReadFixed64(out ulong bits);
        value = BitConverter.UInt64BitsToDouble(bits);
        return read;
    }

    /// <summary>Reads a length and steps over as many bytes.</summary>
    public bool TryReadBytes(out TextRef bytes)
    {
        if (!TryReadVarint(out ulong length) || length > (ulong)(_end - _position))
        {
            bytes = default;
            return Fail();
        }

        bytes = new TextRef(_position, (int)length);
        _position += (int)length;
        return true;
    }

    /// <summary>Steps over the message in a field of bytes.</summary>
    /// <returns>What walks over its fields; to be given to <see cref="Leave"/> afterwards.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ProtoReader Enter() => TryReadBytes(out TextRef message) ? new ProtoReader(_data, message.Start, message.Length) : default;

    /// <summary>Ends the walk if that over a message inside was not whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(in ProtoReader inner)
    {
        if (!inner.IsWhole)
        {
            Fail();
        }
    }

    /// <summary>Steps over the value of the field whose tag was just read.</summary>
    public bool TrySkip(uint tag) => (WireType)(tag & 7) switch
    {
        WireType.Varint => TryReadVarint(out _),
        WireType.Fixed64 => TryAdvance(sizeof(ulong)),
        WireType.Fixed32 => TryAdvance(sizeof(uint)),
        WireType.Bytes => TryReadBytes(out _),
        WireType.StartGroup => TrySkipGroup(tag >> 3),
        _ => Fail(),
    };

    private bool Fail()
    {
        _position = _end + 1;
        return false;
    }

    private bool TrySkipGroup(uint field)
    {
        Span<uint> open = stackalloc uint[MaxGroupDepth];
        int depth = 0;
        open[0] = field;
        while (depth >= 0)
        {
            if (!TryReadTag(out uint tag))
            {
                return Fail();
            }

            switch ((WireType)(tag & 7))
            {
                case WireType.StartGroup when ++depth < MaxGroupDepth:
                    open[depth] = tag >> 3;
                    break;
                case WireType.EndGroup when open[depth] == tag >> 3:
                    depth--;
                    break;
                case WireType.StartGroup or WireType.EndGroup:
                    return Fail();
                default:
                    TrySkip(tag);
                    break;
            }
        }

        return true;
    }

    private bool TryReadLongTag(out uint tag)
    {
        bool read = TryReadLongVarint(out ulong value, out _);
        tag = (uint)value;
        return (read && value >> 3 is > 0 and < 1 << 29) || Fail();
    }

    public bool TryAdvance(int size)
    {
        if (_end - _position < size)
        {
            return Fail();
        }

        _position += size;
        return true;
    }
}
