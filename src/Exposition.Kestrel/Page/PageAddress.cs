using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>Relative links hold below one spelling of an address only, while routes match with a slash at the end and without.</summary>
internal static class PageAddress
{
    /// <summary>Sends the browser to the spelling from which the links of the answer hold.</summary>
    /// <param name="context">The request.</param>
    /// <param name="withSlash">Whether that ends with a slash.</param>
    /// <returns>Null if it is there.</returns>
    public static Task? Redirect(HttpContext context, bool withSlash)
    {
        string path = context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
        string right = path.TrimEnd('/') + (withSlash ? "/" : "");
        string query = context.Request.QueryString.ToUriComponent();
        return path == right
            ? null
            : Responses.RedirectAsync(context, PathCleaner.EscapeLocation(right + query), StatusCodes.Status301MovedPermanently);
    }
}
