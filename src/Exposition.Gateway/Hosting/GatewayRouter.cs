using System.Text;
using Exposition.Gateway.Web;
using Exposition.Kestrel;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Who answers at a route.</summary>
internal enum RouteOwner
{
    /// <summary>The engine, which has a view of its own of paths.</summary>
    Engine,

    /// <summary>An endpoint.</summary>
    Endpoint,
}

/// <summary>
/// Stands before the endpoints: cleans paths, redirects, and answers 404, 405 and OPTIONS as the Pushgateway does. What has a route goes
/// on.
/// </summary>
internal sealed class GatewayRouter(
    RouteTable<RouteOwner> main, RouteTable<RouteOwner> api, string prefix, ExpositionEngine engine, ClientLog log)
{
    private readonly string _apiPrefix = prefix + "/api/v1";
    private readonly Probes _probes = new(prefix);

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
        RouteMatch<RouteOwner> match = isPush ? default : main.Find(_probes.Has(method, path) ? HttpMethods.Get : method, path);
        if (isPush || match.Route is { Handler: RouteOwner.Engine })
        {
            return GoOn(context, next, path);
        }

        // The Pushgateway's API router redirects to the path without its prefix, and so do we.
        string clean = PathCleaner.Clean(path);
        string above = "";
        if (clean != path && method != "CONNECT")
        {
            match = new RouteMatch<RouteOwner>(null, clean, Status: StatusCodes.Status301MovedPermanently);
        }
        else if (path == _apiPrefix && !changes)
        {
            match = new RouteMatch<RouteOwner>(null, path + "/", Status: StatusCodes.Status301MovedPermanently);
        }
        else if (path.StartsWith(_apiPrefix + "/", StringComparison.Ordinal))
        {
            above = _apiPrefix;
            string below = path[above.Length..];
            match = api.Find(method == HttpMethods.Head && OwnPaths.Has(below) ? HttpMethods.Get : method, below);
        }

        string right = PathCleaner.EscapePath(match.Redirect ?? "");
        return match.Route is not null ? GoOn(context, next, path)
            : Responses.MissAsync(engine, context, match, right + PathCleaner.EscapeLocation(query), PathCleaner.EscapePath(above) + right);
    }

    // The engine looks at the raw path, the same at both of its doors. The framework leaves %2F as it is, which would not be routed.
    private static Task GoOn(HttpContext context, RequestDelegate next, string path)
    {
        context.Request.Path = path;
        return next(context);
    }
}
