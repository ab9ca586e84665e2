using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Origins;

// Browsers send Origin with whatever a page's script changes; clients do not. A header of our own can be sent by a page of the same origin,
// but by one of another only after a preflight, in which we allow none. Unlike a comparison of Origin with Host this holds behind proxies
// that change Host, and unlike Sec-Fetch-Site over plain HTTP.

/// <summary>What the page's own script sends with requests that concern everybody, so that no other page can.</summary>
internal static class PageHeader
{
    /// <summary>The header, whose value is 1.</summary>
    public const string Name = "Exposition-Page";

    /// <summary>Serves only what no page of another origin can have sent.</summary>
    public static RequestDelegate Guard(ExpositionEngine engine, RequestDelegate serve) => context =>
        context.Request.Headers.Origin.Count == 0 || context.Request.Headers[Name] == "1" ? serve(context)
            : engine.RefuseAsync(context, new Answer(
                403, $"{context.Request.Method} refused: it was sent by a page (Origin), and not by ours ({Name}: 1)",
                Rejected: Rejection.CrossSite));
}
