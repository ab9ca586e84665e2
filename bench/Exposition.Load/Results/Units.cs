using System.Globalization;

namespace Exposition.Load.Results;

/// <summary>Figures with as many digits as they deserve.</summary>
internal static class Units
{
    /// <summary>Milliseconds, in the unit that fits.</summary>
    public static string Time(double? milliseconds) => milliseconds switch
    {
        null => "-",
        >= 1000 => Digits(milliseconds.Value / 1000) + " s",
        >= 1 => Digits(milliseconds.Value) + " ms",
        _ => Digits(milliseconds.Value * 1000) + " µs",
    };

    /// <summary>Three digits, or all before the point.</summary>
    public static string Digits(double value) => value switch
    {
        >= 100 => value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    /// <summary>What a row has beside its times.</summary>
    public static string Result(Row row) => row.Reached is { } reached ? Digits(reached) + " /s"
        : row.Value is { } value ? $"{Digits(value)} {row.Unit}"
        : "-";
}
