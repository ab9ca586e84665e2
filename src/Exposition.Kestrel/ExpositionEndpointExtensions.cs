using Exposition.Kestrel.Endpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel;

/// <summary>Maps the push and scrape routes as endpoints.</summary>
public static class ExpositionEndpointExtensions
{
    /// <summary>
    /// Maps everything below <c>/metrics</c>, and the telemetry path, for all methods, with the same answers as the raw door. The
    /// prefix is that of <see cref="ExpositionOptions.RoutePrefix"/> (and a path base of the host); groups with a prefix of their own
    /// are not supported, because the raw request target decides.
    /// </summary>
    /// <returns>For adding conventions, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static IEndpointConventionBuilder MapExposition(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ExpositionEngine engine = endpoints.ServiceProvider.GetRequiredService<ExpositionEngine>();
        var door = new EndpointDoor(engine);
        RouteGroupBuilder group = endpoints.MapGroup("");
        group.Map(engine.Options.RoutePrefix + "/metrics/{**rest}", door.HandleAsync).WithDisplayName("exposition");
        string telemetry = engine.Options.FullTelemetryPath;
        if (!telemetry.StartsWith(engine.Options.RoutePrefix + "/metrics/", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(telemetry, engine.Options.RoutePrefix + "/metrics", StringComparison.OrdinalIgnoreCase))
        {
            group.Map(telemetry, door.HandleAsync).WithDisplayName("exposition telemetry");
        }

        return group;
    }
}
