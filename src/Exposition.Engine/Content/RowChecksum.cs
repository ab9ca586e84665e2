using System.Buffers.Binary;
using System.Numerics;

namespace Exposition.Engine.Content;

/// <summary>The checksum of a row: key, version and content, so that a content under a wrong key is found too.</summary>
internal static class RowChecksum
{
    public static uint Of(ReadOnlySpan<byte> key, long version, ReadOnlySpan<byte> content)
    {
        Span<byte> fixedPart = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart, version);
        BinaryPrimitives.WriteInt32LittleEndian(fixedPart[sizeof(long)..], key.Length);
        return ~Append(Append(Append(uint.MaxValue, fixedPart), key), content);
    }

    /// <summary>
    /// Takes bytes into a running CRC-32C (Castagnoli, as in RFC 3720), which begins with all bits set and is complemented at its end.
    /// </summary>
    public static uint Append(uint running, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            running = BitOperations.Crc32C(running, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            running = BitOperations.Crc32C(running, b);
        }

        return running;
    }
}
