using System.Globalization;
using Exposition.Formats.Go;

namespace Exposition.Gateway.CommandLine;

// size = digits [ unit ], unit = B | KB | KiB | MB | MiB | GB | GiB, in any case. As in Go's flag libraries all of them are powers of 1024.

/// <summary>Sizes in bytes as flags take and show them.</summary>
internal static class ByteSize
{
    private static readonly (string Name, long Bytes)[] s_units =
        [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10), ("B", 1)];

    /// <summary>Reads a size.</summary>
    /// <exception cref="FlagException">It is none.</exception>
    public static long Parse(string text)
    {
        (string unit, long scale) = s_units.FirstOrDefault(
            unit => text.EndsWith(unit.Name, StringComparison.OrdinalIgnoreCase), (Name: "", Bytes: 1L));
        return long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number <= long.MaxValue / scale
            ? number * scale
            : throw new FlagException($"invalid size {GoQuote.Text(text)}, expected bytes such as 65536, 64KiB, 64MiB or 1GiB");
    }

    /// <summary>Writes a size in the largest unit that leaves no fraction.</summary>
    public static string Format(long bytes)
    {
        (string unit, long scale) = s_units.First(unit => bytes % unit.Bytes == 0 && (bytes > 0 || unit.Bytes == 1));
        return scale == 1 ? bytes.ToString(CultureInfo.InvariantCulture) : (bytes / scale).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
