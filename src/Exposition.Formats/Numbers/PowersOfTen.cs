namespace Exposition.Formats.Numbers;

// 10^k for every k that a double needs, as 128 significant bits rounded up: 10^k <= g * 2^(floor(log2 10^k) - 127), g in [2^127, 2^128).
// Computed once by schoolbook arithmetic in a few ten microseconds: positive powers by multiplying a long integer by ten, negative ones by
// dividing a long power of two by ten (floor of floor is floor, so nothing is lost). No table to copy or to get wrong.

/// <summary>The 128-bit powers of ten behind <see cref="ShortestDecimal"/> and <see cref="EiselLemire"/>.</summary>
internal static class PowersOfTen
{
    public const int Min = -292;
    public const int Max = 324;

    // 2^1216 / 10^292 still has more than 240 bits, 10^324 has 1077.
    private const int Limbs = 39;

    private static readonly UInt128[] s_powers = Compute();

    // 5^55 is the largest power of five within 128 bits; 5^27 the largest that divides a 64-bit integer.
    private const int MaxExact = 55;
    private const int MinDividing = -27;

    /// <summary>The power rounded up.</summary>
    public static UInt128 Get(int exponent) => s_powers[exponent - Min];

    /// <summary>The power cut off, but rounded up where an integer times the power can be an integer again: there the product's low half
    /// must come out as zero or just above, not as all ones.</summary>
    public static UInt128 GetForProduct(int exponent) => s_powers[exponent - Min] - (exponent is >= MinDividing and <= MaxExact ? 0U : 1U);

    private static UInt128[] Compute()
    {
        var powers = new UInt128[Max - Min + 1];
        Span<uint> limbs = stackalloc uint[Limbs];

        limbs.Clear();
        limbs[0] = 1;
        powers[-Min] = Top(limbs, exact: true);
        for (int exponent = 1; exponent <= Max; exponent++)
        {
            ulong carry = 0;
            foreach (ref uint limb in limbs)
            {
                carry += (ulong)limb * 10;
                limb = (uint)carry;
                carry >>= 32;
            }

            powers[exponent - Min] = Top(limbs, exact: true);
        }

        limbs.Clear();
        limbs[^1] = 1;
        for (int exponent = -1; exponent >= Min; exponent--)
        {
            ulong remainder = 0;
            for (int i = limbs.Length - 1; i >= 0; i--)
            {
                remainder = (remainder << 32) | limbs[i];
                limbs[i] = (uint)(remainder / 10);
                remainder %= 10;
            }

            powers[exponent - Min] = Top(limbs, exact: false);
        }

        return powers;
    }

    // The 128 highest bits of a long integer, one more if something was cut off (a negative power of ten never ends in binary).
    private static UInt128 Top(ReadOnlySpan<uint> limbs, bool exact)
    {
        int high = limbs.Length - 1;
        while (limbs[high] == 0)
        {
            high--;
        }

        int shift = System.Numerics.BitOperations.LeadingZeroCount(limbs[high]);
        UInt128 top = 0;
        for (int i = 0; i < 4; i++)
        {
            top = (top << 32) | Limb(limbs, high - i);
        }

        uint next = Limb(limbs, high - 4);
        top = shift == 0 ? top : (top << shift) | (next >> (32 - shift));
        bool cut = !exact || next << shift != 0;
        for (int i = high - 5; i >= 0 && !cut; i--)
        {
            cut = limbs[i] != 0;
        }

        return cut ? top + 1 : top;
    }

    private static uint Limb(ReadOnlySpan<uint> limbs, int index) => index >= 0 ? limbs[index] : 0;
}
