using Exposition.Gateway.CommandLine;
using Exposition.Hosting;
using Exposition.Kestrel;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Probes and termination.</summary>
internal sealed class Lifecycle(Flags flags, ExpositionEngine engine, IHostApplicationLifetime lifetime)
{
    private ICommitGate? Gate => engine.Options.CommitGate;

    /// <summary>Maps the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        string prefix = flags.Prefix;
        routes.MapGet(prefix + "/-/healthy", new OwnRoute(engine, "healthy", Healthy).HandleAsync);
        routes.MapGet(prefix + "/-/ready", new OwnRoute(engine, "ready", Ready).HandleAsync);
        routes.MapMethods(prefix + "/-/quit", [HttpMethods.Put, HttpMethods.Post], PageHeader.Guard(engine, Quit));
        routes.MapGet("/-/quit", QuitByGet);
    }

    /// <summary>
    /// Whoever reaches us finds us alive, unless what was pushed is not persisted any more and will not be: then a restart helps.
    /// </summary>
    private Task Healthy(HttpContext context) => Gate?.Fault is { } fault
        ? Text(context, StatusCodes.Status503ServiceUnavailable, fault)
        : Text(context, StatusCodes.Status200OK, "OK");

    /// <summary>Whether the kept state has been loaded.</summary>
    private Task Ready(HttpContext context) =>
        Gate is { IsOpen: false } ? Responses.WriteAsync(context, Answer.Loading) : Healthy(context);

    private static Task QuitByGet(HttpContext context) =>
        Text(context, StatusCodes.Status405MethodNotAllowed, "Only POST or PUT requests allowed.");

    /// <summary>Stops the program, if that is enabled; the answer is sent first.</summary>
    private async Task Quit(HttpContext context)
    {
        if (!flags.EnableLifecycle)
        {
            await Text(context, StatusCodes.Status403Forbidden, "Lifecycle API is not enabled.");
            return;
        }

        engine.Log.Acted(context, "received termination request via web service, exiting gracefully...", LogLevel.Warning);
        context.Response.Headers.Connection = "close";
        await Text(context, StatusCodes.Status200OK, "Requesting termination... Goodbye!");
        await context.Response.CompleteAsync();
        lifetime.StopApplication();
    }

    private static Task Text(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Answer.TextType;
        context.Response.ContentLength = body.Length;
        return context.Response.WriteAsync(body);
    }
}
