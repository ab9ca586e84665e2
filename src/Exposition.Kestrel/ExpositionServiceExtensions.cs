using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Kestrel;

/// <summary>Adds the engine to a host's services.</summary>
public static class ExpositionServiceExtensions
{
    /// <summary>
    /// Adds the options, a store made from them, and the engine, each as a singleton unless the host has added its own. Every
    /// <see cref="IMetricSource"/> among the services is exposed.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="InvalidOperationException">There is something to configure, but the options are there already: a host has one
    /// engine.</exception>
    public static IServiceCollection AddExposition(this IServiceCollection services, Action<ExpositionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null && services.Any(static service => service.ServiceType == typeof(ExpositionOptions)))
        {
            throw new InvalidOperationException(
                "AddExposition: the services have ExpositionOptions already, so these would be ignored; a host has one engine");
        }

        var options = new ExpositionOptions();
        configure?.Invoke(options);
        services.TryAddSingleton(options);
        services.TryAddSingleton(static s => new LogBudget(s.GetRequiredService<ExpositionOptions>().Time));
        services.TryAddSingleton(static s =>
            new ClientLog(s.GetService<ILogger<ExpositionEngine>>() ?? (ILogger)NullLogger.Instance, s.GetRequiredService<LogBudget>()));
        services.TryAddSingleton(static s =>
        {
            ExpositionOptions o = s.GetRequiredService<ExpositionOptions>();
            ClientLog log = s.GetRequiredService<ClientLog>();
            o.Store.ExpiryRules = [.. o.ExpiryRules];
            o.Store.FamilyHidden = (group, hidden) => log.Hidden(group, hidden);
            o.Store.ExpiryFailed = thrown => log.Failed("metrics of a group could not expire, trying again", thrown);
            return new MetricStore(o.Store);
        });
        if (options.LargeReceiveBlocks)
        {
            services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, LargeBlockPoolFactory>());

            // What Kestrel has received and nobody has looked at is held in addition to all that is counted, by each connection whose body
            // waits for room. Kestrel would let it be a megabyte.
            services.Configure<SocketTransportOptions>(static sockets => sockets.MaxReadBufferSize = LargeBlockPool.BlockBytes);
        }

        services.TryAddSingleton(static s => new ExpositionEngine(
            s.GetRequiredService<MetricStore>(),
            s.GetRequiredService<ExpositionOptions>(),
            s.GetServices<IMetricSource>(),
            s.GetRequiredService<ClientLog>()));
        return services;
    }
}
