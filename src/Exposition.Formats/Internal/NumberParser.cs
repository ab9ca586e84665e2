using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Exposition.Formats.Internal;

// Grammar of a value (also of le and quantile), byte for byte what the reference accepts:
//   number   = [sign] ( digits ["." [digits]] / "." digits ) [ ("e" / "E") [sign] digits ]
//   infinity = [sign] ("inf" / "infinity")   any case
//   nan      = "nan"                         any case, no sign
// No hex, no underscores, no blanks. A number that rounds to infinity is refused; one that rounds to zero is not.
//
// Nearly every pushed number has at most 19 digits, a mantissa that a double holds exactly and a power of ten that a double holds
// exactly; then one multiplication or division is correctly rounded (Clinger). Everything else goes to the framework as a plain
// normalised digit string, so that none of its own extensions (trailing NULs, signed NaN, infinity on overflow) can be reached.

/// <summary>Reads numbers as the text format writes them.</summary>
internal static class NumberParser
{
    // A double is decided by at most 767 significant digits; what comes after them only says "more than nothing".
    private const int DecisiveDigits = 800;

    // Go stops multiplying the exponent once it has five digits. Only numbers of more than ten thousand digits can tell.
    private const int ExponentCap = 10_000;

    private const ulong LargestExactMantissa = 1UL << 53;

    // An array, because a constant span of doubles allocates in code that is not optimised yet.
    private static readonly double[] s_exactPowers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads a whole token as a floating point number, correctly rounded.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        int at = 0;
        bool negative = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            negative = text[0] == '-';
            at = 1;
        }

        int digitsStart = at;
        ulong mantissa = 0;
        at = ReadDigits(text, at, ref mantissa);
        int digits = at - digitsStart;
        int fraction = 0;
        if ((uint)at < (uint)text.Length && text[at] == '.')
        {
            int fractionStart = ++at;
            at = ReadDigits(text, at, ref mantissa);
            fraction = at - fractionStart;
            digits += fraction;
        }

        if (digits == 0)
        {
            return TryParseWord(text, out value);
        }

        int digitsEnd = at;
        int exponent = 0;
        if (at < text.Length && !TryReadExponent(text, at, out exponent))
        {
            value = 0;
            return false;
        }

        int scale = exponent - fraction;
        if (digits <= 19 && mantissa <= LargestExactMantissa && (uint)(scale + 22) <= 44)
        {
            double exact = mantissa;
            exact = scale < 0 ? exact / s_exactPowers[-scale] : exact * s_exactPowers[scale];
            value = negative ? -exact : exact;
            return true;
        }

        return TryParseLong(text[digitsStart..digitsEnd], exponent, negative, out value);
    }

    /// <summary>Reads a whole token as a timestamp: an optional sign and decimal digits within 64 bits.</summary>
    public static bool TryParseTimestamp(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        bool negative = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            negative = text[0] == '-';
            text = text[1..];
        }

        if (text.IsEmpty)
        {
            return false;
        }

        ulong limit = negative ? 1UL << 63 : long.MaxValue;
        ulong magnitude = 0;
        foreach (byte b in text)
        {
            uint digit = (uint)b - '0';
            if (digit > 9 || magnitude > (limit - digit) / 10)
            {
                return false;
            }

            magnitude = (magnitude * 10) + digit;
        }

        value = negative ? (long)(0 - magnitude) : (long)magnitude;
        return true;
    }

    // The mantissa wraps silently after 19 digits; callers count digits before they use it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadDigits(ReadOnlySpan<byte> text, int at, ref ulong mantissa)
    {
        while (text.Length - at >= 8 && TryReadEight(BinaryPrimitives.ReadUInt64LittleEndian(text[at..]), out uint eight))
        {
            mantissa = (mantissa * 100_000_000) + eight;
            at += 8;
        }

        while ((uint)at < (uint)text.Length && (uint)text[at] - '0' <= 9)
        {
            mantissa = (mantissa * 10) + text[at] - '0';
            at++;
        }

        return at;
    }

    // Eight ASCII digits at once, the first one in the lowest byte: neighbours are joined to pairs, pairs to fours, fours to the whole.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadEight(ulong bytes, out uint number)
    {
        ulong values = bytes - 0x3030303030303030;
        if ((((bytes + 0x4646464646464646) | values) & 0x8080808080808080) != 0)
        {
            number = 0;
            return false;
        }

        values = (values * 10) + (values >> 8);
        number = (uint)((((values & 0x000000FF000000FF) * (100 + (1_000_000UL << 32)))
            + (((values >> 16) & 0x000000FF000000FF) * (1 + (10_000UL << 32)))) >> 32);
        return true;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, int at, out int exponent)
    {
        exponent = 0;
        if ((text[at++] | 0x20) != 'e')
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
