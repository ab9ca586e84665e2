using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Exposition.Kestrel;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the push and scrape routes of an engine as endpoints.</summary>
public static class ExpositionEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps everything below <c>/metrics</c>, and the telemetry path, for all methods, with the same answers as the raw door. Above them
    /// stand the prefix, those of the groups that it is called on, a path base of the host, and
    /// <see cref="ExpositionOptions.RoutePrefix"/>.
    /// </summary>
    /// <param name="endpoints">The routes of the host, or a group of them.</param>
    /// <param name="prefix">What stands before every path; without parameters. Empty for nothing.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>
    /// For adding conventions, such as authorization. They hold for the raw door too: it leaves to the endpoints what has them
    /// (<see cref="Microsoft.AspNetCore.Hosting.ListenOptionsExpositionExtensions.UseExposition"/>).
    /// </returns>
    /// <exception cref="InvalidOperationException">The services have no such engine. When the routes are built: the engine is mapped below
    /// another prefix, too, or the prefix has parameters.</exception>
    public static IEndpointConventionBuilder MapExposition(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine, RequestDelegate handler) = Begin(endpoints, prefix, name);
        string root = engine.Options.RoutePrefix + "/metrics";
        Map(group, root + "/{**rest}", engine, handler).WithDisplayName("exposition");
        MapScrapes(group, engine, handler, path => !path.StartsWith(root + "/", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(path, root, StringComparison.OrdinalIgnoreCase));
        return group;
    }

    /// <summary>
    /// Maps the paths of groups, for pushes and deletes, alone: for other rules than those of scrapes. The raw door serves only where both
    /// are mapped, and neither carries rules.
    /// </summary>
    /// <inheritdoc cref="MapExposition"/>
    public static IEndpointConventionBuilder MapExpositionPush(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine, RequestDelegate handler) = Begin(endpoints, prefix, name);
        foreach (string start in (string[])["/metrics/job", "/metrics/job@base64"])
        {
            Map(group, engine.Options.RoutePrefix + start + "/{**rest}", engine, handler).WithDisplayName("exposition push");
        }

        return group;
    }

    /// <summary>
    /// Maps <see cref="ExpositionOptions.TelemetryPath"/>, and <see cref="ExpositionOptions.SelfMetricsPath"/> if there is one, alone: for
    /// other rules than those of pushes.
    /// </summary>
    /// <inheritdoc cref="MapExposition"/>
    public static IEndpointConventionBuilder MapExpositionScrape(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine, RequestDelegate handler) = Begin(endpoints, prefix, name);
        MapScrapes(group, engine, handler, static _ => true);
        return group;
    }

    private static (RouteGroupBuilder Group, ExpositionEngine Engine, RequestDelegate Handler) Begin(
        IEndpointRouteBuilder endpoints, string prefix, string name)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        ExpositionEngine engine = endpoints.ServiceProvider.EngineOf(name);
        if (endpoints.ServiceProvider.GetService<DiagnosticListener>() is { } listener)
        {
            KestrelRefusals.Watch(listener, engine);
        }

        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        RequestDelegate handler = new EndpointDoor(engine).HandleAsync;
        group.WithMetadata(new ExpositionRoute(engine, handler));
        return (group, engine, handler);
    }

    private static void MapScrapes(RouteGroupBuilder group, ExpositionEngine engine, RequestDelegate handler, Func<string, bool> isApart)
    {
        if (isApart(engine.Options.FullTelemetryPath))
        {
            Map(group, engine.Options.FullTelemetryPath, engine, handler).WithDisplayName("exposition telemetry");
        }

        if (engine.Options.FullSelfMetricsPath is { } self && isApart(self))
        {
            Map(group, self, engine, handler).WithDisplayName("exposition self-metrics");
        }
    }

    // What stands above is known when the endpoint is built. The engine looks at the raw target, so it must know it, too.
    private static IEndpointConventionBuilder Map(RouteGroupBuilder group, string path, ExpositionEngine engine, RequestDelegate handler)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(path);
        IEndpointConventionBuilder endpoint = group.Map(pattern, handler);
        endpoint.Finally(built =>
        {
            if (built is RouteEndpointBuilder { RoutePattern: { } found })
            {
                engine.Paths.MapBelow(Above(found, found.PathSegments.Count - pattern.PathSegments.Count));
            }
        });
        return endpoint;
    }

    private static string Above(RoutePattern pattern, int segments) => string.Concat(pattern.PathSegments.Take(segments).Select(segment =>
        segment is { IsSimple: true } && segment.Parts[0] is RoutePatternLiteralPart literal
            ? "/" + literal.Content
            : throw new InvalidOperationException(
                $"an engine cannot be mapped below {pattern.RawText}: a prefix with parameters stands for many paths, and it has one")));
}
