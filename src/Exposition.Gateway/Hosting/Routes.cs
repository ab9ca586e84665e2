using Exposition.Gateway.CommandLine;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Page;
using Exposition.Kestrel.Routing;

namespace Exposition.Gateway.Hosting;

/// <summary>The program's routes, the engine's among them so that 404, 405 and redirects are right for those too.</summary>
internal static class Routes
{
    // Components of one route in the framework.
    private const int MostSegments = 28;
    private static readonly string[] s_pushMethods = ["PUT", "POST", "DELETE"];

    public static RouteTable<RouteTarget> Outer(Flags flags, StatusPage page, Assets assets, Lifecycle lifecycle)
    {
        string prefix = flags.Prefix;
        var routes = new List<Route<RouteTarget>>
        {
            new("GET", flags.FullTelemetryPath, RouteTail.None, new RouteTarget(null, null)),
            new("GET", prefix + "/-/healthy", RouteTail.None, new RouteTarget("healthy", lifecycle.Healthy)),
            new("GET", prefix + "/-/ready", RouteTail.None, new RouteTarget("ready", lifecycle.Ready)),
            new("PUT", prefix + "/-/quit", RouteTail.None, new RouteTarget(null, lifecycle.Quit)),
            new("POST", prefix + "/-/quit", RouteTail.None, new RouteTarget(null, lifecycle.Quit)),
            new("GET", "/-/quit", RouteTail.None, new RouteTarget(null, Lifecycle.QuitByGet)),
            new("GET", prefix + "/", RouteTail.None, new RouteTarget("status", page.Serve)),
            new("GET", prefix + "/status", RouteTail.None, new RouteTarget("status", page.Serve)),
            new("GET", prefix + "/static/", RouteTail.Any,
                new RouteTarget("static", (context, path) => assets.Serve(context, path[(prefix.Length + "/static/".Length)..]))),
        };
        if (flags.FullSelfMetricsPath is { } self)
        {
            routes.Insert(1, new("GET", self, RouteTail.None, new RouteTarget(null, null)));
        }

        foreach (string method in s_pushMethods)
        {
            routes.Add(new(method, prefix + "/metrics/job/", RouteTail.Job, new RouteTarget(null, null)));
            routes.Add(new(method, prefix + "/metrics/job@base64/", RouteTail.Job, new RouteTarget(null, null)));
        }

        return new RouteTable<RouteTarget>(routes);
    }

    /// <summary>Why the paths that the flags ask for cannot be served beside the other routes; null if they can.</summary>
    public static string? Fault(Flags flags, RouteTable<RouteTarget> outer)
    {
        (string Flag, string Given, string Full)[] paths =
        [
            ("web.route-prefix", flags.Prefix, flags.Prefix + "/metrics/"),
            ("web.telemetry-path", flags.TelemetryPath, flags.FullTelemetryPath),
            ("web.self-metrics-path", flags.SelfMetricsPath, flags.FullSelfMetricsPath ?? ""),
        ];
        foreach ((string flag, string given, string full) in paths)
        {
            if (full.AsSpan().Count('/') > MostSegments)
            {
                return $"--{flag}: the path has too many components";
            }

            if ((full + "/").StartsWith(flags.Prefix + "/api/v1/", StringComparison.Ordinal))
            {
                return $"--{flag}={given} clashes with the routes of the API";
            }
        }

        return outer.Conflict() is not { } conflict ? null
            : conflict.First.Path == flags.FullSelfMetricsPath
                ? $"--web.self-metrics-path={flags.SelfMetricsPath} clashes with the route {conflict.Second.Path}"
            : $"--web.telemetry-path={flags.TelemetryPath} clashes with the route {conflict.Second.Path}";
    }

    /// <summary>The routes below <c>/api/v1</c>, without that prefix.</summary>
    public static RouteTable<RouteTarget> Api(Flags flags, ApiHandlers api, SnapshotHandler snapshot)
    {
        var routes = new List<Route<RouteTarget>>
        {
            new("OPTIONS", "/", RouteTail.Any, new RouteTarget("api/v1/options", ApiHandlers.Options)),
            new("GET", "/status", RouteTail.None, new RouteTarget("api/v1/status", api.Status)),
            new("GET", "/metrics", RouteTail.None, new RouteTarget("api/v1/metrics", api.Metrics)),
        };
        if (flags.EnableAdminApi)
        {
            routes.Add(new("PUT", "/admin/wipe", RouteTail.None, new RouteTarget("wipe", api.Wipe)));
            routes.Add(new("PUT", "/admin/snapshot", RouteTail.None, new RouteTarget("snapshot", snapshot.Serve)));
        }

        return new RouteTable<RouteTarget>(routes);
    }
}
