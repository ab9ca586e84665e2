using System.Buffers;
using Exposition.Formats.Protobuf;

namespace Exposition.Engine.Adding;

/// <summary>Writes a protobuf message, field by field.</summary>
internal sealed class MessageWriter
{
    private const int MaxVarint = 10;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Varint(uint tag, ulong value)
    {
        Span<byte> room = _bytes.GetSpan(2 * MaxVarint);
        _bytes.Advance(ProtoWriter.PutVarint(room, ProtoWriter.PutVarint(room, 0, tag), value));
    }

    public void Double(byte tag, double value) =>
        _bytes.Advance(ProtoWriter.PutDouble(_bytes.GetSpan(ProtoWriter.Fixed64Field), 0, tag, value));

    public void Bytes(uint tag, ReadOnlySpan<byte> value)
    {
        Varint(tag, (uint)value.Length);
        _bytes.Write(value);
    }
}
