using System.Globalization;

namespace Exposition.Formats.Internal;

// Layout of a number, as Go's 'g' with the shortest precision: x is the decimal exponent of the first digit;
//   -4 <= x <= 5   fixed notation: 123456, 1.5, 0.0001
//   otherwise      d[.ddd]e(+|-)NN with at least two exponent digits: 1e+06, 1.234567e+06, 5e-324
// NaN, +Inf, -Inf are words. The exposition prints -0 as 0; JSON keeps its sign.

/// <summary>Writes numbers as the reference prints them.</summary>
internal static class NumberFormatter
{
    /// <summary>Longest output in bytes: <c>-2.2250738585072014e-308</c>.</summary>
    public const int MaxLength = 24;

    // A shortest decimal has at most 17 digits; an integer below 2^53 has 16.
    private const int MaxDigits = 17;

    /// <summary>Writes a number for an exposition, where -0 is 0.</summary>
    /// <param name="value">Any number.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Format(double value, Span<byte> destination) => Format(value, destination, keepZeroSign: false);

    /// <summary>Writes a count as the exposition shows it: as the float next to it.</summary>
    /// <inheritdoc cref="Format(double, Span{byte})"/>
    public static int Format(ulong value, Span<byte> destination) => Format((double)value, destination, keepZeroSign: false);

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

        Span<byte> text = stackalloc byte[MaxDigits + 3];
        digits.TryFormat(text, out int count, provider: CultureInfo.InvariantCulture);
        int leading = count - 1 + exponent;
        text = text[..(text[..count].LastIndexOfAnyExcept((byte)'0') + 1)];
        return length + (leading is >= -4 and <= 5
            ? WriteFixed(text, leading, destination[length..])
            : WriteExponent(text, leading, destination[length..]));
    }

    private static int WriteFixed(ReadOnlySpan<byte> digits, int leading, Span<byte> destination)
    {
        if (leading < 0)
        {
            "0.000"u8[..(1 - leading)].CopyTo(destination);
            digits.CopyTo(destination[(1 - leading)..]);
            return 1 - leading + digits.Length;
        }

        int whole = leading + 1;
        if (digits.Length <= whole)
        {
            digits.CopyTo(destination);
            destination[digits.Length..whole].Fill((byte)'0');
            return whole;
        }

        digits[..whole].CopyTo(destination);
        destination[whole] = (byte)'.';
        digits[whole..].CopyTo(destination[(whole + 1)..]);
        return digits.Length + 1;
    }

    private static int WriteExponent(ReadOnlySpan<byte> digits, int leading, Span<byte> destination)
    {
        int at = 0;
        destination[at++] = digits[0];
        if (digits.Length > 1)
        {
            destination[at++] = (byte)'.';
            digits[1..].CopyTo(destination[at..]);
            at += digits.Length - 1;
        }

        destination[at++] = (byte)'e';
        destination[at++] = leading < 0 ? (byte)'-' : (byte)'+';
        int magnitude = Math.Abs(leading);
        if (magnitude >= 100)
        {
            destination[at++] = (byte)('0' + (magnitude / 100));
            magnitude %= 100;
        }

        destination[at++] = (byte)('0' + (magnitude / 10));
        destination[at++] = (byte)('0' + (magnitude % 10));
        return at;
    }

    private static int CopyWord(ReadOnlySpan<byte> word, Span<byte> destination)
    {
        word.CopyTo(destination);
        return word.Length;
    }
}
