using System.Buffers.Binary;
using System.Numerics;

namespace Exposition.Persistence.Rows;

/// <summary>CRC-32C (Castagnoli), as iSCSI (RFC 3720) defines it, over the processor's own instruction where there is one.</summary>
internal static class Crc32C
{
    /// <summary>Start value of a running checksum.</summary>
    public const uint Initial = 0xFFFFFFFF;

    /// <summary>Takes bytes into a running checksum.</summary>
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

    /// <summary>The checksum that a running one stands for.</summary>
    public static uint Finish(uint running) => ~running;
}
