using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Routing;

/// <summary>The request target as it was sent.</summary>
internal static class RequestTarget
{
    /// <summary>The raw target in origin form, without the host's path base.</summary>
    public static string Of(HttpContext context)
    {
        string raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (raw.Length == 0)
        {
            // Hosts without a wire need not have one.
            raw = context.Request.PathBase.Add(context.Request.Path).ToUriComponent() + context.Request.QueryString.ToUriComponent();
        }

        if (!raw.StartsWith('/'))
        {
            int scheme = raw.IndexOf("://", StringComparison.Ordinal);
            int path = scheme < 0 ? -1 : raw.IndexOf('/', scheme + 3);
            raw = path < 0 ? "/" : raw[path..];
        }

        string pathBase = context.Request.PathBase.ToUriComponent();
        return pathBase.Length > 0 && raw.StartsWith(pathBase, StringComparison.OrdinalIgnoreCase) ? raw[pathBase.Length..] : raw;
    }

    /// <summary>The target with its path cleaned.</summary>
    public static string Clean(string target)
    {
        int query = target.IndexOf('?', StringComparison.Ordinal);
        int length = query < 0 ? target.Length : query;
        return PathCleaner.EscapeLocation(PathCleaner.Clean(target.AsSpan(0, length)) + target[length..]);
    }
}
