using System.Buffers.Binary;

namespace Exposition.Kestrel.Bodies;

// Eight bytes a step, by eight tables: the n-th says what a byte becomes when n more bytes have followed it.

/// <summary>The checksum of gzip (RFC 1952, section 8).</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Values = 256;
    private const int Tables = 8;

    private static readonly uint[] s_tables = MakeTables();

    /// <summary>The checksum of what came before, and of more bytes behind it.</summary>
    /// <param name="before">The checksum of what came before; 0 for nothing.</param>
    /// <param name="more">The bytes.</param>
    public static uint Append(uint before, ReadOnlySpan<byte> more)
    {
        uint[] t = s_tables;
        uint crc = ~before;
        for (; more.Length >= Tables; more = more[Tables..])
        {
            uint a = BinaryPrimitives.ReadUInt32LittleEndian(more) ^ crc;
            uint b = BinaryPrimitives.ReadUInt32LittleEndian(more[4..]);
            crc = t[(7 * Values) + (byte)a] ^ t[(6 * Values) + (byte)(a >> 8)] ^ t[(5 * Values) + (byte)(a >> 16)] ^ t[(4 * Values)
                + (byte)(a >> 24)]
                ^ t[(3 * Values) + (byte)b] ^ t[(2 * Values) + (byte)(b >> 8)] ^ t[Values + (byte)(b >> 16)] ^ t[(byte)(b >> 24)];
        }

        foreach (byte value in more)
        {
            crc = t[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[Tables * Values];
        for (int i = 0; i < tables.Length; i++)
        {
            uint crc = i < Values ? (uint)i : tables[i - Values];
            tables[i] = i < Values ? Divide(crc) : tables[(byte)crc] ^ (crc >> 8);
        }

        return tables;
    }

    private static uint Divide(uint crc)
    {
        for (int bit = 0; bit < 8; bit++)
        {
            crc = (crc >> 1) ^ (Polynomial & (0 - (crc & 1)));
        }

        return crc;
    }
}
