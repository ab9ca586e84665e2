using System.Text;
using Exposition.Kestrel;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Serves a request to one of the program's own routes.</summary>
/// <param name="context">The request.</param>
/// <param name="path">The decoded path.</param>
internal delegate Task Serve(HttpContext context, string path);

/// <summary>What a route leads to.</summary>
/// <param name="CountedAs">The handler label in the request counter; null where the Pushgateway does not count.</param>
/// <param name="Serve">Serves it; null for the routes of the engine (pushes, deletes, scrapes).</param>
internal sealed record RouteTarget(string? CountedAs, Serve? Serve);

/// <summary>
/// The outer router: cleans paths, redirects, answers 404, 405 and OPTIONS as the Pushgateway does, serves the program's routes, and leaves
/// those of the engine to the next middleware.
/// </summary>
internal sealed class GatewayRouter(
    RouteTable<RouteTarget> main, RouteTable<RouteTarget> api, string prefix, ExpositionEngine engine, ClientLog log)
{
    private readonly string _apiPrefix = prefix + "/api/v1";

    /// <summary>Serves a request or calls <paramref name="next"/>.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string target = RequestTarget.Of(context);
        (string escaped, string query) = RequestTarget.Cut(target);
        if ((target == "*" && context.Request.Method != "OPTIONS") || !RequestTarget.TryDecode(escaped, out string path))
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
            await Responses.ErrorAsync(context, StatusCodes.Status500InternalServerError, "Internal Server Error");
        }
    }

    private Task Route(HttpContext context, RequestDelegate next, string target, string path, string query)
    {
        string method = context.Request.Method;
        if (target == "*")
        {
            return Responses.WriteAsync(context, new Answer(200));
        }

        bool changes = PushMethods.Of(method) is not null;
        Route named = engine.Paths.Resolve(Encoding.UTF8.GetBytes(target));
        if (changes && named.Refusal is { } refusal)
        {
            return engine.RefuseAsync(context, refusal);
        }

        bool isPush = changes && named.Kind == RouteKind.Group;
        RouteMatch<RouteTarget> match = isPush ? default : main.Find(method, path);
        if (isPush || match.Route is { Handler.Serve: null })
        {
            // The engine has its own view of the raw path, the same at both of its doors. The framework leaves %2F as it is, which would
            // not be routed.
            context.Request.Path = path;
            return next(context);
        }

        // The Pushgateway's API router redirects to the path without its prefix, and so do we.
        string clean = PathCleaner.Clean(path);
        string above = "";
        if (clean != path && method != "CONNECT")
        {
            match = new RouteMatch<RouteTarget>(null, clean, Status: StatusCodes.Status301MovedPermanently);
        }
        else if (path == _apiPrefix && !changes)
        {
            match = new RouteMatch<RouteTarget>(null, path + "/", Status: StatusCodes.Status301MovedPermanently);
        }
        else if (path.StartsWith(_apiPrefix + "/", StringComparison.Ordinal))
        {
            above = _apiPrefix;
            path = path[above.Length..];
            match = api.Find(method, path);
        }

        string right = PathCleaner.EscapePath(match.Redirect ?? "");
        return match.Route is { } route ? ServeCounted(context, route.Handler, path)
            : Responses.MissAsync(engine, context, match, right + PathCleaner.EscapeLocation(query), PathCleaner.EscapePath(above) + right);
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
