using Exposition.Formats.Settings;
using Exposition.OpenTelemetry.Diagnostics;
using Exposition.Pusher;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Exporting;

/// <summary>Puts a reader with its exporter together from services and options.</summary>
internal static class ExporterAssembly
{
    private const int IntervalOfSdk = 60_000;
    private const int TimeoutOfSdk = 30_000;

    /// <exception cref="OptionsValidationException">Options are not valid.</exception>
    public static MetricReader BuildReader(
        IServiceProvider services, string name, PushgatewayExporterOptions options, MetricReaderOptions readerOptions)
    {
        string[] faults = [.. OptionFaults.Of(options, options.Faults())];
        if (faults.Length > 0)
        {
            throw new OptionsValidationException(name, typeof(PushgatewayExporterOptions), faults);
        }

        PeriodicExportingMetricReaderOptions periodic = readerOptions.PeriodicExportingMetricReaderOptions;
        int timeout = periodic.ExportTimeoutMilliseconds ?? TimeoutOfSdk;
        int interval = options.Interval switch
        {
            null => periodic.ExportIntervalMilliseconds ?? IntervalOfSdk,
            { Ticks: 0 } => Timeout.Infinite,
            { } given => (int)given.TotalMilliseconds,
        };
        TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = new ExporterLogger(
            (options.LoggerFactory ?? services.GetService<ILoggerFactory>())?.CreateLogger(ExporterLogger.Category));
        var clients = new ClientSource(services.GetRequiredService<IHttpClientFactory>());
        var client = new PushgatewayClient(clients.Get, options, time, logger, Random.Shared.NextDouble);
        var exporter = new PushgatewayMetricExporter(
            client, options, timeout == Timeout.Infinite ? null : TimeSpan.FromMilliseconds(timeout), time, logger);
        return new FinalPushReader(exporter, interval, timeout)
        {
            TemporalityPreference = MetricReaderTemporalityPreference.Cumulative,
        };
    }
}
