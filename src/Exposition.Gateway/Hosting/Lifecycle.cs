using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Hosting;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Hosting;

/// <summary>Probes and termination.</summary>
internal sealed class Lifecycle(Flags flags, ICommitGate? gate, IHostApplicationLifetime lifetime, ILogger<Lifecycle> logger)
{
    /// <summary>
    /// Whoever reaches us finds us alive, unless what was pushed is not persisted any more and will not be: then a restart helps.
    /// </summary>
    public Task Healthy(HttpContext context, string path) => gate?.Fault is { } fault
        ? Text(context, StatusCodes.Status503ServiceUnavailable, fault)
        : Text(context, StatusCodes.Status200OK, "OK");

    /// <summary>Whether the kept state has been loaded.</summary>
    public Task Ready(HttpContext context, string path) =>
        gate is { IsOpen: false } ? Responses.WriteAsync(context, Answer.Loading) : Healthy(context, path);

    public static Task QuitByGet(HttpContext context, string path) =>
        Text(context, StatusCodes.Status405MethodNotAllowed, "Only POST or PUT requests allowed.");

    /// <summary>Stops the program, if that is enabled; the answer is sent first.</summary>
    public async Task Quit(HttpContext context, string path)
    {
        if (!flags.EnableLifecycle)
        {
            await Text(context, StatusCodes.Status403Forbidden, "Lifecycle API is not enabled.");
            return;
        }

        logger.QuitRequest();
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
