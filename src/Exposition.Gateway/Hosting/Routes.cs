using Exposition.Gateway.CommandLine;
using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.Hosting;

/// <summary>The routes of the program, for finding out what a request that has none may mean.</summary>
internal static class Routes
{
    // Components of one route in the framework.
    private const int MostSegments = 28;

    // Those of /api/v1/admin/snapshot.
    private const int MostBelowPrefix = 4;
    private static readonly string[] s_pushMethods = ["PUT", "POST", "DELETE"];

    public static RouteTable<RouteOwner> Outer(Flags flags)
    {
        string prefix = flags.Prefix;
        var routes = new List<Route<RouteOwner>>
        {
            new("GET", flags.FullTelemetryPath, RouteTail.None, RouteOwner.Engine),
            new("GET", prefix + "/-/healthy", RouteTail.None, RouteOwner.Endpoint),
            new("GET", prefix + "/-/ready", RouteTail.None, RouteOwner.Endpoint),
            new("PUT", prefix + "/-/quit", RouteTail.None, RouteOwner.Endpoint),
            new("POST", prefix + "/-/quit", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/-/quit", RouteTail.None, RouteOwner.Endpoint),
            new("GET", prefix + "/-/reload", RouteTail.None, RouteOwner.Endpoint),
            new("PUT", prefix + "/-/reload", RouteTail.None, RouteOwner.Endpoint),
            new("POST", prefix + "/-/reload", RouteTail.None, RouteOwner.Endpoint),
            new("GET", prefix + "/", RouteTail.None, RouteOwner.Endpoint),
            new("GET", prefix + "/status", RouteTail.None, RouteOwner.Endpoint),
            new("GET", prefix + "/static/", RouteTail.Any, RouteOwner.Endpoint),
        };
        if (flags.FullSelfMetricsPath is { } self)
        {
            routes.Insert(1, new("GET", self, RouteTail.None, RouteOwner.Engine));
        }

        if (flags.EnableOtlp)
        {
            routes.Add(new("POST", prefix + "/v1/metrics", RouteTail.None, RouteOwner.Endpoint));
        }

        foreach (string method in s_pushMethods)
        {
            routes.Add(new(method, prefix + "/metrics/job/", RouteTail.Job, RouteOwner.Engine));
            routes.Add(new(method, prefix + "/metrics/job@base64/", RouteTail.Job, RouteOwner.Engine));
        }

        return new RouteTable<RouteOwner>(routes);
    }

    /// <summary>The routes below <c>/api/v1</c>, without that prefix.</summary>
    public static RouteTable<RouteOwner> Api(bool withAdmin)
    {
        var routes = new List<Route<RouteOwner>>
        {
            new("OPTIONS", "/", RouteTail.Any, RouteOwner.Endpoint),
            new("GET", "/status", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/metrics", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/groups", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/jobs", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/openapi.json", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/refusals", RouteTail.None, RouteOwner.Endpoint),
            new("GET", "/targets", RouteTail.None, RouteOwner.Endpoint),
        };
        if (withAdmin)
        {
            routes.Add(new("PUT", "/admin/wipe", RouteTail.None, RouteOwner.Endpoint));
            routes.Add(new("DELETE", "/admin/groups", RouteTail.None, RouteOwner.Endpoint));
            routes.Add(new("PUT", "/admin/snapshot", RouteTail.None, RouteOwner.Endpoint));
        }

        return new RouteTable<RouteOwner>(routes);
    }

    /// <summary>Why the paths that the flags ask for cannot be served beside the other routes; null if they can.</summary>
    public static string? Fault(Flags flags, RouteTable<RouteOwner> outer)
    {
        (string Flag, string Given, string Full, int Below)[] paths =
        [
            ("web.route-prefix", flags.Prefix, flags.Prefix, MostBelowPrefix),
            ("web.telemetry-path", flags.TelemetryPath, flags.FullTelemetryPath, 0),
            ("web.self-metrics-path", flags.SelfMetricsPath, flags.FullSelfMetricsPath ?? "", 0),
        ];
        foreach ((string flag, string given, string full, int below) in paths)
        {
            if (full.AsSpan().Count('/') + below > MostSegments)
            {
                return $"--{flag}: the path has too many components";
            }

            if ((full + "/").StartsWith(flags.Prefix + "/api/v1/", StringComparison.OrdinalIgnoreCase))
            {
                return $"--{flag}={given} clashes with the routes of the API";
            }
        }

        return outer.Conflict() is not { } conflict ? null
            : conflict.First.Path == flags.FullSelfMetricsPath
                ? $"--web.self-metrics-path={flags.SelfMetricsPath} clashes with the route {conflict.Second.Path}"
            : $"--web.telemetry-path={flags.TelemetryPath} clashes with the route {conflict.Second.Path}";
    }
}
