using System.Globalization;
using System.Text;

namespace Exposition.Gateway.CommandLine;

/// <summary>Durations in Go's notation, with the units d and w that the reference's flag library adds.</summary>
internal static class GoDuration
{
    /// <summary>Reads a duration.</summary>
    /// <exception cref="FlagException">It is none; the text is that of the reference.</exception>
    public static long ParseNanoseconds(string text) =>
        Kestrel.Serving.GoDuration.TryParse(text, out long nanoseconds, out string? error) ? nanoseconds : throw new FlagException(error!);

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
