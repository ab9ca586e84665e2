using System.Buffers.Binary;
using System.Numerics;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Protobuf;

/// <summary>The pieces that protobuf messages are written from. Lengths are computed first: a message's length stands before it.</summary>
internal static class ProtoWriter
{
    /// <summary>A field whose tag takes one byte and its value eight.</summary>
    public const int Fixed64Field = 1 + sizeof(ulong);

    private const int MaxVarint = 10;

    public static int VarintLength(ulong value) => ((BitOperations.Log2(value | 1) * 9) + 73) / 64;

    /// <summary>Length of a field of bytes whose tag takes one byte.</summary>
    public static long BytesField(long length) => 1 + VarintLength((ulong)length) + length;

    public static void WriteVarint(ulong value, ref OutputCursor output)
    {
        Span<byte> into = output.Reserve(MaxVarint);
        int length = 0;
        while (value >= 0x80)
        {
            into[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        into[length++] = (byte)value;
        output.Advance(length);
    }

    public static void WriteVarintField(byte tag, ulong value, ref OutputCursor output)
    {
        output.Write(tag);
        WriteVarint(value, ref output);
    }

    public static void WriteDoubleField(byte tag, double value, ref OutputCursor output)
    {
        Span<byte> into = output.Reserve(Fixed64Field);
        into[0] = tag;
        BinaryPrimitives.WriteDoubleLittleEndian(into[1..], value);
        output.Advance(Fixed64Field);
    }

    /// <summary>Writes tag and length of a field of bytes.</summary>
    public static void WriteBytesHeader(byte tag, long length, ref OutputCursor output)
    {
        output.Write(tag);
        WriteVarint((ulong)length, ref output);
    }
}
