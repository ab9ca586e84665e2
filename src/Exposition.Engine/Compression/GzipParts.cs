using System.Buffers.Binary;

namespace Exposition.Engine.Compression;

// A gzip member out of parts that were compressed apart (RFC 1951, 1952): each part is a run of raw deflate blocks that refers to nothing
// outside itself and ends, by a sync flush, on a whole byte and without the bit of the last block. So they can follow one another in any
// order:
//
//   header  part part ... part  empty last block  CRC-32 of all raw bytes  number of raw bytes mod 2^32
//
// The CRC-32 of a concatenation follows from those of its parts: crc(A B) = crc(A) * x^(8 |B|) + crc(B), polynomials over GF(2) modulo P.

/// <summary>What a gzip member is put together from, beside the compressed parts.</summary>
internal static class GzipParts
{
    public const int HeaderBytes = 10;
    public const int TrailerBytes = 2 + 8;

    // The polynomial of CRC-32, its bits reversed as those of the CRC are: x^0 is the highest bit.
    private const uint Polynomial = 0xEDB88320;
    private const uint One = 1u << 31;

    // x^(8 * 2^k).
    private static readonly uint[] s_powers = MakePowers();

    /// <summary>The header: deflate, no time, an unknown system.</summary>
    public static ReadOnlyMemory<byte> Header { get; } = new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF };

    /// <summary>Writes what stands behind the last part.</summary>
    public static void WriteTrailer(Span<byte> into, uint crc, long rawBytes)
    {
        // The last block, of no bytes under the fixed codes.
        into[0] = 3;
        into[1] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(into[2..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(into[6..], (uint)rawBytes);
    }

    /// <summary>The factor by which a CRC-32 is put in front of so many bytes.</summary>
    public static uint Shift(long bytes)
    {
        uint product = One;
        for (int k = 0; bytes != 0; k++, bytes >>>= 1)
        {
            if ((bytes & 1) != 0)
            {
                product = Multiply(s_powers[k], product);
            }
        }

        return product;
    }

    /// <summary>The CRC-32 of two runs of bytes one behind the other, of which the second has a length's <see cref="Shift"/>.</summary>
    public static uint Combine(uint first, uint second, uint secondShift) => Multiply(secondShift, first) ^ second;

    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (; a != 0; a <<= 1)
        {
            // Without a branch: the bits are as good as random.
            product ^= b & (uint)((int)a >> 31);
            b = (b >> 1) ^ (Polynomial & (0 - (b & 1)));
        }

        return product;
    }

    private static uint[] MakePowers()
    {
        uint[] powers = new uint[64];
        powers[0] = One >> 8;
        for (int k = 1; k < powers.Length; k++)
        {
            powers[k] = Multiply(powers[k - 1], powers[k - 1]);
        }

        return powers;
    }
}
