using System.Diagnostics;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel;

/// <summary>Maps the push and scrape routes as endpoints.</summary>
public static class ExpositionEndpointExtensions
{
    /// <summary>
    /// Answers for all routes of the host what the Pushgateway answers before it routes: a redirect from a path with <c>//</c>, <c>/./</c>
    /// or
    /// <c>/../</c> to the clean one, 400 for a malformed percent escape, and 400 for a request that announces gzip and has no body. To be
    /// called before <c>UseRouting</c>. Without it the routes of <see cref="MapExposition"/> still follow these rules.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services
    /// (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static IApplicationBuilder UseExpositionPathRules(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var door = new EndpointDoor(app.ApplicationServices.GetRequiredService<ExpositionEngine>());
        return app.Use(next => context => door.RefuseBeforeRouting(context) ?? next(context));
    }

    /// <summary>
    /// Answers heads beyond <see cref="ExpositionOptions.MaxHeadBytes"/> and <see cref="ExpositionOptions.MaxHeaders"/> (431) and targets
    /// beyond <see cref="ExpositionOptions.MaxTargetBytes"/> (414) for all routes of the host, says what was found, counts it and ends the
    /// connection. To be called first. Without it only the routes of <see cref="MapExposition"/> do so.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services
    /// (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static IApplicationBuilder UseExpositionHeadLimits(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var limits = new HeadLimits(app.ApplicationServices.GetRequiredService<ExpositionEngine>());
        return app.Use(next => context => limits.Refuse(context) ?? next(context));
    }

    /// <summary>
    /// Refuses, for all routes of the host, what pages of other sites make browsers send (403, see
    /// <see cref="ExpositionOptions.TrustedOrigins"/>) and host names that are not served (421, see
    /// <see cref="ExpositionOptions.AllowedHosts"/>). Without it only the routes of <see cref="MapExposition"/> do so.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services
    /// (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static IApplicationBuilder UseExpositionOriginRules(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        ExpositionEngine engine = app.ApplicationServices.GetRequiredService<ExpositionEngine>();
        return app.Use(next => context => engine.Origins.Refuse(context) ?? next(context));
    }

    /// <summary>
    /// Lets a connection count as idle only while the host serves no request of it, where connections are limited
    /// (<see cref="ExpositionListenExtensions.UseExpositionConnectionLimit"/>): at the limit the longest idle one ends for a newcomer. To
    /// be called first.
    /// </summary>
    /// <returns>The same builder.</returns>
    public static IApplicationBuilder UseExpositionConnectionLimit(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Use(static next => context => ConnectionLimit.ServeAsync(context, next));
    }

    /// <summary>
    /// Maps everything below <c>/metrics</c>, and the telemetry path, for all methods, with the same answers as the raw door. The
    /// prefix is that of <see cref="ExpositionOptions.RoutePrefix"/> (and a path base of the host), because the raw request target decides:
    /// below a group with a prefix of its own the routes cannot be built.
    /// </summary>
    /// <returns>
    /// For adding conventions, such as authorization. They hold for the raw door too: it leaves to the endpoints what has them
    /// (<see cref="ExpositionListenExtensions.UseExposition"/>).
    /// </returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services
    /// (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static IEndpointConventionBuilder MapExposition(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ExpositionEngine engine = endpoints.ServiceProvider.GetRequiredService<ExpositionEngine>();
        var door = new EndpointDoor(engine);
        if (endpoints.ServiceProvider.GetService<DiagnosticListener>() is { } listener)
        {
            KestrelRefusals.Watch(listener, engine);
        }

        RouteGroupBuilder group = endpoints.MapGroup("");
        RequestDelegate handler = door.HandleAsync;
        group.WithMetadata(new ExpositionRoute(engine, handler));
        Map(group, engine.Options.RoutePrefix + "/metrics/{**rest}", handler).WithDisplayName("exposition");
        string telemetry = engine.Options.FullTelemetryPath;
        if (!telemetry.StartsWith(engine.Options.RoutePrefix + "/metrics/", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(telemetry, engine.Options.RoutePrefix + "/metrics", StringComparison.OrdinalIgnoreCase))
        {
            Map(group, telemetry, handler).WithDisplayName("exposition telemetry");
        }

        if (engine.Options.FullSelfMetricsPath is { } self
            && !self.StartsWith(engine.Options.RoutePrefix + "/metrics/", StringComparison.OrdinalIgnoreCase))
        {
            Map(group, self, handler).WithDisplayName("exposition self-metrics");
        }

        return group;
    }

    // Below a group with a prefix the endpoints would match, and find nothing.
    private static IEndpointConventionBuilder Map(RouteGroupBuilder group, string path, RequestDelegate handler)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(path);
        IEndpointConventionBuilder endpoint = group.Map(pattern, handler);
        endpoint.Finally(built =>
        {
            if (built is RouteEndpointBuilder { RoutePattern: { } found } && found.PathSegments.Count != pattern.PathSegments.Count)
            {
                throw new InvalidOperationException(
                    $"MapExposition was called below a group with a prefix ({found.RawText}): set ExpositionOptions.RoutePrefix instead");
            }
        });
        return endpoint;
    }
}
