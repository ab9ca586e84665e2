using System.Buffers.Binary;
using System.Diagnostics;
using System.Numerics;

namespace Exposition.Persistence.Gob;

// Primitives of Go's encoding/gob (https://pkg.go.dev/encoding/gob):
//   uint   := byte < 128  |  -count:1 byte (two's complement, 1 to 8)  big-endian bytes
//   int    := uint, whose lowest bit says that the other bits are to be complemented
//   bytes  := length:uint  raw bytes
// Every length is checked against what is left, so nothing is ever allocated for what a file only claims.

/// <summary>Reads a piece of a gob stream.</summary>
[DebuggerDisplay("{Position} of {_bytes.Length} bytes")]
internal ref struct GobReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == _bytes.Length;

    public bool TryUInt(out ulong value)
    {
        value = 0;
        if (AtEnd)
        {
            return false;
        }

        byte first = _bytes[Position++];
        if (first < 128)
        {
            value = first;
            return true;
        }

        int count = 256 - first;
        if (count > sizeof(ulong) || count > _bytes.Length - Position)
        {
            return false;
        }

        foreach (byte b in _bytes.Slice(Position, count))
        {
            value = (value << 8) | b;
        }

        Position += count;
        return true;
    }

    public bool TryInt(out long value)
    {
        bool read = TryUInt(out ulong coded);
        value = (coded & 1) == 0 ? (long)(coded >> 1) : ~(long)(coded >> 1);
        return read;
    }

    /// <summary>Reads a length or a count that cannot be larger than what is left.</summary>
    public bool TryCount(out int count)
    {
        bool read = TryUInt(out ulong value) && value <= (ulong)(_bytes.Length - Position);
        count = read ? (int)value : 0;
        return read;
    }

    public bool TryBytes(out ReadOnlySpan<byte> value)
    {
        bool read = TryCount(out int length);
        value = _bytes.Slice(Position, length);
        Position += length;
        return read;
    }

    /// <summary>Reads the next field number of a struct; 0 ends it.</summary>
    public bool TryField(ref int field)
    {
        bool read = TryUInt(out ulong delta) && delta <= 16;
        field = read && delta > 0 ? field + (int)delta : 0;
        return read;
    }

    /// <summary>Reads a time.Time in its binary form as nanoseconds since the Unix epoch; 0 for what such a number cannot say.</summary>
    public bool TryTime(out long nanoseconds)
    {
        const long UnixSeconds = 62_135_596_800;
        nanoseconds = 0;
        if (!TryBytes(out ReadOnlySpan<byte> time) || !(time is [1, ..] && time.Length == 15) && !(time is [2, ..] && time.Length == 16))
        {
            return false;
        }

        var total = ((BigInteger)BinaryPrimitives.ReadInt64BigEndian(time[1..]) - UnixSeconds) * 1_000_000_000
            + BinaryPrimitives.ReadInt32BigEndian(time[9..]);
        nanoseconds = total > 0 && total <= long.MaxValue ? (long)total : 0;
        return true;
    }
}
