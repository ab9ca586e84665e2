using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Exposition.Formats.Numbers;

// Layout of a number, as Go's 'g' with the shortest precision: x is the decimal exponent of the first digit;
//   -4 <= x <= 5   fixed notation: 123456, 1.5, 0.0001
//   otherwise      d[.ddd]e(+|-)NN with at least two exponent digits: 1e+06, 1.234567e+06, 5e-324
// NaN, +Inf, -Inf are words. The exposition prints -0 as 0; JSON keeps its sign.

/// <summary>Writes numbers as the Pushgateway prints them.</summary>
internal static class NumberFormatter
{
    /// <summary>Longest output in bytes: <c>-2.2250738585072014e-308</c>.</summary>
    public const int MaxLength = 24;

    // "0.000000"
    private const ulong ZerosAndPoint = 0x3030_3030_3030_2E30;

    // A shortest decimal has at most 17 digits.
    private static readonly ulong[] s_powers =
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
            1_000_000_000_000_000_000,
    ];

    /// <summary>Writes a number for an exposition, where -0 is 0.</summary>
    public static int Format(double value, Span<byte> destination) => Format(value, destination, keepZeroSign: false);

    /// <summary>Writes a number.</summary>
    /// <param name="value">Any number.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="keepZeroSign">Whether -0 is written as <c>-0</c> (JSON) or as <c>0</c>.</param>
    /// <returns>Bytes written.</returns>
    public static int Format(double value, Span<byte> destination, bool keepZeroSign)
    {
        if (!double.IsFinite(value))
        {
            return CopyWord(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8, destination);
        }

        if (value == 0)
        {
            return CopyWord(keepZeroSign && double.IsNegative(value) ? "-0"u8 : "0"u8, destination);
        }

        int length = 0;
        if (value < 0)
        {
            destination[length++] = (byte)'-';
            value = -value;
        }

        ulong digits;
        int exponent = 0;
        if (value < 1UL << 53 && (digits = (ulong)value) == value)
        {
            if (digits < 1_000_000)
            {
                digits.TryFormat(destination[length..], out int written, provider: CultureInfo.InvariantCulture);
                return length + written;
            }
        }
        else
        {
            ShortestDecimal.Find(value, out digits, out exponent);
        }

        return length + WriteDigits(digits, exponent, destination[length..]);
    }

    // For all but whole numbers below a million. The digits are written once, behind room for what comes before them.
    private static int WriteDigits(ulong digits, int exponent, Span<byte> destination)
    {
        int count = CountDigits(digits);
        int leading = count - 1 + exponent;
        if (leading is < 0 and >= -4)
        {
            int zeros = 1 - leading;
            BinaryPrimitives.WriteUInt64LittleEndian(destination, ZerosAndPoint);
            digits.TryFormat(destination[zeros..], out _, provider: CultureInfo.InvariantCulture);
            return zeros + TrimZeros(destination.Slice(zeros, count));
        }

        Span<byte> text = destination.Slice(1, count);
        digits.TryFormat(text, out _, provider: CultureInfo.InvariantCulture);
        count = TrimZeros(text);
        if (leading is < 0 or > 5)
        {
            destination[0] = text[0];
            destination[1] = (byte)'.';
            return WriteExponent(leading, destination, count > 1 ? count + 1 : 1);
        }

        // Up to six digits move in front of the point, the others are in place. It is no whole number, so there are others.
        int whole = leading + 1;
        ulong moved = (1UL << (8 * whole)) - 1;
        ulong kept = BinaryPrimitives.ReadUInt64LittleEndian(destination) & ~moved;
        BinaryPrimitives.WriteUInt64LittleEndian(destination, kept | (BinaryPrimitives.ReadUInt64LittleEndian(destination[1..]) & moved));
        destination[whole] = (byte)'.';
        return count + 1;
    }

    private static int WriteExponent(int exponent, Span<byte> destination, int at)
    {
        destination[at++] = (byte)'e';
        destination[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        int magnitude = Math.Abs(exponent);
        if (magnitude >= 100)
        {
            destination[at++] = (byte)('0' + (magnitude / 100));
            magnitude %= 100;
        }

        destination[at++] = (byte)('0' + (magnitude / 10));
        destination[at++] = (byte)('0' + (magnitude % 10));
        return at;
    }

    private static int TrimZeros(ReadOnlySpan<byte> digits)
    {
        int count = digits.Length;
        while (count > 1 && digits[count - 1] == '0')
        {
            count--;
        }

        return count;
    }

    // 1233/4096 is just above log10(2): the estimate is right or one too small.
    private static int CountDigits(ulong number)
    {
        int estimate = ((BitOperations.Log2(number) + 1) * 1233) >> 12;
        return estimate + (number >= s_powers[estimate] ? 1 : 0);
    }

    private static int CopyWord(ReadOnlySpan<byte> word, Span<byte> destination)
    {
        word.CopyTo(destination);
        return word.Length;
    }
}
