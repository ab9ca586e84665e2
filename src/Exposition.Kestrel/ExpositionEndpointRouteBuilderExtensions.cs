using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Exposition.Hosting;
using Exposition.Hosting.Conditions;
using Exposition.Hosting.Naming;
using Exposition.Kestrel;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Otlp;
using Exposition.Kestrel.Page;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the routes of an engine as endpoints: pushes and scrapes, the status page, the JSON API.</summary>
/// <example>
/// <code>
/// app.MapExposition();                                               // /metrics and all below
/// app.MapExposition("/batch", "batch").RequireAuthorization();       // an engine with a name, below a prefix
/// app.MapExpositionPage("/batch", "batch").RequireAuthorization();
/// app.MapExpositionApi("/batch", "batch").RequireAuthorization();
/// app.MapExpositionAdminApi("/batch", "batch").RequireAuthorization("admins");
/// </code>
/// </example>
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
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    /// <exception cref="OptionsValidationException">The options of engines are wrong. At the start of the host: an engine is mapped twice,
    /// or below two prefixes, or below one with parameters.</exception>
    public static IEndpointConventionBuilder MapExposition(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine, RequestDelegate handler) = Begin(endpoints, prefix, name);
        string root = engine.Options.RoutePrefix + "/metrics";
        engine.Mapped.Pushes = true;
        Map(group, root + "/{**rest}", name, engine, handler).WithDisplayName("exposition");
        MapScrapes(group, name, engine, handler, path => !path.StartsWith(root + "/", StringComparison.OrdinalIgnoreCase)
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
        engine.Mapped.Pushes = true;
        foreach (string start in (string[])["/metrics/job", "/metrics/job@base64"])
        {
            Map(group, engine.Options.RoutePrefix + start + "/{**rest}", name, engine, handler).WithDisplayName("exposition push");
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
        MapScrapes(group, name, engine, handler, static _ => true);
        return group;
    }

    /// <summary>
    /// Maps the status page at <c>/</c> and <c>/status</c>, and its scripts and styles below <c>/static/</c>, for GET. It shows all groups
    /// to whoever may open it. All its links are relative: to delete a group where pushes are mapped, wherever that is, and to delete all
    /// where <see cref="MapExpositionAdminApi"/> is. What it says of the host is in <see cref="ExpositionStatusOptions"/>. Above its paths
    /// stand the prefix, those of the groups that it is called on, a path base of the host, and
    /// <see cref="ExpositionOptions.RoutePrefix"/>.
    /// </summary>
    /// <param name="endpoints">The routes of the host, or a group of them.</param>
    /// <param name="prefix">What stands before every path. Empty for nothing.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>For adding conventions, such as authorization. Those of the buttons' targets are those of pushes and of the admin
    /// API.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IEndpointConventionBuilder MapExpositionPage(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine) = BeginOwn(endpoints, prefix, name);
        engine.Conditions ??= endpoints.ServiceProvider.GetNamed<ConditionWatch>(name);
        engine.StatusSources = [.. endpoints.ServiceProvider.GetAllNamed<IStatusSource>(name)];
        var page = new OperatorPage(engine, StatusOf(endpoints, name));
        MapOwn(group, engine, HttpMethods.Get, "/", "status", page.ServeFolderAsync, folder => page.Folder = folder);
        MapOwn(group, engine, HttpMethods.Get, "/status", "status", page.ServeFileAsync);
        MapOwn(group, engine, HttpMethods.Get, "/static/{**file}", "static", static context => Assets.All.ServeAsync(context));
        return group;
    }

    /// <summary>
    /// Maps what may be read of the JSON API for GET: <c>/api/v1/status</c>, with what <see cref="ExpositionStatusOptions"/> say of the
    /// host, <c>/api/v1/metrics</c>, with all groups or those that <c>match[]</c> chooses; <c>?details=true</c> adds the last refused push
    /// of each; <c>/api/v1/groups</c> and <c>/api/v1/jobs</c>, which list and find these; <c>/api/v1/openapi.json</c>, which describes all
    /// of it; <c>/api/v1/refusals</c>, with the last 256 refused requests and 64 more of those without valid credentials; and
    /// <c>/api/v1/targets</c>, which tells Prometheus (http_sd) where to scrape, with <c>?shards=n</c> in so many parts, and with
    /// <c>?of=nodes</c> the own metrics of each host that shares the groups. Prefixes are as for <see cref="MapExpositionPage"/>.
    /// </summary>
    /// <param name="endpoints">The routes of the host, or a group of them.</param>
    /// <param name="prefix">What stands before every path. Empty for nothing.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>
    /// For adding conventions, such as authorization or <c>RequireCors</c>, which takes the place of
    /// <see cref="ExpositionStatusOptions.AllowAnyOrigin"/>.
    /// </returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IEndpointConventionBuilder MapExpositionApi(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine) = BeginOwn(endpoints, prefix, name);
        ExpositionStatusOptions status = StatusOf(endpoints, name);
        engine.Conditions ??= endpoints.ServiceProvider.GetNamed<ConditionWatch>(name);
        engine.Nodes = endpoints.ServiceProvider.GetNamed<INodeSource>(name);
        var api = new ApiHandlers(engine, status);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/status", "api/v1/status", api.StatusAsync);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/metrics", "api/v1/metrics", api.MetricsAsync);
        var find = new FindHandlers(engine);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/groups", "api/v1/groups", find.GroupsAsync);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/jobs", "api/v1/jobs", find.JobsAsync);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/openapi.json", "api/v1/openapi.json", OpenApi.ServeAsync);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/refusals", "api/v1/refusals", new RefusalHandlers(engine).ServeAsync);
        MapOwn(group, engine, HttpMethods.Get, "/api/v1/targets", "api/v1/targets", new TargetsHandler(engine, status).ServeAsync);
        if (status.AllowAnyOrigin)
        {
            MapOwn(group, engine, HttpMethods.Options, "/api/v1/{**path}", "api/v1/options", api.PreflightAsync);
        }

        return group;
    }

    /// <summary>
    /// Maps the part of the JSON API that is for operators: PUT <c>/api/v1/admin/wipe</c> deletes all groups, DELETE
    /// <c>/api/v1/admin/groups</c> those that <c>match[]</c> chooses, PUT <c>/api/v1/admin/snapshot</c> writes a backup by the host's
    /// <see cref="ISnapshotWriter"/>, which <c>AddSqlitePersistence</c> adds; without one the answer is 409. Whoever reaches it may do so:
    /// it wants a rule of the host. Prefixes are as for <see cref="MapExpositionPage"/>.
    /// </summary>
    /// <param name="endpoints">The routes of the host, or a group of them.</param>
    /// <param name="prefix">What stands before every path. Empty for nothing.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>For adding conventions, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IEndpointConventionBuilder MapExpositionAdminApi(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine) = BeginOwn(endpoints, prefix, name);
        var admin = new AdminHandlers(engine, endpoints.ServiceProvider.GetNamed<ISnapshotWriter>(name));
        RequestDelegate wipe = PageHeader.Guard(engine, DisabledDeletes.Guard(engine, admin.WipeAsync));
        MapOwn(group, engine, HttpMethods.Put, "/api/v1/admin/wipe", "wipe", wipe, above => engine.Mapped.Admin = above);
        MapOwn(group, engine, HttpMethods.Put, "/api/v1/admin/snapshot", "snapshot", PageHeader.Guard(engine, admin.SnapshotAsync));
        RequestDelegate delete = PageHeader.Guard(engine, DisabledDeletes.Guard(engine, new BulkDelete(engine).DeleteAsync));
        MapOwn(group, engine, HttpMethods.Delete, "/api/v1/admin/groups", "api/v1/admin/groups", delete);
        return group;
    }

    /// <summary>
    /// Maps POST <c>/v1/metrics</c>, where OpenTelemetry's exporters send metrics with OTLP over HTTP, in protobuf or JSON. A resource is a
    /// group: <c>service.namespace</c> and <c>service.name</c> are its job, and what <see cref="ExpositionOptions.OtlpGroupingAttributes"/>
    /// names are further labels. Gauges replace those that are there, deltas are added, and running totals are added up over instances of a
    /// service. Limits and what is kept of refusals are those of pushes. Prefixes are as for <see cref="MapExpositionPage"/>.
    /// </summary>
    /// <param name="endpoints">The routes of the host, or a group of them.</param>
    /// <param name="prefix">What stands before the path. Empty for nothing.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>For adding conventions, such as authorization.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IEndpointConventionBuilder MapExpositionOtlp(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string prefix = "", string name = "")
    {
        (RouteGroupBuilder group, ExpositionEngine engine) = BeginOwn(endpoints, prefix, name);
        engine.Metrics.Otlp.IsServed = true;
        MapOwn(group, engine, HttpMethods.Post, "/v1/metrics", "v1/metrics", new OtlpHandler(engine).ServeAsync);
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

        RouteGroupBuilder group = GroupOf(endpoints, prefix, name);
        RequestDelegate handler = new EndpointDoor(engine).HandleAsync;
        group.WithMetadata(new ExpositionRoute(engine, handler));
        return (group, engine, handler);
    }

    private static void MapScrapes(
        RouteGroupBuilder group, string name, ExpositionEngine engine, RequestDelegate handler, Func<string, bool> isApart)
    {
        if (isApart(engine.Options.FullTelemetryPath))
        {
            Map(group, engine.Options.FullTelemetryPath, name, engine, handler).WithDisplayName("exposition telemetry");
        }

        if (engine.Options.FullSelfMetricsPath is { } self && isApart(self))
        {
            Map(group, self, name, engine, handler).WithDisplayName("exposition self-metrics");
        }
    }

    // What stands above is known when the endpoint is built. The engine looks at the raw target, so it must know it, too.
    private static IEndpointConventionBuilder Map(
        RouteGroupBuilder group, string path, string name, ExpositionEngine engine, RequestDelegate handler)
    {
        RoutePattern pattern = RoutePatternFactory.Parse(path);
        IEndpointConventionBuilder endpoint = group.Map(pattern, handler);
        endpoint.Finally(built =>
        {
            if (built is RouteEndpointBuilder { RoutePattern: { } found })
            {
                string above = Above(found, name, found.PathSegments.Count - pattern.PathSegments.Count);
                if (engine.Paths.MapBelow(above) is { } other)
                {
                    throw new MappingException($"{Called(name)} is mapped below \"{other}\" and below \"{above}\": expected one prefix; "
                        + "give each an engine of its own name");
                }
            }
        });
        return endpoint;
    }

    private static string Above(RoutePattern pattern, string name, int segments) =>
        string.Concat(pattern.PathSegments.Take(segments).Select(segment => LiteralOf(segment) ?? throw new MappingException(
            $"{Called(name)} is mapped at {pattern.RawText}: a prefix with parameters stands for many paths, expected one path")));

    private static string Called(string name) => name.Length == 0 ? "the engine without a name" : "engine " + name;

    private static string? LiteralOf(RoutePatternPathSegment segment) =>
        segment is { IsSimple: true } && segment.Parts[0] is RoutePatternLiteralPart literal ? "/" + literal.Content : null;

    private static (RouteGroupBuilder Group, ExpositionEngine Engine) BeginOwn(IEndpointRouteBuilder endpoints, string prefix, string name)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        ArgumentNullException.ThrowIfNull(name);
        return (GroupOf(endpoints, prefix, name), endpoints.ServiceProvider.EngineOf(name));
    }

    // A branch of the pipeline that has routes of its own carries them under this key; what the framework calls the main ones, is the app.
    private static RouteGroupBuilder GroupOf(IEndpointRouteBuilder endpoints, string prefix, string name)
    {
        object? branch = endpoints.CreateApplicationBuilder().Properties.TryGetValue("__EndpointRouteBuilder", out object? routes)
            && routes is not WebApplication ? routes : null;
        return endpoints.MapGroup(prefix).WithMetadata(new MappedRoute(name, branch));
    }

    private static ExpositionStatusOptions StatusOf(IEndpointRouteBuilder endpoints, string name) =>
        endpoints.ServiceProvider.GetRequiredService<IOptionsMonitor<ExpositionStatusOptions>>().Get(name);

    // What may be read may be asked about.
    private static string[] MethodsOf(string method) => method == HttpMethods.Get ? [method, HttpMethods.Head] : [method];

    private static void MapOwn(RouteGroupBuilder group, ExpositionEngine engine, string method, string path, string countedAs,
        RequestDelegate serve, Action<string>? setAbove = null)
    {
        string below = engine.Options.RoutePrefix + path;
        IEndpointConventionBuilder endpoint = group.MapMethods(below, MethodsOf(method), new OwnRoute(engine, countedAs, serve).HandleAsync)
            .WithDisplayName("exposition " + countedAs);
        int segments = RoutePatternFactory.Parse(path).PathSegments.Count;
        endpoint.Finally(built =>
        {
            if (setAbove is not null && built is RouteEndpointBuilder { RoutePattern.PathSegments: { } found })
            {
                // For counting steps of relative links a parameter is as good as a name.
                setAbove(string.Concat(found.SkipLast(segments).Select(static segment => LiteralOf(segment) ?? "/{}")));
            }
        });
    }
}
