using System.Globalization;

namespace Exposition.Kestrel.Page;

/// <summary>Numbers as people read them.</summary>
internal static class Words
{
    // Narrow, and no line breaks there.
    private const char Space = '\u202f';

    private static readonly NumberFormatInfo s_grouped = new() { NumberGroupSeparator = Space.ToString(), NumberGroupSizes = [3] };

    private static readonly (double Seconds, string Unit)[] s_units = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")];

    /// <summary>With groups of three digits.</summary>
    public static string Count(long number) => number.ToString("#,0", s_grouped);

    /// <summary>A number and what it counts.</summary>
    public static string Count(long number, string one, string many) => $"{Count(number)} {(number == 1 ? one : many)}";

    /// <summary>Bytes, in the largest unit of which there is one at least.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double size = bytes;
        int unit = 0;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return size.ToString(unit == 0 || size >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>A time, in the largest unit of which there are two at least.</summary>
    public static string Duration(TimeSpan time)
    {
        double seconds = Math.Max(0, time.TotalSeconds);
        (double inUnit, string name) = Array.Find(s_units, unit => seconds >= 2 * unit.Seconds);
        return inUnit == 0 ? "1 s" : $"{Count((long)(seconds / inUnit))} {name}";
    }
}
