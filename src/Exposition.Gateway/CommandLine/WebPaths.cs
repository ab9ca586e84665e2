using System.Buffers;
using Exposition.Formats.Go;
using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.CommandLine;

/// <summary>The rules by which route prefix, external URL and telemetry path become paths.</summary>
internal static class WebPaths
{
    private static readonly SearchValues<char> s_schemeCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    /// <summary>Empty for nothing and for slashes; otherwise with a leading slash, none at the end and no two together.</summary>
    public static string Normalise(string path) =>
        string.Concat(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(static segment => "/" + segment));

    /// <summary>Joins and cleans as Go's path.Join: no empty, <c>.</c> or <c>..</c> segments, no slash at the end.</summary>
    public static string Join(string prefix, string path) => PathCleaner.Clean($"{prefix}/{path}".TrimEnd('/'));

    /// <summary>The path of a URL, decoded; empty where there is none.</summary>
    /// <exception cref="FlagException">It is no URL; the text is that of the Pushgateway.</exception>
    public static string PathOfUrl(string url)
    {
        if (url.Length == 0)
        {
            return "";
        }

        FlagException Invalid(string why) => new($"invalid URL: parse {GoQuote.Text(url)}: {why}");
        if (url.Any(char.IsControl))
        {
            throw Invalid("net/url: invalid control character in URL");
        }

        string rest = url.Split('#', 2)[0];
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (colon == 0)
        {
            throw Invalid("missing protocol scheme");
        }

        if (colon > 0 && (slash < 0 || colon < slash))
        {
            bool isScheme = char.IsAsciiLetter(rest[0]) && !rest.AsSpan(0, colon).ContainsAnyExcept(s_schemeCharacters);
            if (!isScheme)
            {
                throw Invalid("first path segment in URL cannot contain colon");
            }

            rest = rest[(colon + 1)..];
            if (!rest.StartsWith('/'))
            {
                return "";
            }
        }

        rest = rest.Split('?', 2)[0];
        if (rest.StartsWith("//", StringComparison.Ordinal))
        {
            int pathStart = rest.IndexOf('/', 2);
            string host = pathStart < 0 ? rest[2..] : rest[2..pathStart];
            CheckHost(host, Invalid);
            rest = pathStart < 0 ? "" : rest[pathStart..];
        }

        int bad = FindBadEscape(rest);
        return bad < 0
            ? Uri.UnescapeDataString(rest)
            : throw Invalid($"invalid URL escape {GoQuote.Text(rest.Substring(bad, Math.Min(3, rest.Length - bad)))}");
    }

    private static int FindBadEscape(string path)
    {
        for (int at = path.IndexOf('%', StringComparison.Ordinal); at >= 0; at = path.IndexOf('%', at + 1))
        {
            if (at + 2 >= path.Length || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
            {
                return at;
            }
        }

        return -1;
    }

    private static void CheckHost(string authority, Func<string, FlagException> invalid)
    {
        string host = authority[(authority.LastIndexOf('@') + 1)..];
        string port = "";
        if (host.StartsWith('['))
        {
            int close = host.LastIndexOf(']');
            if (close < 0)
            {
                throw invalid("missing ']' in host");
            }

            port = host[(close + 1)..];
        }
        else if (host.LastIndexOf(':') is var colon and >= 0)
        {
            port = host[colon..];
        }

        if (port.Length > 0 && (port[0] != ':' || port.AsSpan(1).IndexOfAnyExceptInRange('0', '9') >= 0))
        {
            throw invalid($"invalid port {GoQuote.Text(port)} after host");
        }

        if (host.Contains(' ', StringComparison.Ordinal))
        {
            throw invalid("invalid character \" \" in host name");
        }
    }
}
