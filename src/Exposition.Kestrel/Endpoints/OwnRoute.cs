using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Endpoints;

/// <summary>
/// A route of an engine beside pushes and scrapes: the engine's rules for heads, origins and host names hold, and its requests are counted.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="countedAs">The label <c>handler</c> of what is counted.</param>
/// <param name="serve">Serves it.</param>
internal sealed class OwnRoute(ExpositionEngine engine, string countedAs, RequestDelegate serve)
{
    private readonly HeadLimits _limits = new(engine);

    /// <summary>Serves a request.</summary>
    public Task HandleAsync(HttpContext context) =>
        _limits.Refuse(context) ?? engine.Origins.Refuse(context) ?? ServeAsync(context);

    private async Task ServeAsync(HttpContext context)
    {
        await serve(context);
        engine.CountRequest(countedAs, context.Request.Method.ToLowerInvariant(), context.Response.StatusCode);
        if (engine.Log.Shows(LogLevel.Debug))
        {
            engine.Log.Served(countedAs, Caller.Of(engine, context), context.Response.StatusCode);
        }
    }
}
