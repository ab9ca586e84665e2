using System.Numerics;

namespace Exposition.Formats.Numbers;

// D. Lemire, "Number Parsing at a Gigabyte per Second" (2021); N. Mushtak and D. Lemire, "Fast Number Parsing Without Fallback" (2023) show
// that with 128 bits of the power of ten the product decides every case. w * 10^q = w * 5^q * 2^q: the upper bits of w * 5^q, with 5^q cut
// off after 128 significant bits, are the mantissa; what was cut off can matter only where the product's middle bits are all ones, and then
// the second half of the power is multiplied too. Exact halves, which round to even, exist only for small powers: they are looked at apart.

/// <summary>The double nearest to an integer times a power of ten.</summary>
internal static class EiselLemire
{
    /// <summary>The smallest power that is decided here. No result is subnormal down to it.</summary>
    public const int MinPower = PowersOfTen.Min;

    /// <summary>The largest power; beyond it everything is infinite.</summary>
    public const int MaxPower = 308;

    private const int FractionBits = 52;
    private const int ExponentBias = 1023;
    private const int InfinitePower = 0x7FF;

    // Outside of these powers 5^q has too many bits for the product to lie exactly between two doubles.
    private const int MinHalfPower = -4;
    private const int MaxHalfPower = 23;

    /// <summary>
    /// The bits of the double nearest to <paramref name="digits"/> times ten to <paramref name="power"/>, ties to even; infinity where it
    /// is too large.
    /// </summary>
    /// <param name="digits">Not zero.</param>
    /// <param name="power">Between <see cref="MinPower"/> and <see cref="MaxPower"/>.</param>
    public static double Nearest(ulong digits, int power)
    {
        int leading = BitOperations.LeadingZeroCount(digits);
        digits <<= leading;
        UInt128 factor = PowersOfTen.GetForProduct(power);
        ulong high = Math.BigMul(digits, (ulong)(factor >> 64), out ulong low);
        const ulong middle = ulong.MaxValue >> (FractionBits + 3);
        if ((high & middle) == middle)
        {
            ulong more = Math.BigMul(digits, (ulong)factor, out _);
            low += more;
            high += low < more ? 1UL : 0UL;
        }

        int upper = (int)(high >> 63);
        int shift = upper + 64 - FractionBits - 3;
        ulong mantissa = high >> shift;
        int exponent = FloorLog2(power) + upper - leading + ExponentBias;
        // Halfway between two doubles: the even one.
        if (low <= 1 && power is >= MinHalfPower and <= MaxHalfPower && (mantissa & 3) == 1 && mantissa << shift == high)
        {
            mantissa &= ~1UL;
        }

        mantissa = (mantissa + (mantissa & 1)) >> 1;
        if (mantissa >= 2UL << FractionBits)
        {
            mantissa = 1UL << FractionBits;
            exponent++;
        }

        return exponent >= InfinitePower
            ? double.PositiveInfinity
            : BitConverter.UInt64BitsToDouble(((ulong)exponent << FractionBits) | (mantissa & ((1UL << FractionBits) - 1)));
    }

    // floor(log2(10^power)) + 63, exact for all powers here.
    private static int FloorLog2(int power) => (((152_170 + 65_536) * power) >> 16) + 63;
}
