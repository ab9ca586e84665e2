using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Routing;

/// <summary>The request target as it was sent, and its parts.</summary>
internal static class RequestTarget
{
    /// <summary>The raw target in origin form, without the host's path base.</summary>
    public static string Of(HttpContext context)
    {
        string whole = WholeOf(context);
        return whole[LengthOfBase(context, whole)..];
    }

    /// <summary>The host's path base as it was sent, which redirects begin with; empty if there is none.</summary>
    public static string PathBaseOf(HttpContext context)
    {
        string whole = WholeOf(context);
        return whole[..LengthOfBase(context, whole)];
    }

    private static string WholeOf(HttpContext context)
    {
        string raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (raw.Length == 0)
        {
            // Hosts without a wire need not have one.
            raw = context.Request.PathBase.Add(context.Request.Path).ToUriComponent() + context.Request.QueryString.ToUriComponent();
        }

        return OriginForm(raw);
    }

    private static int LengthOfBase(HttpContext context, string whole)
    {
        string pathBase = context.Request.PathBase.ToUriComponent();
        return whole.StartsWith(pathBase, StringComparison.OrdinalIgnoreCase) ? pathBase.Length : 0;
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

    /// <summary>Cuts a target in origin form into path and query, the latter with its question mark, or empty.</summary>
    public static (string Path, string Query) Cut(string target)
    {
        int query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? (target, "") : (target[..query], target[query..]);
    }

    /// <summary>The path as the Pushgateway's router sees it: decoded, with a character per byte, as it need not be UTF-8.</summary>
    /// <param name="escaped">The path as sent.</param>
    /// <param name="path">The decoded path.</param>
    /// <returns>False if an escape is malformed.</returns>
    public static bool TryDecode(string escaped, out string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(escaped);
        bool valid = PercentEncoding.IsWellFormed(bytes);
        path = valid ? Encoding.Latin1.GetString(bytes, 0, PercentEncoding.Decode(bytes, bytes)) : "";
        return valid;
    }
}
