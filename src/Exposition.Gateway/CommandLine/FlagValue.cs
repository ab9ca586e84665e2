using Exposition.Formats.Go;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.CommandLine;

/// <summary>What flags take beside plain text: times, paths, modes.</summary>
internal static class FlagValue
{
    /// <summary>A time as flags show it.</summary>
    public static string Of(TimeSpan time) => GoDuration.Format(time.Ticks * 100);

    /// <summary>Reads a time in Go's form.</summary>
    public static TimeSpan ReadTime(string flag, string value) => GoDuration.ParseNanoseconds(value) is var time and >= 0
        ? TimeSpan.FromTicks(time / 100)
        : throw new FlagException($"{flag}: must not be negative, got {value}");

    /// <summary>Reads a time that somebody waits for.</summary>
    public static TimeSpan ReadWait(string flag, string value) =>
        ReadTime(flag, value) is var time && time > TimeSpan.Zero && time <= TimeSpan.FromHours(1)
            ? time
            : throw new FlagException($"{flag}: expected at most 1h and more than 0, got {value}");

    /// <summary>Reads a time of <c>--push.expire-after</c> and its like.</summary>
    public static TimeSpan ReadExpiry(string flag, string value) =>
        GoDuration.TryParseTime(value, out TimeSpan time, out string? error) ? time : throw new FlagException($"--{flag}: {error}");

    /// <summary>Takes what is given if the path that it comes to can be served.</summary>
    public static string ReadPath(string flag, string given, string path) =>
        RoutePath.FaultOf(path) is { } fault ? throw new FlagException($"--{flag}: {fault}") : given;

    /// <summary>Reads the URL of a server.</summary>
    public static Uri ReadUrl(string flag, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.Host.Length > 0
            ? url
            : throw new FlagException($"--{flag}: expected a URL such as http://localhost:9091/-/healthy, got {GoQuote.Text(value)}");

    /// <summary>Reads <c>--web.allowed-hosts</c>.</summary>
    public static string[] ReadHosts(string value)
    {
        string[] names = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return AllowedHosts.FaultOf(names) is { } fault ? throw new FlagException($"--web.allowed-hosts: {fault}") : names;
    }

    /// <summary>Reads <c>--web.socket-mode</c>.</summary>
    public static UnixFileMode ReadMode(string value)
    {
        bool octal = value.Length is 3 or 4 && value.All(static digit => digit is >= '0' and <= '7');
        return octal && Convert.ToInt32(value, 8) is var mode and <= 0x1FF
            ? (UnixFileMode)mode
            : throw new FlagException($"--web.socket-mode: expected an octal mode such as 0660, got {GoQuote.Text(value)}");
    }
}
