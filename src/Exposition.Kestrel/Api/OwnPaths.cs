using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>The paths below <c>/api/v1/</c> that the Pushgateway lacks: no page of another origin is invited to them.</summary>
internal static class OwnPaths
{
    private static readonly Dictionary<string, string> s_methods = new(StringComparer.OrdinalIgnoreCase)
    {
        ["admin/groups"] = "DELETE, OPTIONS",
        ["admin/snapshot"] = "OPTIONS, PUT",
        ["groups"] = "GET, HEAD, OPTIONS",
        ["jobs"] = "GET, HEAD, OPTIONS",
        ["openapi.json"] = "GET, HEAD, OPTIONS",
        ["refusals"] = "GET, HEAD, OPTIONS",
        ["targets"] = "GET, HEAD, OPTIONS",
    };

    /// <summary>Whether a path is one of these.</summary>
    /// <param name="path">The path below <c>/api/v1</c>, decoded.</param>
    public static bool Has(string path) => s_methods.ContainsKey(path.Trim('/'));

    /// <summary>Answers OPTIONS of such a path, without a word about origins.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The path below <c>/api/v1/</c>, decoded.</param>
    /// <returns>Null if it is another path.</returns>
    public static Task? AnswerOptions(HttpContext context, string? path)
    {
        if (path is null || !s_methods.TryGetValue(path.Trim('/'), out string? methods))
        {
            return null;
        }

        context.Response.Headers.Allow = methods;
        return Responses.WriteAsync(context, new Answer(200));
    }
}
