using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Raw;

// The raw door stands before all middleware of the host, so it may serve only what the mapped endpoints would serve alike with nothing of
// the host in between. It fails closed: metadata that is not known to be harmless is a rule that middleware must see, and so is a policy
// for all endpoints.

/// <summary>
/// Whether the host has rules for the engine's routes that the raw door would bypass. Looked at when the routes are known, and when they
/// change.
/// </summary>
internal sealed class HostRules
{
    private readonly ExpositionEngine _engine;
    private readonly IServiceProvider _services;
    private volatile string? _objection = "the routes of the host are not known yet";

    public HostRules(ExpositionEngine engine, IServiceProvider services)
    {
        (_engine, _services) = (engine, services);
        Look();
        if (services.GetService<EndpointDataSource>() is { } routes)
        {
            ChangeToken.OnChange(routes.GetChangeToken, Look);
        }
    }

    /// <summary>Whether the raw door must leave everything to the endpoints.</summary>
    public bool ClosesRawDoor => _objection is not null;

    private void Look()
    {
        string? objection;
        try
        {
            objection = Find();
        }
        catch (Exception e)
        {
            // The same fault shows at the first request; until then nothing is served raw.
            RawLog.RoutesUnreadable(_engine.Logger, e);
            objection = "the routes of the host cannot be read";
        }

        if (objection is not null && objection != _objection)
        {
            RawLog.DoorClosed(_engine.Logger, objection);
        }

        _objection = objection;
    }

    private string? Find()
    {
        RouteEndpoint[] routes = [.. _services.GetService<EndpointDataSource>()?.Endpoints.OfType<RouteEndpoint>() ?? []];
        RouteEndpoint[] ours = Array.FindAll(routes, route => route.Metadata.GetMetadata<ExpositionRoute>()?.Engine == _engine);

        // Where they are is known now that the endpoints are built.
        ServedPaths served = _engine.Paths.Served;
        foreach (ServedPath path in (ServedPath[])[new(served.TelemetryPath, andBelow: false), new(served.PushRoot, andBelow: true),
            new(served.PushRoot + "@base64", andBelow: true)])
        {
            RouteEndpoint[] rivals = Array.FindAll(routes, route => path.MayMatch(route.RoutePattern));
            if (Array.Find(rivals, ours.Contains) is not { } serving)
            {
                return "its routes are not mapped (MapExposition), or not where it serves them";
            }

            if (Array.Find(rivals, route => !ours.Contains(route) && !Yields(route, serving)) is { } other)
            {
                return $"the route {other.RoutePattern.RawText} of the host takes requests that it would serve";
            }
        }

        return ours.Select(OfEndpoint).FirstOrDefault(static rule => rule is not null) ?? OfHost(ours);
    }

    // The order in which the framework prefers routes.
    private static bool Yields(RouteEndpoint other, RouteEndpoint ours) => other.Order != ours.Order
        ? other.Order > ours.Order
        : other.RoutePattern.InboundPrecedence > ours.RoutePattern.InboundPrecedence;

    private static string? OfEndpoint(RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<ExpositionRoute>()!.Handler != endpoint.RequestDelegate)
        {
            return "its endpoints have filters or other code of the host before them";
        }

        bool isAnonymous = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        return endpoint.Metadata.FirstOrDefault(
            metadata => !IsHarmless(metadata) && !(isAnonymous && IsAuthorization(metadata))) is { } rule
            ? $"its endpoints carry {rule.GetType().Name}, which only the host's middleware looks at"
            : null;
    }

    private static bool IsHarmless(object metadata) =>
        metadata is ExpositionRoute or MappedRoute or IAllowAnonymous or IEndpointNameMetadata or IRouteNameMetadata
        or ITagsMetadata or IEndpointSummaryMetadata or IEndpointDescriptionMetadata or IExcludeFromDescriptionMetadata
            or IRouteDiagnosticsMetadata
        or IEndpointGroupNameMetadata or IProducesResponseTypeMetadata or IDisableHttpMetricsMetadata
        || metadata.GetType().Namespace is "System.Runtime.CompilerServices" or "System.Diagnostics";

    private static bool IsAuthorization(object metadata) =>
        metadata is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData;

    // What holds for endpoints that say nothing.
    private string? OfHost(RouteEndpoint[] ours)
    {
        bool isAnonymous = Array.TrueForAll(ours, static route => route.Metadata.GetMetadata<IAllowAnonymous>() is not null);
        IList<string> hosts = _services.GetService<IOptions<HostFilteringOptions>>()?.Value.AllowedHosts ?? [];
        RateLimiterOptions? rates = _services.GetService<IOptions<RateLimiterOptions>>()?.Value;
        RequestTimeoutOptions? timeouts = _services.GetService<IOptions<RequestTimeoutOptions>>()?.Value;
        return !isAnonymous && HasFallbackPolicy() ? "the host's authorization has, or may have, a fallback policy"
            : hosts.Count > 0 && !hosts.Contains("*") ? "the host filters by host names (AllowedHosts)"
            : rates?.GlobalLimiter is not null ? "the host limits the rate of all requests (RateLimiterOptions.GlobalLimiter)"
            : timeouts?.DefaultPolicy is not null ? "the host has a timeout for all requests (RequestTimeoutOptions.DefaultPolicy)"
            : null;
    }

    private bool HasFallbackPolicy()
    {
        if (_services.GetService<IAuthorizationPolicyProvider>() is not { } policies)
        {
            return false;
        }

        // What may change cannot be decided about once.
        Task<AuthorizationPolicy?> fallback = policies.GetFallbackPolicyAsync();
        return !policies.AllowsCachingPolicies || !fallback.IsCompletedSuccessfully || fallback.Result is not null;
    }
}
