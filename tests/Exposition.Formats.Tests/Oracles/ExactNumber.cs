using System.Globalization;
using System.Numerics;

namespace Exposition.Formats.Tests.Oracles;

// Value of a decimal d1...dn * 10^p: an exact fraction of two whole numbers. The nearest double is found by one long division with a rest,
// so there is nothing to be clever or wrong about. Slow: for judging only.

/// <summary>Numbers by exact integer arithmetic: which double a text means, and whether a text is the shortest one of a double.</summary>
internal static class ExactNumber
{
    private const ulong HiddenBit = 1UL << 52;

    /// <summary>Reads a number by the text format's rules; false where it is to be refused.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out double value)
    {
        value = 0;
        string text = System.Text.Encoding.Latin1.GetString(bytes);
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            value = double.NaN;
            return true;
        }

        bool negative = text.StartsWith('-');
        string rest = negative || text.StartsWith('+') ? text[1..] : text;
        if (rest.Equals("inf", StringComparison.OrdinalIgnoreCase) || rest.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = negative ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        string[] halves = rest.Split(['e', 'E']);
        string[] parts = halves[0].Split('.');
        string digits = string.Concat(parts);
        if (halves.Length > 2 || parts.Length > 2 || digits.Length == 0 || !AllDigits(digits)
            || (halves.Length == 2 && !IsExponent(halves[1])))
        {
            return false;
        }

        long power = (halves.Length == 2 ? Exponent(halves[1]) : 0) - (parts.Length == 2 ? parts[1].Length : 0);
        bool fits = TryRound(BigInteger.Parse(digits, CultureInfo.InvariantCulture), power, out value);
        value = negative ? -value : value;
        return fits;
    }

    /// <summary>Finds what is wrong with a text as the written form of a double; null if nothing is.</summary>
    public static string? Complaint(double value, string text)
    {
        if (!double.IsFinite(value) || value == 0)
        {
            string word = double.IsNaN(value) ? "NaN" : value == 0 ? (double.IsNegative(value) ? "-0" : "0") : value > 0 ? "+Inf" : "-Inf";
            return text == word ? null : "expected " + word;
        }

        string plain = text.StartsWith('-') ? text[1..] : text;
        string[] halves = plain.Split('e');
        string all = halves[0].Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0').TrimEnd('0');
        int point = halves[0].IndexOf('.', StringComparison.Ordinal);
        int leading = (point < 0 ? halves[0].Length : point) - 1 - (all.Length - all.TrimStart('0').Length)
            + (halves.Length == 2 ? (int)Exponent(halves[1]) : 0);
        string layout = (value < 0 ? "-" : "") + Layout(digits, leading);
        if (layout != text)
        {
            return "laid out wrongly, expected " + layout;
        }

        BigInteger number = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        int power = leading - digits.Length + 1;
        double size = Math.Abs(value);
        if (!Means(number, power, size))
        {
            return "means another number";
        }

        if (digits.Length > 1 && (Means(number / 10, power + 1, size) || Means((number / 10) + 1, power + 1, size)))
        {
            return "one digit less would do";
        }

        // A nearer one may mean another number: below a power of two doubles lie twice as dense.
        BigInteger distance = Distance(number, power, size);
        return IsNearer(number - 1) || IsNearer(number + 1) ? "a neighbour with as many digits is nearer" : null;

        bool IsNearer(BigInteger neighbour) => Distance(neighbour, power, size) < distance && Means(neighbour, power, size);
    }

    private static bool AllDigits(string text) => text.All(char.IsAsciiDigit);

    private static bool IsExponent(string text)
    {
        string digits = text.StartsWith('-') || text.StartsWith('+') ? text[1..] : text;
        return digits.Length > 0 && AllDigits(digits);
    }

    // Go stops reading an exponent once it has five digits.
    private static long Exponent(string text)
    {
        long size = 0;
        foreach (char digit in text.TrimStart('+', '-'))
        {
            size = size < 10_000 ? (size * 10) + digit - '0' : size;
        }

        return text.StartsWith('-') ? -size : size;
    }

    // Go's 'g' with the shortest precision, where the exponent of fixed notation ends at 6 digits.
    private static string Layout(string digits, int leading)
    {
        if (leading is < -4 or >= 6)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(leading < 0 ? '-' : '+')}{Math.Abs(leading):00}");
        }

        return leading < 0 ? "0." + new string('0', -leading - 1) + digits
            : digits.Length <= leading + 1 ? digits.PadRight(leading + 1, '0')
            : digits[..(leading + 1)] + "." + digits[(leading + 1)..];
    }

    private static bool Means(BigInteger number, int power, double value) => TryRound(number, power, out double read) && read == value;

    // The double nearest to number * 10^power, the even one of two equally near; false if that is infinity.
    private static bool TryRound(BigInteger number, long power, out double value)
    {
        value = 0;
        long magnitude = (long)Math.Floor(BigInteger.Log10(BigInteger.Max(number, 1))) + power;
        if (number.IsZero || magnitude < -400)
        {
            return true;
        }

        if (magnitude > 400)
        {
            return false;
        }

        BigInteger numerator = power > 0 ? number * BigInteger.Pow(10, (int)power) : number;
        BigInteger denominator = power < 0 ? BigInteger.Pow(10, (int)-power) : BigInteger.One;
        long exponent = Math.Max(numerator.GetBitLength() - denominator.GetBitLength() - 53, -1074);
        BigInteger mantissa = Divide(numerator, denominator, exponent);
        if (mantissa > HiddenBit << 1)
        {
            exponent++;
            mantissa = Divide(numerator, denominator, exponent);
        }

        // A mantissa that rounded up to 2^53 carries into the exponent by itself, as one of 2^52 does where there was no hidden bit.
        ulong bits = mantissa < HiddenBit ? (ulong)mantissa : ((ulong)(exponent + 1075) << 52) + ((ulong)mantissa - HiddenBit);
        bool fits = bits < 0x7FF0_0000_0000_0000;
        value = fits ? BitConverter.UInt64BitsToDouble(bits) : 0;
        return fits;
    }

    // numerator / denominator / 2^exponent to the nearest whole number, ties to even.
    private static BigInteger Divide(BigInteger numerator, BigInteger denominator, long exponent)
    {
        BigInteger top = exponent < 0 ? numerator << (int)-exponent : numerator;
        BigInteger bottom = exponent > 0 ? denominator << (int)exponent : denominator;
        BigInteger whole = BigInteger.DivRem(top, bottom, out BigInteger rest);
        int half = (rest * 2).CompareTo(bottom);
        return half > 0 || (half == 0 && !whole.IsEven) ? whole + 1 : whole;
    }

    // |value - number * 10^power|, scaled so that it is whole.
    private static BigInteger Distance(BigInteger number, int power, double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int biased = (int)(bits >> 52);
        BigInteger mantissa = (bits & (HiddenBit - 1)) | (biased == 0 ? 0 : HiddenBit);
        BigInteger exact = (mantissa << (Math.Max(biased, 1) + 25)) * BigInteger.Pow(10, 400);
        return BigInteger.Abs(exact - ((number * BigInteger.Pow(10, power + 400)) << 1100));
    }
}
