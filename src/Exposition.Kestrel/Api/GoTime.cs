using System.Globalization;

namespace Exposition.Kestrel.Api;

/// <summary>Times as Go writes them (RFC 3339).</summary>
internal static class GoTime
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>With as many of nine decimals as are needed, and the zone's offset.</summary>
    /// <param name="unixNanoseconds">Nanoseconds since the Unix epoch.</param>
    /// <param name="zone">The zone to show it in.</param>
    public static string Nano(long unixNanoseconds, TimeZoneInfo zone)
    {
        (long seconds, long fraction) = Split(unixNanoseconds);
        string decimals = fraction == 0 ? "" : "." + fraction.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return Format(seconds, zone, decimals);
    }

    /// <inheritdoc cref="Nano(long, TimeZoneInfo)"/>
    public static string Nano(DateTimeOffset at, TimeZoneInfo zone) => Nano((at - DateTimeOffset.UnixEpoch).Ticks * 100, zone);

    /// <summary>In whole seconds.</summary>
    public static string Seconds(long unixNanoseconds, TimeZoneInfo zone) => Format(Split(unixNanoseconds).Seconds, zone, "");

    private static (long Seconds, long Fraction) Split(long nanoseconds)
    {
        (long seconds, long fraction) = Math.DivRem(nanoseconds, NanosecondsPerSecond);
        return fraction < 0 ? (seconds - 1, fraction + NanosecondsPerSecond) : (seconds, fraction);
    }

    private static string Format(long unixSeconds, TimeZoneInfo zone, string decimals)
    {
        DateTimeOffset time = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(unixSeconds), zone);
        string offset = time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture);
        return time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + decimals + offset;
    }
}
