using System.Globalization;
using System.Text;

namespace Exposition.Gateway.Http;

// Paths are kept as Latin-1 strings, one character per decoded byte, because the reference's paths are bytes and need not be UTF-8.

/// <summary>The path of a request as the reference's router sees it.</summary>
internal static class DecodedTarget
{
    // What Go's net/url leaves alone in a path; everything else is percent-encoded.
    private const string Unescaped = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~$&+,/:;=@";

    /// <summary>Cuts a raw target (origin or absolute form) into decoded path and query.</summary>
    /// <param name="target">The target of the request line.</param>
    /// <param name="path">The decoded path, a character per byte.</param>
    /// <param name="query">The query with its question mark, or empty.</param>
    /// <returns>False if an escape is malformed.</returns>
    public static bool TryParse(string target, out string path, out string query)
    {
        string rest = OriginForm(target);
        int mark = rest.IndexOf('?', StringComparison.Ordinal);
        query = mark < 0 ? "" : rest[mark..];
        return TryDecode(mark < 0 ? rest : rest[..mark], out path);
    }

    /// <summary>A raw target without scheme and host.</summary>
    public static string OriginForm(string target)
    {
        int scheme = target.StartsWith('/') ? -1 : target.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return target;
        }

        int start = target.AsSpan(scheme + 3).IndexOfAny('/', '?');
        string rest = start < 0 ? "/" : target[(scheme + 3 + start)..];
        return rest.StartsWith('?') ? "/" + rest : rest;
    }

    /// <summary>Encodes a path for a Location header.</summary>
    public static string Encode(string path)
    {
        var encoded = new StringBuilder(path.Length);
        foreach (char b in path)
        {
            if (Unescaped.Contains(b, StringComparison.Ordinal))
            {
                encoded.Append(b);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{(int)b:X2}");
            }
        }

        return encoded.ToString();
    }

    private static bool TryDecode(string escaped, out string path)
    {
        var decoded = new StringBuilder(escaped.Length);
        path = "";
        for (int i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] == '%')
            {
                if (i + 2 >= escaped.Length
                    || !byte.TryParse(escaped.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b))
                {
                    return false;
                }

                decoded.Append((char)b);
                i += 2;
            }
            else if (escaped[i] < 0x80)
            {
                decoded.Append(escaped[i]);
            }
            else
            {
                foreach (byte b in Encoding.UTF8.GetBytes(escaped, i, 1))
                {
                    decoded.Append((char)b);
                }
            }
        }

        path = decoded.ToString();
        return true;
    }
}
