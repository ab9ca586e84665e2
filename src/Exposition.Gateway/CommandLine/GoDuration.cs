using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Gateway.CommandLine;

// Grammar: [+-] ( "0" | ( number unit )+ ), number = digits [ "." digits ] | "." digits,
// unit = ns | us | µs | μs | ms | s | m | h | d | w. Counted in nanoseconds in 63 bits; fractions below a nanosecond are cut.

/// <summary>Durations in Go's notation, with the units d and w that the reference's flag library adds.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> s_numberStart = SearchValues.Create(".0123456789");

    private static readonly (string Name, long Nanoseconds)[] s_units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000), ("w", 604_800_000_000_000),
    ];

    /// <summary>Reads a duration.</summary>
    /// <exception cref="FlagException">It is none; the text is that of the reference.</exception>
    public static long ParseNanoseconds(string text)
    {
        FlagException Invalid() => new($"time: invalid duration {GoText.Quote(text)}");
        string rest = text;
        bool negative = false;
        if (rest.Length > 0 && rest[0] is '+' or '-')
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }

        if (rest == "0")
        {
            return 0;
        }

        if (rest.Length == 0)
        {
            throw Invalid();
        }

        decimal total = 0;
        while (rest.Length > 0)
        {
            int digits = rest.AsSpan().IndexOfAnyExceptInRange('0', '9') is var n && n < 0 ? rest.Length : n;
            int end = digits;
            if (end < rest.Length && rest[end] == '.')
            {
                int fraction = rest.AsSpan(end + 1).IndexOfAnyExceptInRange('0', '9') is var f && f < 0 ? rest.Length - end - 1 : f;
                end += 1 + fraction;
                digits += fraction;
            }

            if (digits == 0 || digits > 28)
            {
                throw Invalid();
            }

            decimal number = decimal.Parse(rest.AsSpan(0, end), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            rest = rest[end..];
            int unitEnd = rest.AsSpan().IndexOfAny(s_numberStart) is var u && u < 0 ? rest.Length : u;
            string unit = rest[..unitEnd];
            if (unit.Length == 0)
            {
                throw new FlagException($"time: missing unit in duration {GoText.Quote(text)}");
            }

            long scale = Array.Find(s_units, known => known.Name == unit).Nanoseconds;
            if (scale == 0)
            {
                throw new FlagException($"time: unknown unit {GoText.Quote(unit)} in duration {GoText.Quote(text)}");
            }

            if (number > long.MaxValue / scale || (total += decimal.Truncate(number * scale)) > long.MaxValue)
            {
                throw Invalid();
            }

            rest = rest[unitEnd..];
        }

        return negative ? -(long)total : (long)total;
    }

    /// <summary>Writes a duration as Go does: <c>5m0s</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
    public static string Format(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        var text = new StringBuilder(nanoseconds < 0 ? "-" : "");
        ulong rest = nanoseconds < 0 ? (ulong)-nanoseconds : (ulong)nanoseconds;
        if (rest < 1_000_000_000)
        {
            (string unit, ulong scale) = rest < 1_000 ? ("ns", 1UL) : rest < 1_000_000 ? ("µs", 1_000UL) : ("ms", 1_000_000UL);
            return text.Append(Fraction(rest, scale)).Append(unit).ToString();
        }

        ulong minutes = rest / 60_000_000_000;
        if (minutes >= 60)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes / 60}h");
        }

        if (minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes % 60}m");
        }

        return text.Append(Fraction(rest % 60_000_000_000, 1_000_000_000)).Append('s').ToString();
    }

    private static string Fraction(ulong value, ulong scale) => ((decimal)value / scale).ToString("0.#########", CultureInfo.InvariantCulture);
}
