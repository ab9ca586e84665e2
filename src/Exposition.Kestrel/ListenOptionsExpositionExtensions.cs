using Exposition.Hosting.Naming;
using Exposition.Kestrel;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Puts the raw door into a Kestrel endpoint.</summary>
/// <example>
/// <code>
/// builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(9091, listen =>
/// {
///     listen.UseExpositionConnectionLimit();
///     listen.UseExposition();
/// }));
/// </code>
/// Where addresses come from configuration (<c>ASPNETCORE_URLS</c>):
/// <code>
/// builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.UseExposition()));
/// </code>
/// </example>
public static class ListenOptionsExpositionExtensions
{
    private const int SmallestBuffer = 1 << 20;

    /// <summary>
    /// Keeps the number of connections within <see cref="ExpositionOptions.MaxConnections"/>, counted over all endpoints that call this: at
    /// the limit the longest idle connection of the client that has most ends for a newcomer. To be called first, and
    /// <see cref="ExpositionApplicationBuilderExtensions.UseExpositionConnectionLimit"/> on the app.
    /// </summary>
    /// <param name="options">The endpoint.</param>
    /// <param name="secure">Whether TLS follows: then a refusal cannot be put in words.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static ListenOptions UseExpositionConnectionLimit(this ListenOptions options, bool secure = false, string name = "")
    {
        ArgumentNullException.ThrowIfNull(options);
        ExpositionEngine engine = options.ApplicationServices.EngineOf(name);
        options.Use(next => engine.Connections.Wrap(secure, next));
        return options;
    }

    /// <summary>
    /// Sets Kestrel's own limits on request heads to about twice those of the engine's options, so that it is the engine that answers a
    /// head that is too long, and says why (<c>UseExpositionHeadLimits</c> of the app). Kestrel answers those
    /// beyond twice the limit, without a text. A head must fit into Kestrel's buffer: where the options set no limit, Kestrel's is 16 MiB.
    /// </summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>The same server.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static KestrelServerOptions UseExpositionHeadLimits(this KestrelServerOptions kestrel, string name = "")
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        ExpositionOptions options = kestrel.ApplicationServices.EngineOf(name).Options;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestLineSize = HeadLimits.Above(options.MaxTargetBytes);
        limits.MaxRequestHeadersTotalSize = HeadLimits.Above(options.MaxHeadBytes);
        limits.MaxRequestHeaderCount = options.MaxHeaders > 0 ? (int)Math.Min(int.MaxValue, 2L * options.MaxHeaders) : int.MaxValue;
        limits.MaxRequestBufferSize = Math.Max(
            SmallestBuffer, Math.Max((long)limits.MaxRequestLineSize, limits.MaxRequestHeadersTotalSize));

        // Of HTTP/2 a single header, which the target is there.
        limits.Http2.MaxRequestHeaderFieldSize = Math.Max(limits.MaxRequestLineSize, limits.MaxRequestHeadersTotalSize);
        return kestrel;
    }

    /// <summary>
    /// Serves pushes, deletes and scrapes of this endpoint straight from its connections, before Kestrel's HTTP sees them. A connection
    /// that asks for anything else is left to Kestrel from there on, so the same routes must be mapped too
    /// (<c>MapExposition</c>). To be called after <c>UseHttps</c>. An endpoint without HTTP/1.1 is left
    /// as it is.
    /// </summary>
    /// <remarks>
    /// <para>What is served here passes by all middleware of the host: request logs, <c>http.server.request.duration</c>, forwarded headers
    /// (the sender of a refused push is then the proxy), exception handlers, headers that middleware adds. Where the host has rules for
    /// these requests, everything is left to the endpoints, with one line in the log that says why: the mapped endpoints carry metadata for
    /// middleware (authorization, hosts, CORS, rate limits, timeouts, caching) or filters; authorization has a fallback policy;
    /// <c>AllowedHosts</c>, a global rate limiter or a default timeout is set; the routes are not mapped, or another route takes their
    /// requests. <c>MapExposition().AllowAnonymous()</c> lifts what is there for authorization.</para>
    /// <para>What cannot be seen from here is middleware that decides without endpoints, such as a check of an API key of your own: give a
    /// gate then.</para>
    /// </remarks>
    /// <param name="options">The endpoint.</param>
    /// <param name="gate">Stands for the rules of the host: it decides which requests are served here, whatever is mapped. Null for that
    /// of the host's services, if they have one.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="InvalidOperationException">The services have no such engine.</exception>
    public static ListenOptions UseExposition(this ListenOptions options, IRequestGate? gate = null, string name = "")
    {
        ArgumentNullException.ThrowIfNull(options);
        ExpositionEngine engine = options.ApplicationServices.EngineOf(name);

        // Called when the endpoint is opened: by then its protocols are set, and the routes of the host are mapped.
        options.Use(next =>
        {
            if ((options.Protocols & HttpProtocols.Http1) == 0)
            {
                RawLog.DoorClosed(engine.Logger, $"the endpoint {options} does not speak HTTP/1.1");
                return next;
            }

            IRequestGate? asked = gate ?? options.ApplicationServices.GetNamed<IRequestGate>(name);
            HostRules? rules = asked is null ? engine.RulesOf(options.ApplicationServices) : null;
            return new RawConnectionMiddleware(engine, asked, rules, next).OnConnectionAsync;
        });
        return options;
    }
}
