using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Exposition.Formats.Numbers;

// Grammar of a value (also of le and quantile), byte for byte what the Pushgateway accepts:
//   number   = [sign] ( digits ["." [digits]] / "." digits ) [ ("e" / "E") [sign] digits ]
//   infinity = [sign] ("inf" / "infinity")   any case
//   nan      = "nan"                         any case, no sign
// No hex, no underscores, no blanks. A number that rounds to infinity is refused; one that rounds to zero is not.
//
// Nearly every pushed number has at most 19 digits, a mantissa that a double holds exactly and a power of ten that a double holds
// exactly; then one multiplication or division is correctly rounded (Clinger). With a larger mantissa or power the product with a 128-bit
// power decides (EiselLemire). What is left, more digits or next to nothing, goes to the framework as a plain normalised digit string,
// so that none of its own extensions (trailing NULs, signed NaN, infinity on overflow) can be reached.

/// <summary>Reads numbers as the text format writes them.</summary>
internal static partial class NumberParser
{
    // As many decimal digits as an unsigned 64-bit integer always holds.
    private const int MaxDigits = 19;

    private const ulong LargestExactMantissa = 1UL << 53;
    private const int LargestExactPower = 22;

    // An array, because a constant span of doubles allocates in code that is not optimised yet.
    private static readonly double[] s_exactPowers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads a part of a text as a floating point number, correctly rounded. Bytes behind it may be looked at.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int start, int length, out double value)
    {
        if (TryParseShort(text, start, length, out value))
        {
            return true;
        }

        // Where nothing has happened yet, clients send this word, and often.
        ReadOnlySpan<byte> token = text.Slice(start, length);
        if (token.SequenceEqual("NaN"u8))
        {
            value = double.NaN;
            return true;
        }

        return TryParse(token, out value);
    }

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

        ReadOnlySpan<byte> all = text[digitsStart..at];
        int exponent = 0;
        if (at < text.Length && !TryReadExponent(text[at..], out exponent))
        {
            value = 0;
            return false;
        }

        // Leading zeros are no digits of the mantissa.
        if (digits > MaxDigits && digits - CountLeadingZeros(all) > MaxDigits)
        {
            return TryParseLong(all, exponent, negative, out value);
        }

        int power = exponent - fraction;
        return power < EiselLemire.MinPower && mantissa != 0
            ? TryParseLong(all, exponent, negative, out value)
            : TryScale(mantissa, power, negative, out value);
    }

    // power: not below EiselLemire.MinPower, unless the mantissa is zero.
    private static bool TryScale(ulong mantissa, int power, bool negative, out double value)
    {
        if (mantissa <= LargestExactMantissa && (uint)(power + LargestExactPower) <= 2 * LargestExactPower)
        {
            value = mantissa;
            value = power < 0 ? value / s_exactPowers[-power] : value * s_exactPowers[power];
        }
        else
        {
            value = mantissa == 0 ? 0 : power > EiselLemire.MaxPower ? double.PositiveInfinity : EiselLemire.Nearest(mantissa, power);
        }

        value = negative ? -value : value;
        return double.IsFinite(value);
    }

    private static int CountLeadingZeros(ReadOnlySpan<byte> digits)
    {
        int other = digits.IndexOfAnyExcept((byte)'0', (byte)'.');
        ReadOnlySpan<byte> zeros = other < 0 ? digits : digits[..other];
        return zeros.Length - (zeros.Contains((byte)'.') ? 1 : 0);
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

        if (text.Length - at >= 4 && TryReadFour(BinaryPrimitives.ReadUInt32LittleEndian(text[at..]), out uint four))
        {
            mantissa = (mantissa * 10_000) + four;
            at += 4;
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadFour(uint bytes, out uint number)
    {
        uint values = bytes - 0x30303030;
        if ((((bytes + 0x46464646) | values) & 0x80808080) != 0)
        {
            number = 0;
            return false;
        }

        values = (values * 10) + (values >> 8);
        number = (((values & 0xFF) * 100) + ((values >> 16) & 0xFF)) & 0xFFFF;
        return true;
    }
}
