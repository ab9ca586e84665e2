using System.Runtime.CompilerServices;

namespace Exposition.Formats.Numbers;

// Schubfach (R. Giulietti, "The Schubfach way to render doubles"): of all decimals that read back as the same double take those with the
// fewest digits, of these the nearest. For v = c * 2^q the interval of decimals that round to v runs from the middle between v and its
// lower neighbour to the middle between v and its upper one; the ends belong to it if c is even (ties go to even). Scaled by 4 * 10^-k,
// with 10^k just at or below the interval's width, at most one multiple of ten times that unit lies inside it, and at least one multiple of
// the unit. "Round to odd" keeps the sticky bit of the 192-bit product, which is all that the comparisons need. The framework's own
// shortest formatting is not used: in 10.0 it prints 2^-25 and 2^-958 as their neighbours.

/// <summary>The shortest decimal that reads back as a given double.</summary>
internal static class ShortestDecimal
{
    private const int FractionBits = 52;
    private const ulong HiddenBit = 1UL << FractionBits;
    private const int ExponentBias = 1023 + FractionBits;

    /// <summary>Digits and exponent of a positive finite number: it is <paramref name="digits"/> times ten to <paramref name="exponent"/>.
    /// The digits may end in zeros.</summary>
    public static void Find(double value, out ulong digits, out int exponent)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        ulong fraction = bits & (HiddenBit - 1);
        int biased = (int)(bits >> FractionBits);
        ulong c = biased == 0 ? fraction : fraction | HiddenBit;
        int q = Math.Max(biased, 1) - ExponentBias;

        // At a power of two the lower neighbour is only half as far away (not at the smallest one: below it the steps stay).
        bool lowerIsCloser = fraction == 0 && biased > 1;
        ulong open = c & 1;

        int k = lowerIsCloser ? FloorLog10ThreeQuartersPow2(q) : FloorLog10Pow2(q);
        UInt128 power = PowersOfTen.Get(-k);
        int shift = q + FloorLog2Pow10(-k) + 1;
        ulong left = RoundToOdd(power, ((4 * c) - (lowerIsCloser ? 1UL : 2UL)) << shift) + open;
        ulong middle = RoundToOdd(power, (4 * c) << shift);
        ulong right = RoundToOdd(power, ((4 * c) + 2) << shift) - open;

        ulong unit = middle / 4;
        if (unit >= 10)
        {
            ulong tens = unit / 10;
            bool lowerInside = left <= 40 * tens;
            bool upperInside = (40 * tens) + 40 <= right;
            if (lowerInside != upperInside)
            {
                digits = tens + (upperInside ? 1UL : 0UL);
                exponent = k + 1;
                return;
            }
        }

        bool floorInside = left <= 4 * unit;
        bool ceilingInside = (4 * unit) + 4 <= right;
        bool up = floorInside != ceilingInside
            ? ceilingInside
            : middle > (4 * unit) + 2 || (middle == (4 * unit) + 2 && (unit & 1) != 0);
        digits = unit + (up ? 1UL : 0UL);
        exponent = k;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong RoundToOdd(UInt128 power, ulong factor)
    {
        ulong lowHigh = Math.BigMul((ulong)power, factor, out _);
        ulong high = Math.BigMul((ulong)(power >> 64), factor, out ulong low);
        low += lowHigh;
        high += low < lowHigh ? 1UL : 0UL;
        return high | (low > 1 ? 1UL : 0UL);
    }

    // Fixed-point logarithms, exact for every exponent of a double.
    private static int FloorLog10Pow2(int e) => (int)((e * 1_262_611L) >> 22);

    private static int FloorLog10ThreeQuartersPow2(int e) => (int)(((e * 1_262_611L) - 524_031) >> 22);

    private static int FloorLog2Pow10(int e) => (int)((e * 1_741_647L) >> 19);
}
