using System.Buffers;

namespace Exposition.Kestrel.Routing;

// Paths of the configuration end in route patterns, links and comparisons of bytes; what would mean something else there is refused.

/// <summary>Paths that the host chooses: the route prefix and the path of scrapes.</summary>
internal static class RoutePath
{
    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("/ -._~!$&'()+,;=:@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Starts it with a slash and takes empty segments away; empty where nothing is left.</summary>
    public static string Normalise(string path)
    {
        string[] segments = SegmentsOf(path);
        return segments.Length == 0 ? "" : "/" + string.Join('/', segments);
    }

    /// <summary>Why it cannot be served, with the path; null if it can.</summary>
    public static string? FaultOf(string path)
    {
        int bad = path.AsSpan().IndexOfAnyExcept(s_allowed);
        return bad >= 0
            ? $"path \"{path}\" cannot be served: character {bad + 1} is none of A-Z a-z 0-9 blank - . _ ~ ! $ & ' ( ) + , ; = : @ /"
            : Array.Exists(SegmentsOf(path), static segment => segment is "." or "..")
                ? $"path \"{path}\" cannot be served: it has a segment . or .."
            : null;
    }

    private static string[] SegmentsOf(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
