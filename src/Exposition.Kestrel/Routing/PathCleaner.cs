using System.Text;

namespace Exposition.Kestrel.Routing;

/// <summary>Cleans paths as the reference's router does before it redirects.</summary>
internal static class PathCleaner
{
    /// <summary>Removes empty, <c>.</c> and <c>..</c> segments; a trailing slash stays. Works on the escaped path.</summary>
    public static string Clean(ReadOnlySpan<char> path)
    {
        var kept = new List<string>();
        foreach (Range range in path.Split('/'))
        {
            switch (path[range])
            {
                case "" or ".":
                    break;
                case "..":
                    if (kept.Count > 0)
                    {
                        kept.RemoveAt(kept.Count - 1);
                    }

                    break;
                case var segment:
                    kept.Add(segment.ToString());
                    break;
            }
        }

        string clean = "/" + string.Join('/', kept);
        return path.EndsWith("/") && clean.Length > 1 ? clean + "/" : clean;
    }

    /// <summary>Escapes what must not stand in a Location header.</summary>
    public static string EscapeLocation(string target)
    {
        var escaped = new StringBuilder(target.Length);
        foreach (char c in target)
        {
            if (c is <= ' ' or >= (char)0x7F or '"' or '<' or '>' or '[' or ']' or '\\' or '^' or '`' or '{' or '|' or '}')
            {
                foreach (byte b in Encoding.UTF8.GetBytes([c]))
                {
                    escaped.Append('%').Append(Convert.ToHexString([b]));
                }
            }
            else
            {
                escaped.Append(c);
            }
        }

        return escaped.ToString();
    }
}
