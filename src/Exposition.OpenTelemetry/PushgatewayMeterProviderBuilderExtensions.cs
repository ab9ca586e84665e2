using Exposition.OpenTelemetry;
using Exposition.OpenTelemetry.Exporting;
using Exposition.Pusher;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OpenTelemetry.Metrics;

/// <summary>Adds pushes to a Prometheus Pushgateway to a meter provider.</summary>
public static class PushgatewayMeterProviderBuilderExtensions
{
    /// <summary>Pushes with options that are set by <c>Configure</c> or come from configuration.</summary>
    /// <inheritdoc cref="AddExpositionPusher(MeterProviderBuilder, string?, Action{PushgatewayExporterOptions}?)"/>
    public static MeterProviderBuilder AddExpositionPusher(this MeterProviderBuilder builder) =>
        AddExpositionPusher(builder, name: null, configure: null);

    /// <summary>
    /// Pushes what the provider's meters measure: at intervals, when it is flushed, and once more when it is shut down or disposed of.
    /// </summary>
    /// <inheritdoc cref="AddExpositionPusher(MeterProviderBuilder, string?, Action{PushgatewayExporterOptions}?)"/>
    public static MeterProviderBuilder AddExpositionPusher(
        this MeterProviderBuilder builder, Action<PushgatewayExporterOptions> configure) =>
        AddExpositionPusher(builder, name: null, configure);

    /// <summary>
    /// Pushes what the provider's meters measure, with options of a name: for several gateways, or several providers. Requests are sent by
    /// the client named <see cref="PushgatewayClient.HttpClientName"/> of the services' <see cref="IHttpClientFactory"/>, which is the
    /// place for credentials, proxies and certificates. Temporality is cumulative, whatever <c>MetricReaderOptions</c> prefers.
    /// </summary>
    /// <param name="builder">The provider's builder.</param>
    /// <param name="name">The name of the options; null for those without a name, which each such call has for itself.</param>
    /// <param name="configure">Sets the options, after <c>Configure</c> and configuration.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="OptionsValidationException">When the provider is built: options are not valid; all that is wrong is in the
    /// message.</exception>
    /// <example>
    /// <code>
    /// using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
    ///     .AddMeter("Backup.*")
    ///     .AddExpositionPusher(options =>
    ///     {
    ///         options.Endpoint = new Uri("http://pushgateway:9091");
    ///         options.Job = "nightly_backup";
    ///     })
    ///     .Build();
    /// </code>
    /// </example>
    public static MeterProviderBuilder AddExpositionPusher(
        this MeterProviderBuilder builder, string? name, Action<PushgatewayExporterOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        string optionsName = name ?? Options.DefaultName;
        builder.ConfigureServices(services =>
        {
            // What pushes do is logged by the exporter.
            services.AddHttpClient(PushgatewayClient.HttpClientName).RemoveAllLoggers();
            if (name is not null && configure is not null)
            {
                services.Configure(optionsName, configure);
            }
        });
        return builder.AddReader(services =>
        {
            PushgatewayExporterOptions options;
            if (name is not null)
            {
                options = services.GetRequiredService<IOptionsMonitor<PushgatewayExporterOptions>>().Get(optionsName);
            }
            else
            {
                // Of their own, or two calls without a name would push to the same gateway.
                options = services.GetRequiredService<IOptionsFactory<PushgatewayExporterOptions>>().Create(optionsName);
                configure?.Invoke(options);
            }

            MetricReaderOptions reader = services.GetRequiredService<IOptionsMonitor<MetricReaderOptions>>().Get(optionsName);
            return ExporterAssembly.BuildReader(services, optionsName, options, reader);
        });
    }
}
