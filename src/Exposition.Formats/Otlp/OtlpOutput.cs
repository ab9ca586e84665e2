using System.Buffers.Binary;
using Exposition.Formats.Protobuf;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Otlp;

/// <summary>Protobuf that is written while its lengths are not known: each has five bytes, which are filled in at the end.</summary>
/// <param name="most">How many bytes there may be.</param>
internal sealed class OtlpOutput(long most)
{
    private const int LengthBytes = 5;

    private RowList<byte> _bytes = new(null);

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.Memory;

    public void Tag(int field, WireType wire) => Varint(((uint)field << 3) | (uint)wire);

    public void Varint(ulong value) => ProtoWriter.PutVarint(Room(ProtoWriter.VarintLength(value)), 0, value);

    public void Fixed(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);

    /// <summary>Begins what a length stands before.</summary>
    /// <returns>To be given to <see cref="End"/>.</returns>
    public int Begin()
    {
        Room(LengthBytes);
        return _bytes.Count;
    }

    public void End(int start)
    {
        uint length = (uint)(_bytes.Count - start);
        Span<byte> into = _bytes.Span.Slice(start - LengthBytes, LengthBytes);
        for (int i = 0; i < LengthBytes; i++)
        {
            into[i] = (byte)((length & 0x7F) | (i < LengthBytes - 1 ? 0x80u : 0));
            length >>= 7;
        }
    }

    /// <summary>Room for so many bytes, of which <see cref="Keep"/> says how many were needed.</summary>
    public Span<byte> Room(int length)
    {
        if (_bytes.Count + (long)length > most)
        {
            throw new OtlpException($"the request is larger than {most} bytes as protobuf (--limit.decoded-bytes)", OtlpBound.Bytes);
        }

        return _bytes.AddRange(length);
    }

    /// <summary>Lets go of what was not needed of the room taken last.</summary>
    public void Keep(int asked, int needed) => _bytes.Truncate(_bytes.Count - asked + needed);
}
