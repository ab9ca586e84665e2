using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Clients;

/// <summary>Under which URL a client reaches the engine, for what it copies: commands, targets of scrapes.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Host">The name, with its port unless that is the scheme's.</param>
/// <param name="Prefix">What stands before every path, decoded; empty for nothing.</param>
/// <param name="IsTold">
/// Whether the host's options or a trusted proxy have said so. Else it is what the request says, and a proxy in between may have changed
/// that.
/// </param>
internal readonly record struct ReachedAddress(string Scheme, HostString Host, string Prefix, bool IsTold)
{
    /// <summary>The root, as a URL with a slash at its end.</summary>
    public string Url => $"{Scheme}://{Host.ToUriComponent()}{PathCleaner.EscapePath(Prefix)}/";

    /// <summary>
    /// The external URL that the host was given, else what a trusted proxy says in <c>X-Forwarded-Proto</c>, <c>-Host</c> and
    /// <c>-Prefix</c>, else what the request came to.
    /// </summary>
    /// <returns>Null if nothing says which host it is.</returns>
    public static ReachedAddress? Of(ExpositionEngine engine, ExpositionStatusOptions status, HttpContext context)
    {
        HttpRequest request = context.Request;
        if (status.ExternalUrl is { } url)
        {
            return new ReachedAddress(
                url.Scheme, url.IsDefaultPort ? new HostString(url.Host) : new HostString(url.Host, url.Port), status.ExternalPath, true);
        }

        bool isBelieved = engine.Clients.BelievesPeerOf(context);
        string? scheme = isBelieved ? Last(request, "X-Forwarded-Proto") : null;
        string? host = isBelieved ? Last(request, "X-Forwarded-Host") : null;
        string? prefix = isBelieved ? PrefixIn(Last(request, "X-Forwarded-Prefix")) : null;
        bool isHost = host is not null && Authority.TryParse(host, out _);
        HostString reached = isHost ? new HostString(host!) : request.Host;
        return !reached.HasValue ? null : new ReachedAddress(
            scheme?.ToLowerInvariant() is ("http" or "https") and var known ? known : request.Scheme,
            reached,
            status.ExternalPath.Length > 0 ? status.ExternalPath : prefix + request.PathBase.Value + engine.Paths.Served.Prefix,
            isHost || prefix is not null || status.ExternalPath.Length > 0);
    }

    // Proxies append: the last is that of the proxy which is trusted.
    private static string? Last(HttpRequest request, string header) =>
        request.Headers[header] is { Count: > 0 } values ? LastOf(values) : null;

    private static string? LastOf(StringValues values)
    {
        string last = values[^1] ?? "";
        string entry = last[(last.LastIndexOf(',') + 1)..].Trim();
        return entry.Length > 0 ? entry : null;
    }

    private static string? PrefixIn(string? path) =>
        path is null || RoutePath.FaultOf(path) is not null ? null : RoutePath.Normalise(path);
}
