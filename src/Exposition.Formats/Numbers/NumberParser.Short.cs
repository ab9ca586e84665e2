using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Exposition.Formats.Numbers;

// A number of at most sixteen bytes behind its sign is read without a loop and without a branch that depends on how many digits it has:
//   12.5e+06 -> which bytes are no digits? the first may be the point, the next the exponent's letter
//   all digits are moved to the right end of a vector, the point is left out, zeros fill up on the left
//   neighbours are joined: sixteen digits to eight pairs, four fours, two eights
// Sixteen digits are below 2^54, so the rest is TryScale's. Where a few digits more follow (all 17 of a double), they are added one by one.

internal static partial class NumberParser
{
    private const int ShortLength = 16;
    private const int LongestMiddle = 20;

    /// <summary>Whether the processor has what the short path needs.</summary>
    private static bool HasShort => Sse41.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryParseShort(ReadOnlySpan<byte> text, int start, int length, out double value)
    {
        value = 0;
        if (!HasShort || length == 0)
        {
            return false;
        }

        ref byte first = ref Unsafe.Add(ref MemoryMarshal.GetReference(text), start);
        int signs = first is (byte)'-' or (byte)'+' ? 1 : 0;
        length -= signs;
        if (length - 1 >= ShortLength || text.Length - start - signs < ShortLength)
        {
            return length is > ShortLength and <= LongestMiddle
                && TryParseMiddle(ref Unsafe.Add(ref first, signs), length, first == (byte)'-', out value);
        }

        Vector128<byte> digits = Vector128.LoadUnsafe(ref first, (nuint)signs) - Vector128.Create((byte)'0');
        uint others = ~Vector128.LessThanOrEqual(digits, Vector128.Create((byte)9)).ExtractMostSignificantBits() & ((1U << length) - 1);
        int mantissaLength = length;
        int power = 0;
        int point = BitOperations.TrailingZeroCount(others | (1U << length));
        if (others != 0)
        {
            bool hasPoint = Unsafe.Add(ref first, signs + point) == '.';
            uint further = hasPoint ? others & (others - 1) : others;
            if (further != 0)
            {
                mantissaLength = BitOperations.TrailingZeroCount(further);
                if (!TryReadShortExponent(ref Unsafe.Add(ref first, signs + mantissaLength), length - mantissaLength, out power))
                {
                    return false;
                }
            }

            point = hasPoint ? point : mantissaLength;
            power -= hasPoint ? mantissaLength - point - 1 : 0;
        }

        int count = mantissaLength - (point < mantissaLength ? 1 : 0);
        return count > 0 && power >= EiselLemire.MinPower && TryScale(Join(digits, count, point), power, first == (byte)'-', out value);
    }

    // Seventeen to twenty bytes without an exponent, and no more digits than 64 bits hold.
    private static bool TryParseMiddle(ref byte first, int length, bool negative, out double value)
    {
        value = 0;
        Vector128<byte> digits = Vector128.LoadUnsafe(ref first) - Vector128.Create((byte)'0');
        uint others = (ushort)~Vector128.LessThanOrEqual(digits, Vector128.Create((byte)9)).ExtractMostSignificantBits();
        int point = BitOperations.TrailingZeroCount(others | (1U << ShortLength));
        int points = others != 0 ? 1 : 0;
        if ((others & (others - points)) != 0 || (points != 0 && Unsafe.Add(ref first, point) != '.') || length - points > MaxDigits)
        {
            return false;
        }

        ulong mantissa = Join(digits, ShortLength - points, point);
        for (int i = ShortLength; i < length; i++)
        {
            uint digit = (uint)Unsafe.Add(ref first, i) - '0';
            if (digit > 9)
            {
                return false;
            }

            mantissa = (mantissa * 10) + digit;
        }

        return TryScale(mantissa, points == 0 ? 0 : point + 1 - length, negative, out value);
    }

    // The first `count` digits as a number; from `point` on they stand one byte further behind.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Join(Vector128<byte> digits, int count, int point)
    {
        // Negative indexes give zeros.
        Vector128<sbyte> from = Vector128<sbyte>.Indices + Vector128.Create((sbyte)(count - ShortLength));
        from -= Vector128.GreaterThanOrEqual(from, Vector128.Create((sbyte)point));
        Vector128<byte> aligned = Ssse3.Shuffle(digits, from.AsByte());
        Vector128<short> pairs = Ssse3.MultiplyAddAdjacent(aligned, Vector128.Create((short)0x010A).AsSByte());
        Vector128<int> fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(0x0001_0064).AsInt16());
        Vector128<short> packed = Sse41.PackUnsignedSaturate(fours, fours).AsInt16();
        ulong eights = Sse2.MultiplyAddAdjacent(packed, Vector128.Create(0x0001_2710).AsInt16()).AsUInt64().ToScalar();
        return ((uint)eights * 100_000_000UL) + (eights >> 32);
    }

    // "e" and at most three digits; anything else is left to the general path.
    private static bool TryReadShortExponent(ref byte letter, int length, out int exponent)
    {
        exponent = 0;
        if ((letter | 0x20) != 'e' || length < 2)
        {
            return false;
        }

        byte sign = Unsafe.Add(ref letter, 1);
        int at = sign is (byte)'-' or (byte)'+' ? 2 : 1;
        if (length - at is < 1 or > 3)
        {
            return false;
        }

        for (; at < length; at++)
        {
            int digit = Unsafe.Add(ref letter, at) - '0';
            if ((uint)digit > 9)
            {
                return false;
            }

            exponent = (exponent * 10) + digit;
        }

        exponent = sign == (byte)'-' ? -exponent : exponent;
        return true;
    }
}
