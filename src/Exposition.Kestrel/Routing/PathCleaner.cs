using System.Buffers;
using System.Text;

namespace Exposition.Kestrel.Routing;

/// <summary>Cleans paths as the Pushgateway's router does before it redirects, and escapes them for where it redirects to.</summary>
internal static class PathCleaner
{
    private const string EmptyComponent =
        "the path has an empty component: either a slash too many, or a label value that is empty or holds slashes, which is sent as "
            + "NAME@base64/VALUE (an empty one as NAME@base64/=)";

    private const string DotComponent = "the path has a component of dots: a label value . or .. is sent as NAME@base64/VALUE";

    // What Go's net/url leaves alone in a path.
    private static readonly SearchValues<byte> s_path =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@"u8);

    private static readonly SearchValues<byte> s_target =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@!#%'()*?"u8);

    /// <summary>Removes empty, <c>.</c> and <c>..</c> segments; a trailing slash stays. Works on escaped and decoded paths.</summary>
    public static string Clean(string path)
    {
        var kept = new List<string>();
        foreach (string segment in path.Split('/'))
        {
            switch (segment)
            {
                case "" or ".":
                    break;
                case "..":
                    if (kept.Count > 0)
                    {
                        kept.RemoveAt(kept.Count - 1);
                    }

                    break;
                default:
                    kept.Add(segment);
                    break;
            }
        }

        string clean = "/" + string.Join('/', kept);
        return path.EndsWith('/') && clean.Length > 1 ? clean + "/" : clean;
    }

    /// <summary>What is to be cleaned of an escaped path, in words for the client; null if nothing is.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> path) =>
        path.IndexOf("//"u8) >= 0 ? EmptyComponent
        : HasDots(path) ? DotComponent
        : null;

    /// <summary>Escapes a decoded path, of a character per byte.</summary>
    public static string EscapePath(string path) => Escape(Encoding.Latin1.GetBytes(path), s_path);

    /// <summary>Escapes what must not stand in a Location header. Works on escaped targets.</summary>
    public static string EscapeLocation(string target) => Escape(Encoding.UTF8.GetBytes(target), s_target);

    private static string Escape(byte[] text, SearchValues<byte> plain)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (byte b in text)
        {
            _ = plain.Contains(b) ? escaped.Append((char)b) : escaped.Append('%').Append(Convert.ToHexString([b]));
        }

        return escaped.ToString();
    }

    private static bool HasDots(ReadOnlySpan<byte> path)
    {
        for (int at; (at = path.IndexOf("/."u8)) >= 0; path = path[(at + 2)..])
        {
            ReadOnlySpan<byte> after = path[(at + 2)..];
            if (after.StartsWith((byte)'.'))
            {
                after = after[1..];
            }

            if (after.IsEmpty || after[0] == '/')
            {
                return true;
            }
        }

        return false;
    }
}
