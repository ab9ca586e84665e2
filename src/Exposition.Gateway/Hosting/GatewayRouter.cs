using System.Text;
using Exposition.Gateway.Http;
using Exposition.Kestrel;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Serves a request to one of the program's own routes.</summary>
/// <param name="context">The request.</param>
/// <param name="path">The decoded path.</param>
internal delegate Task Serve(HttpContext context, string path);

/// <summary>What a route leads to.</summary>
/// <param name="CountedAs">The handler label in the request counter; null where the reference does not count.</param>
/// <param name="Serve">Serves it; null for the routes of the engine (pushes, deletes, scrapes).</param>
internal sealed record RouteTarget(string? CountedAs, Serve? Serve);

/// <summary>
/// The outer router: cleans paths, redirects, answers 404, 405 and OPTIONS as the reference does, serves the program's routes, and leaves
/// those of the engine to the next middleware.
/// </summary>
internal sealed class GatewayRouter(
    RouteTable<RouteTarget> main, RouteTable<RouteTarget> api, string prefix, ExpositionEngine engine, ClientLog log)
{
    private readonly string _apiPrefix = prefix + "/api/v1";

    /// <summary>Serves a request or calls <paramref name="next"/>.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if ((target == "*" && context.Request.Method != "OPTIONS") || !DecodedTarget.TryParse(target, out string path, out string query))
        {
            await engine.RefuseAsync(context, Answer.MalformedTarget);
            return;
        }

        try
        {
            await Route(context, next, target, path, query);
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            log.Begin(LogLevel.Error, "request failed", e.GetType().Name)?
                .Add("method", context.Request.Method)
                .Add("path", path)
                .Add(e)
                .Write();
            if (context.Response.HasStarted || context.Response.BodyWriter.UnflushedBytes > 0)
            {
                // Part of an answer has been written and cannot be taken back.
                context.Abort();
                return;
            }

            context.Response.Clear();
            await Replies.Error(context, StatusCodes.Status500InternalServerError, "Internal Server Error");
        }
    }

    private Task Route(HttpContext context, RequestDelegate next, string target, string path, string query)
    {
        string method = context.Request.Method;
        if (target == "*")
        {
            return Replies.Empty(context, StatusCodes.Status200OK);
        }

        // What would change something is never redirected: many clients take that for success.
        bool changes = method is "PUT" or "POST" or "DELETE";
        Exposition.Kestrel.Routing.Route named = engine.Paths.Resolve(Encoding.UTF8.GetBytes(DecodedTarget.OriginForm(target)));
        if (changes && named.Refusal is { } refusal)
        {
            return engine.RefuseAsync(context, refusal);
        }

        if (changes && named.Kind == RouteKind.Group || main.Find(method, path).Route is { Handler.Serve: null })
        {
            // The engine has its own view of the raw path, the same at both of its doors. The framework leaves %2F as it is, which would
            // not be routed.
            context.Request.Path = path;
            return next(context);
        }

        string clean = PathCleaner.Clean(path);
        if (clean != path && method != "CONNECT")
        {
            return changes
                ? engine.RefuseAsync(context, NotFoundAt(clean))
                : Redirect(context, StatusCodes.Status301MovedPermanently, clean, query);
        }

        if (path == _apiPrefix)
        {
            return changes
                ? engine.RefuseAsync(context, Answer.NotFound)
                : Redirect(context, StatusCodes.Status301MovedPermanently, path + "/", query);
        }

        bool isApi = path.StartsWith(_apiPrefix + "/", StringComparison.Ordinal);

        // The reference's API router redirects to the path without its prefix, and so do we.
        string inner = isApi ? path[_apiPrefix.Length..] : path;
        RouteMatch<RouteTarget> match = (isApi ? api : main).Find(method, inner);
        return match switch
        {
            { Route: { } route } => ServeCounted(context, route.Handler, inner),
            { Redirect: { } to } when changes => engine.RefuseAsync(context, NotFoundAt(isApi ? _apiPrefix + to : to)),
            { Redirect: { } to } => Redirect(context,
                HttpMethods.IsGet(method) ? StatusCodes.Status301MovedPermanently : StatusCodes.Status307TemporaryRedirect, to, query),
            { Allow: { } allow } => method == "OPTIONS" ? Replies.Options(context, allow) : NotAllowed(context, allow),
            _ => engine.RefuseAsync(context, Answer.NotFound),
        };
    }

    private static Task Redirect(HttpContext context, int status, string path, string query) =>
        Responses.RedirectAsync(context, DecodedTarget.Encode(path) + PathCleaner.EscapeLocation(query), status);

    private static Answer NotFoundAt(string path) => Answer.NotFoundAt(DecodedTarget.Encode(path));

    private Task NotAllowed(HttpContext context, string allow)
    {
        context.Response.Headers.Allow = allow;
        return engine.RefuseAsync(context, Answer.NotAllowed);
    }

    private async Task ServeCounted(HttpContext context, RouteTarget target, string path)
    {
        await target.Serve!(context, path);
        if (target.CountedAs is { } handler)
        {
            engine.CountRequest(handler, context.Request.Method.ToLowerInvariant(), context.Response.StatusCode);
        }
    }
}
