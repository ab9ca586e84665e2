using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Origins;

// A page of any site can make the browser of its reader send a POST here, with the credentials that the browser knows, and no preflight
// asks us first. Browsers say so in Sec-Fetch-Site; those that do not, in Origin. Nobody else sends either, so that jobs and scripts are
// never refused.

/// <summary>Refuses what pages of other sites make browsers do, and host names that are not ours.</summary>
internal sealed class OriginRules(ExpositionEngine engine)
{
    private readonly Authority[] _trusted = [.. engine.Options.TrustedOrigins.Select(static origin => ReadOrigin(origin)!)];

    /// <summary>Answers a request that must not be served.</summary>
    /// <returns>Null if it may be.</returns>
    public Task? Refuse(HttpContext context)
    {
        HttpRequest request = context.Request;
        string host = request.Host.Value ?? "";
        if (!engine.Hosts.Allows(host))
        {
            string setting = engine.Options.NameOf(nameof(ExpositionOptions.AllowedHosts), "--web.allowed-hosts");
            return engine.RefuseAsync(context, new Answer(421, $"this host name is not served here ({setting})", Rejected: Rejection.Host));
        }

        return request.Method is "PUT" or "POST" or "DELETE" && Objection(request, host) is { } objection
            ? engine.RefuseAsync(context, new Answer(403, $"{request.Method} refused: {objection}", Rejected: Rejection.CrossSite))
            : null;
    }

    /// <summary>Whether a page of an origin asks that is neither this host nor trusted.</summary>
    public bool IsForeign(HttpRequest request) =>
        !request.Headers.Origin.All(origin => IsOurs(origin ?? "", request.Host.Value ?? ""));

    /// <summary>Which of the origins is none, and what was expected; null if all are.</summary>
    public static string? FaultOf(IEnumerable<string> origins) =>
        origins.FirstOrDefault(static origin => ReadOrigin(origin) is null) is { } wrong
            ? $"{wrong} is no origin: expected a URL such as https://push.example.org"
            : null;

    private static Authority? ReadOrigin(string text) => Authority.TryParseOrigin(text, out Authority? origin) ? origin : null;

    private string? Objection(HttpRequest request, string host)
    {
        StringValues sites = request.Headers["Sec-Fetch-Site"];
        bool known = sites.Count > 0;
        foreach (string site in sites.SelectMany(static line => (line ?? "").Split(',')))
        {
            switch (site.Trim().ToLowerInvariant())
            {
                case "cross-site" or "same-site" when !IsTrusted(request.Headers.Origin):
                    return "it was sent by a page of another origin (Sec-Fetch-Site)";
                case "cross-site" or "same-site" or "same-origin" or "none":
                    break;
                default:
                    known = false;
                    break;
            }
        }

        return known || request.Headers.Origin.All(origin => IsOurs(origin ?? "", host))
            ? null
            : "it was sent by a page of another origin (Origin)";
    }

    // A page cannot choose what its browser says of its origin.
    private bool IsTrusted(StringValues origins) => origins.Count > 0
        && origins.All(origin => Authority.TryParseOrigin(origin ?? "", out Authority? page) && _trusted.Contains(page));

    // Behind a proxy that speaks TLS the scheme of the page is not the one that is spoken here; a port that Host leaves out is that of the
    // page's scheme.
    private bool IsOurs(string origin, string host) =>
        Authority.TryParseOrigin(origin, out Authority? page)
        && (_trusted.Contains(page)
            || (Authority.TryParse(host, out Authority? here) && here.Host == page.Host
                && (here.Port == 0 ? IsStandard(origin, page) : here.Port == page.Port)));

    private static bool IsStandard(string origin, Authority page) =>
        page.Port == (origin.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? 443 : 80);
}
