using Exposition.Kestrel;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Serving;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Rules of the engine that hold for all routes of a host.</summary>
/// <example>
/// <code>
/// app.UseExpositionConnectionLimit();
/// app.UseExpositionHeadLimits();
/// app.UseExpositionOriginRules();
/// app.UseExpositionPathRules();
/// app.UseRouting();
/// app.MapExposition();
/// </code>
/// </example>
public static class ExpositionApplicationBuilderExtensions
{
    /// <summary>
    /// Answers for all routes of the host what the Pushgateway answers before it routes: a redirect from a path with <c>//</c>, <c>/./</c>
    /// or <c>/../</c> to the clean one, 400 for a malformed percent escape, and 400 for a request that announces gzip and has no body. To
    /// be called before <c>UseRouting</c>. Without it the routes of <c>MapExposition</c> still follow these rules.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <param name="app">The pipeline of the host.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IApplicationBuilder UseExpositionPathRules(this IApplicationBuilder app, string name = "")
    {
        ArgumentNullException.ThrowIfNull(app);
        var door = new EndpointDoor(app.ApplicationServices.EngineOf(name));
        return app.Use(next => context => door.RefuseBeforeRouting(context) ?? next(context));
    }

    /// <summary>
    /// Answers heads beyond <see cref="ExpositionOptions.MaxHeadBytes"/> and <see cref="ExpositionOptions.MaxHeaders"/> (431) and targets
    /// beyond <see cref="ExpositionOptions.MaxTargetBytes"/> (414) for all routes of the host, says what was found, counts it and ends the
    /// connection. To be called first. Without it only the routes of <c>MapExposition</c> do so.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <param name="app">The pipeline of the host.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IApplicationBuilder UseExpositionHeadLimits(this IApplicationBuilder app, string name = "")
    {
        ArgumentNullException.ThrowIfNull(app);
        var limits = new HeadLimits(app.ApplicationServices.EngineOf(name));
        return app.Use(next => context => limits.Refuse(context) ?? next(context));
    }

    /// <summary>
    /// Refuses, for all routes of the host, what pages of other sites make browsers send (403, see
    /// <see cref="ExpositionOptions.TrustedOrigins"/>) and host names that are not served (421, see
    /// <see cref="ExpositionOptions.AllowedHosts"/>). Without it only the routes of <c>MapExposition</c> do so.
    /// </summary>
    /// <returns>The same builder.</returns>
    /// <param name="app">The pipeline of the host.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static IApplicationBuilder UseExpositionOriginRules(this IApplicationBuilder app, string name = "")
    {
        ArgumentNullException.ThrowIfNull(app);
        ExpositionEngine engine = app.ApplicationServices.EngineOf(name);
        return app.Use(next => context => engine.Origins.Refuse(context) ?? next(context));
    }

    /// <summary>
    /// Lets a connection count as idle only while the host serves no request of it, where connections are limited
    /// (<c>UseExpositionConnectionLimit</c> of an endpoint): at the limit the longest idle one ends for a newcomer. To be called first.
    /// </summary>
    /// <returns>The same builder.</returns>
    public static IApplicationBuilder UseExpositionConnectionLimit(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.Use(static next => context => ConnectionLimit.ServeAsync(context, next));
    }
}
