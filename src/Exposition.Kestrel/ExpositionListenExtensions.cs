using Exposition.Kestrel.Raw;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel;

/// <summary>Puts the raw door into a Kestrel endpoint.</summary>
public static class ExpositionListenExtensions
{
    /// <summary>
    /// Refuses connections beyond <see cref="ExpositionOptions.MaxConnections"/>, counted over all endpoints that call this. To be called first.
    /// </summary>
    /// <param name="options">The endpoint.</param>
    /// <param name="secure">Whether TLS follows: then a refusal cannot be put in words.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static ListenOptions UseExpositionConnectionLimit(this ListenOptions options, bool secure = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        ExpositionEngine engine = options.ApplicationServices.GetRequiredService<ExpositionEngine>();
        options.Use(next => engine.Connections.Wrap(secure, next));
        return options;
    }

    /// <summary>
    /// Serves pushes, deletes and scrapes of this endpoint straight from its connections, before Kestrel's HTTP sees them. A connection that asks
    /// for anything else is left to Kestrel from there on, so the same routes must be mapped too
    /// (<see cref="ExpositionEndpointExtensions.MapExposition"/>). To be called after <c>UseHttps</c>. Where middleware of the host must see every
    /// request, as with authentication, a gate must stand for it here.
    /// </summary>
    /// <param name="options">The endpoint.</param>
    /// <param name="gate">Decides which requests may be served raw; null for all.</param>
    /// <returns>The same options.</returns>
    /// <exception cref="InvalidOperationException">No engine was added to the services (<see cref="ExpositionServiceExtensions.AddExposition"/>).</exception>
    public static ListenOptions UseExposition(this ListenOptions options, IRawGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ExpositionEngine engine = options.ApplicationServices.GetRequiredService<ExpositionEngine>();
        options.Use(next => new RawConnectionMiddleware(engine, gate, next).OnConnectionAsync);
        return options;
    }
}
