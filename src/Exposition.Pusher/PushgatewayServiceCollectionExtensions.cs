using Exposition.Formats;
using Exposition.Pusher;
using Exposition.Pusher.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a pusher to a host.</summary>
public static class PushgatewayServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="PushgatewayClient"/> and a hosted service that pushes at intervals and, by default, once more when the host has
    /// stopped. <see cref="PusherOptions"/> may also be set with <c>Configure</c> and from configuration; they are checked when the host
    /// starts. A host has one pusher: a second call configures the same.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>Says what is pushed.</returns>
    /// <example>
    /// <code>
    /// builder.Services.AddPushgateway(o =>
    /// {
    ///     o.Endpoint = new Uri("http://pushgateway:9091");
    ///     o.Job = "import";
    /// }).AddMeter("Import.*");
    /// </code>
    /// </example>
    public static PusherBuilder AddPushgateway(this IServiceCollection services, Action<PusherOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<PusherOptions> options = services.AddOptions<PusherOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PusherOptions>, PusherOptionsValidator>());
        IHttpClientBuilder http = services.AddHttpClient(PushgatewayClient.HttpClientName);
        ServiceDescriptor? added = services.FirstOrDefault(static service => service.ServiceType == typeof(MeterNames));
        if (added?.ImplementationInstance is MeterNames known)
        {
            return new PusherBuilder(services, http, known);
        }

        var meters = new MeterNames();
        services.AddSingleton(meters);
        http.RemoveAllLoggers();
        services.TryAddSingleton(static s => new PushgatewayClient(
            () => s.GetRequiredService<IHttpClientFactory>().CreateClient(PushgatewayClient.HttpClientName),
            OptionsOf(s), TimeOf(s), LoggerOf(s), Random.Shared.NextDouble));
        services.AddSingleton(static s => new PusherSources(
            s.GetRequiredService<MeterNames>(), s.GetKeyedServices<IMetricSource>(PusherSources.Key), TimeOf(s), LoggerOf(s)));
        services.AddSingleton<IHostedService>(static s => new PeriodicPusher(
            s.GetRequiredService<PushgatewayClient>(), OptionsOf(s), s.GetRequiredService<PusherSources>(), TimeOf(s), LoggerOf(s),
            Random.Shared.NextDouble));
        return new PusherBuilder(services, http, meters);
    }

    private static PusherOptions OptionsOf(IServiceProvider services) => services.GetRequiredService<IOptions<PusherOptions>>().Value;

    private static TimeProvider TimeOf(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger LoggerOf(IServiceProvider services) =>
        services.GetService<ILogger<PushgatewayClient>>() ?? (ILogger)NullLogger.Instance;
}
