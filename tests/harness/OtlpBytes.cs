using System.Buffers.Binary;
using System.Text;

namespace Exposition.Harness;

/// <summary>Writes the fields of OTLP messages, one after the other, as the format has them.</summary>
internal static class OtlpBytes
{
    public static byte[] Join(params IEnumerable<byte[]> fields) => [.. fields.SelectMany(static field => field)];

    public static byte[] Varint(int field, ulong value) => [.. Number((ulong)field << 3), .. Number(value)];

    public static byte[] ZigZag(int field, long value) => Varint(field, (ulong)((value << 1) ^ (value >> 63)));

    public static byte[] Fixed(int field, ulong value) => [.. Number(((ulong)field << 3) | 1), .. Eight(value)];

    public static byte[] Double(int field, double value) => Fixed(field, BitConverter.DoubleToUInt64Bits(value));

    public static byte[] Bytes(int field, byte[] value) => [.. Number(((ulong)field << 3) | 2), .. Number((ulong)value.Length), .. value];

    public static byte[] Message(int field, params IEnumerable<byte[]> fields) => Bytes(field, Join(fields));

    public static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public static byte[] PackedFixed(int field, params IEnumerable<ulong> values) => Bytes(field, Join(values.Select(Eight)));

    public static byte[] PackedDouble(int field, params IEnumerable<double> values) =>
        PackedFixed(field, values.Select(BitConverter.DoubleToUInt64Bits));

    public static byte[] PackedVarint(int field, params IEnumerable<ulong> values) => Bytes(field, Join(values.Select(Number)));

    /// <summary>An attribute with a text.</summary>
    public static byte[] Attribute(int field, string key, string value) => Message(field, Text(1, key), Message(2, Text(1, value)));

    /// <summary>A whole request of one resource and scope.</summary>
    public static byte[] Request(IEnumerable<(string Key, string Value)> resource, params IEnumerable<byte[]> metrics) => Message(
        1, Message(1, resource.Select(static pair => Attribute(1, pair.Key, pair.Value))),
        Message(2, [Message(1, Text(1, "scope")), .. metrics.Select(static metric => Bytes(2, metric))]));

    private static byte[] Eight(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Number(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }
}
