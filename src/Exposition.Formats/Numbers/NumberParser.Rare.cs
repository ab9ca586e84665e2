using System.Globalization;
using System.Text;

namespace Exposition.Formats.Numbers;

// Exponents, words, and numbers of more digits than 64 bits hold.

internal static partial class NumberParser
{
    // A double is decided by at most 767 significant digits; what comes after them only says "more than nothing".
    private const int DecisiveDigits = 800;

    // Go stops multiplying the exponent once it has five digits. Only numbers of more than ten thousand digits can tell.
    private const int ExponentCap = 10_000;

    // text: from the "e" on, not empty.
    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        int at = 1;
        if ((text[0] | 0x20) != 'e')
        {
            return false;
        }

        bool negative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at] == '-';
            at++;
        }

        if (at == text.Length)
        {
            return false;
        }

        foreach (byte b in text[at..])
        {
            uint digit = (uint)b - '0';
            if (digit > 9)
            {
                return false;
            }

            if (exponent < ExponentCap)
            {
                exponent = (exponent * 10) + (int)digit;
            }
        }

        exponent = negative ? -exponent : exponent;
        return true;
    }

    // digits: decimal digits with at most one point. Written anew as DDDDeN without leading zeros and at most 801 digits.
    private static bool TryParseLong(ReadOnlySpan<byte> digits, int exponent, bool negative, out double value)
    {
        Span<byte> plain = stackalloc byte[DecisiveDigits + 16];
        int count = 0;
        int point = 0;
        bool beforePoint = true;
        bool rest = false;
        foreach (byte b in digits)
        {
            if (b == '.')
            {
                beforePoint = false;
                continue;
            }

            if (b == '0' && count == 0)
            {
                point -= beforePoint ? 0 : 1;
                continue;
            }

            point += beforePoint ? 1 : 0;
            if (count < DecisiveDigits)
            {
                plain[count++] = b;
            }
            else
            {
                rest |= b != '0';
            }
        }

        // The value is 0.DDDD times ten to the power of this.
        long power = (long)point + exponent;
        if (count == 0 || power < -330)
        {
            value = negative ? -0.0 : 0.0;
            return true;
        }

        if (power > 310)
        {
            value = 0;
            return false;
        }

        if (rest)
        {
            plain[count++] = (byte)'1';
        }

        plain[count] = (byte)'e';
        ((int)power - count).TryFormat(plain[(count + 1)..], out int written, provider: CultureInfo.InvariantCulture);
        bool read = double.TryParse(plain[..(count + 1 + written)], NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
        value = negative ? -value : value;
        return read && double.IsFinite(value);
    }

    /// <summary>
    /// Reads what C libraries print for a value that is no number, which the grammar does not have: with a sign, or with its kind in
    /// parentheses.
    /// </summary>
    public static bool TryParseNan(ReadOnlySpan<byte> text, out double value)
    {
        value = double.NaN;
        text = text.Length > 0 && text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        return Ascii.EqualsIgnoreCase(text, "nan"u8) || Ascii.EqualsIgnoreCase(text, "nan(ind)"u8)
            || Ascii.EqualsIgnoreCase(text, "nan(snan)"u8);
    }

    private static bool TryParseWord(ReadOnlySpan<byte> text, out double value)
    {
        if (Ascii.EqualsIgnoreCase(text, "nan"u8))
        {
            value = double.NaN;
            return true;
        }

        value = double.PositiveInfinity;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            text = text[1..];
        }

        return Ascii.EqualsIgnoreCase(text, "inf"u8) || Ascii.EqualsIgnoreCase(text, "infinity"u8);
    }
}
