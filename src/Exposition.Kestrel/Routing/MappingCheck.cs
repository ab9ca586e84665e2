using Exposition.Hosting.Starting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Routing;

// The routes of a host are known when its pipeline has been built, which is after its options were looked at. What is mapped twice, the
// framework tells only who sends a request, and each of them.

/// <summary>Finds engines that are mapped where they cannot be served, when a host with a server starts.</summary>
internal sealed class MappingCheck(IServiceProvider services) : IStartCheck, IStartupFilter, ILaterStartChecks
{
    // Asked while the server is being made, too.
    public bool AreComing => services.GetService<IServiceProviderIsService>()?.IsService(typeof(IServer)) == true;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        StartChecks.Run(services);
    };

    public IEnumerable<string> Faults()
    {
        try
        {
            return [.. Twice(services.GetService<EndpointDataSource>()?.Endpoints.OfType<RouteEndpoint>() ?? [])];
        }
        catch (MappingException e)
        {
            return [e.Message];
        }
    }

    // Of routes of one pattern the framework takes the first in order, and only what differs in methods or hosts is told apart.
    private static IEnumerable<string> Twice(IEnumerable<RouteEndpoint> endpoints) =>
        from endpoint in endpoints
        let mapped = endpoint.Metadata.GetMetadata<MappedRoute>()
        where mapped is not null
        group (endpoint.RoutePattern.RawText, mapped.Engine) by (
            mapped.Branch, endpoint.Order, Pattern: endpoint.RoutePattern.RawText?.ToUpperInvariant(),
            Methods: ListOf(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods),
            Hosts: ListOf(endpoint.Metadata.GetMetadata<IHostMetadata>()?.Hosts)) into same
        where same.Count() > 1
        select Fault(same.First().RawText!, [.. same.Select(static route => route.Engine).Distinct().Select(NameOf)]);

    private static string ListOf(IReadOnlyList<string>? values) => string.Join(',', (values ?? []).Order(StringComparer.OrdinalIgnoreCase));

    private static string NameOf(string engine) => engine.Length == 0 ? "without a name" : engine;

    private static string Fault(string pattern, string[] engines) => engines.Length == 1
        ? $"engine {engines[0]}: mapped twice at {pattern}: expected once, or each time for hosts of its own (RequireHost)"
        : $"engines {string.Join(" and ", engines)}: both mapped at {pattern}: expected a prefix for each, or hosts (RequireHost)";
}
