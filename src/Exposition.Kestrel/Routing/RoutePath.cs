using System.Buffers;

namespace Exposition.Kestrel.Routing;

// Paths of the configuration end in route patterns, links and comparisons of bytes; what would mean something else there is refused.

/// <summary>Paths that the host chooses: the route prefix and the path of scrapes.</summary>
internal static class RoutePath
{
    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("/ -._~!$&'()+,;=:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Starts it with a slash and takes empty segments away; empty where nothing is left.</summary>
    /// <exception cref="ArgumentException">It cannot be served.</exception>
    public static string Normalise(string path)
    {
        int bad = path.AsSpan().IndexOfAnyExcept(s_allowed);
        if (bad >= 0)
        {
            throw new ArgumentException(
                $"path \"{path}\" cannot be served: character {bad + 1} is none of A-Z a-z 0-9 blank - . _ ~ ! $ & ' ( ) + , ; = : @ /");
        }

        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Exists(segments, static segment => segment is "." or ".."))
        {
            throw new ArgumentException($"path \"{path}\" cannot be served: it has a segment . or ..");
        }

        return segments.Length == 0 ? "" : "/" + string.Join('/', segments);
    }
}
