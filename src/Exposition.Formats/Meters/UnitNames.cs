using System.Text;

namespace Exposition.Formats.Meters;

/// <summary>
/// Units of instruments (UCUM) as Prometheus spells them in names, by the rules of OpenTelemetry: <c>By/s</c> is
/// <c>bytes_per_second</c>, annotations in braces are left out.
/// </summary>
internal static class UnitNames
{
    private static readonly Dictionary<string, string> s_units = new()
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["TiBy"] = "tebibytes",
        ["kBy"] = "kilobytes",
        ["KBy"] = "kilobytes",
        ["MBy"] = "megabytes",
        ["GBy"] = "gigabytes",
        ["TBy"] = "terabytes",
        ["m"] = "meters",
        ["V"] = "volts",
        ["A"] = "amperes",
        ["J"] = "joules",
        ["W"] = "watts",
        ["g"] = "grams",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
        ["%"] = "percent",
        ["1"] = "",
    };

    private static readonly Dictionary<string, string> s_per = new()
    {
        ["s"] = "second",
        ["m"] = "minute",
        ["min"] = "minute",
        ["h"] = "hour",
        ["d"] = "day",
        ["w"] = "week",
        ["mo"] = "month",
        ["y"] = "year",
    };

    /// <summary>The words of a unit in a name; empty for none. A gauge of unit <c>1</c> is a ratio.</summary>
    public static string Of(string? unit, bool isGauge)
    {
        string plain = WithoutAnnotations(unit ?? "").Trim();
        if (plain == "1")
        {
            return isGauge ? "ratio" : "";
        }

        int slash = plain.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return Word(plain, s_units);
        }

        string what = Word(plain[..slash], s_units);
        string per = Word(plain[(slash + 1)..], s_per);
        return per.Length == 0 ? what : what.Length == 0 ? "per_" + per : $"{what}_per_{per}";
    }

    /// <summary>The word of a unit without a slash; the unit itself if there is none for it.</summary>
    public static string WordOf(string unit) => s_units.GetValueOrDefault(unit, unit);

    /// <summary>The word of what a unit is per; that itself if there is none for it.</summary>
    public static string PerWordOf(string unit) => s_per.GetValueOrDefault(unit, unit);

    private static string Word(string unit, Dictionary<string, string> words) =>
        words.TryGetValue(unit.Trim(), out string? word) ? word : InstrumentNames.Words(unit);

    private static string WithoutAnnotations(string unit)
    {
        if (!unit.Contains('{', StringComparison.Ordinal))
        {
            return unit;
        }

        var kept = new StringBuilder(unit.Length);
        int depth = 0;
        foreach (char c in unit)
        {
            depth += c == '{' ? 1 : 0;
            if (depth == 0)
            {
                kept.Append(c);
            }

            depth -= c == '}' && depth > 0 ? 1 : 0;
        }

        return kept.ToString();
    }
}
