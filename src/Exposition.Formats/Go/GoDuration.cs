using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Go;

// Grammar: [+-] ( "0" | ( number unit )+ ), number = digits [ "." digits ] | "." digits,
// unit = ns | us | µs | μs | ms | s | m | h | d | w. Counted in nanoseconds in 63 bits; fractions below a nanosecond are cut.

/// <summary>Durations in Go's notation, with the units d and w that Prometheus and the Pushgateway's flag library add.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> s_numberStart = SearchValues.Create(".0123456789");

    private static readonly (string Name, long Nanoseconds)[] s_units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000), ("w", 604_800_000_000_000),
    ];

    /// <summary>Reads a duration. Does not allocate unless it is refused.</summary>
    /// <param name="text">The whole of it.</param>
    /// <param name="nanoseconds">What it says.</param>
    /// <param name="error">Why it is none, in the Pushgateway's words; null if it is one.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long nanoseconds, out string? error)
    {
        nanoseconds = 0;
        error = null;
        ReadOnlySpan<char> rest = text;
        bool negative = false;
        if (rest.Length > 0 && rest[0] is '+' or '-')
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return true;
        }

        decimal total = 0;
        while (error is null && rest.Length > 0)
        {
            error = TryTakePart(text, ref rest, ref total);
        }

        if (error is not null || text.Length == 0 || text is "+" or "-")
        {
            error ??= Invalid(text);
            return false;
        }

        nanoseconds = negative ? -(long)total : (long)total;
        return true;
    }

    /// <summary>Reads how long something may take or last, in .NET's units: what is less than a tick counts as one.</summary>
    /// <param name="text">The whole of it.</param>
    /// <param name="time">What it says.</param>
    /// <param name="error">Why it is none; null if it is one.</param>
    public static bool TryParseTime(ReadOnlySpan<char> text, out TimeSpan time, [NotNullWhen(false)] out string? error)
    {
        time = default;
        if (TryParse(text, out long nanoseconds, out error) && nanoseconds < 0)
        {
            error = $"negative duration {Quote(text)}";
        }

        if (error is not null)
        {
            return false;
        }

        time = TimeSpan.FromTicks((nanoseconds / 100) + (nanoseconds % 100 > 0 ? 1 : 0));
        return true;
    }

    /// <summary>The same for text that must be one.</summary>
    /// <exception cref="FormatException">It is none; the text is that of the Pushgateway.</exception>
    public static long ParseNanoseconds(string text) =>
        TryParse(text, out long nanoseconds, out string? error) ? nanoseconds : throw new FormatException(error);

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

    private static string? TryTakePart(ReadOnlySpan<char> text, ref ReadOnlySpan<char> rest, ref decimal total)
    {
        int digits = rest.IndexOfAnyExceptInRange('0', '9') is var n && n < 0 ? rest.Length : n;
        int end = digits;
        if (end < rest.Length && rest[end] == '.')
        {
            int fraction = rest[(end + 1)..].IndexOfAnyExceptInRange('0', '9') is var f && f < 0 ? rest.Length - end - 1 : f;
            end += 1 + fraction;
            digits += fraction;
        }

        if (digits is 0 or > 28)
        {
            return Invalid(text);
        }

        decimal number = decimal.Parse(rest[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        rest = rest[end..];
        int unitEnd = rest.IndexOfAny(s_numberStart) is var u && u < 0 ? rest.Length : u;
        ReadOnlySpan<char> unit = rest[..unitEnd];
        if (unit.Length == 0)
        {
            return $"time: missing unit in duration {Quote(text)}";
        }

        long scale = 0;
        foreach ((string name, long nanoseconds) in s_units)
        {
            scale = unit.SequenceEqual(name) ? nanoseconds : scale;
        }

        if (scale == 0)
        {
            return $"time: unknown unit {Quote(unit)} in duration {Quote(text)}";
        }

        if (number > long.MaxValue / scale || (total += decimal.Truncate(number * scale)) > long.MaxValue)
        {
            return Invalid(text);
        }

        rest = rest[unitEnd..];
        return null;
    }

    private static string Fraction(ulong value, ulong scale) =>
        ((decimal)value / scale).ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Invalid(ReadOnlySpan<char> text) => $"time: invalid duration {Quote(text)}";

    private static string Quote(ReadOnlySpan<char> text) => GoQuote.Text(Encoding.UTF8.GetBytes(text.ToArray()));
}
