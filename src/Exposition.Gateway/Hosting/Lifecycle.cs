using System.Text;
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

/// <summary>Probes, reloads and termination.</summary>
internal sealed class Lifecycle(Flags flags, ExpositionEngine engine, Reloads reloads, IHostApplicationLifetime lifetime)
{
    // HEAD is what probes of load balancers ask with.
    private static readonly string[] s_probing = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] s_acting = [HttpMethods.Put, HttpMethods.Post];

    private ICommitGate? Gate => engine.Options.CommitGate;

    /// <summary>Maps the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        string prefix = flags.Prefix;
        routes.MapMethods(prefix + "/-/healthy", s_probing, new OwnRoute(engine, "healthy", Healthy).HandleAsync);
        routes.MapMethods(prefix + "/-/ready", s_probing, new OwnRoute(engine, "ready", Ready).HandleAsync);
        routes.MapMethods(prefix + "/-/quit", s_acting, PageHeader.Guard(engine, Quit));
        routes.MapGet("/-/quit", AskedByGet);
        routes.MapMethods(prefix + "/-/reload", s_acting, PageHeader.Guard(engine, Reload));
        routes.MapGet(prefix + "/-/reload", AskedByGet);
    }

    /// <summary>
    /// Whoever reaches us finds us alive, unless what was pushed is not persisted any more and will not be: then a restart helps.
    /// </summary>
    private Task Healthy(HttpContext context) => Gate?.Fault is { } fault
        ? Text(context, StatusCodes.Status503ServiceUnavailable, fault)
        : Text(context, StatusCodes.Status200OK, "OK");

    /// <summary>Whether the kept state has been loaded.</summary>
    private Task Ready(HttpContext context) =>
        Gate is { IsOpen: false } ? Responses.WriteAsync(context, Answer.Loading)
        : engine.Options.Changes is { NotReady: { } reason } ? Responses.WriteAsync(context, Answer.NotTaken(reason))
        : Healthy(context);

    private Task AskedByGet(HttpContext context) =>
        Refuse(context, new Answer(405, "Only POST or PUT requests allowed.", Rejected: Rejection.Method));

    private Task IsNotEnabled(HttpContext context) =>
        Refuse(context, new Answer(403, "Lifecycle API is not enabled.", Rejected: Rejection.Disabled));

    private Task Refuse(HttpContext context, in Answer answer)
    {
        engine.Reject(answer, context);
        return Text(context, answer.Status, answer.Text!);
    }

    /// <summary>Stops the program, if that is enabled; the answer is sent first.</summary>
    private async Task Quit(HttpContext context)
    {
        if (!flags.EnableLifecycle)
        {
            await IsNotEnabled(context);
            return;
        }

        engine.Log.Acted(context, "received termination request via web service, exiting gracefully...", LogLevel.Warning);
        context.Response.Headers.Connection = "close";
        await Text(context, StatusCodes.Status200OK, "Requesting termination... Goodbye!");
        await context.Response.CompleteAsync();
        lifetime.StopApplication();
    }

    /// <summary>Reads the web configuration again, if that is enabled.</summary>
    private Task Reload(HttpContext context)
    {
        if (!flags.EnableLifecycle)
        {
            return IsNotEnabled(context);
        }

        ReloadOutcome outcome = reloads.ReloadUnlogged();
        engine.Log.Acted(
            context,
            outcome.Error is not null ? "reload refused, the web configuration before it stays in force"
                : outcome.HasConfig ? "web configuration reloaded" : "nothing to reload, there is no web configuration",
            outcome.Error is null ? LogLevel.Information : LogLevel.Warning, ("err", outcome.Error));
        return outcome.Error is { } error ? Text(context, StatusCodes.Status500InternalServerError,
                "Reload refused, the web configuration before it stays in force: " + error)
            : Text(context, StatusCodes.Status200OK,
                outcome.HasConfig ? "Web configuration reloaded." : "Nothing to reload: there is no web configuration.");
    }

    private static Task Text(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Answer.TextType;
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body);
        return context.Response.WriteAsync(body);
    }
}
