using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>The OpenTelemetry SDKs that push here.</summary>
internal static class OtlpSdks
{
    /// <summary>
    /// A provider of the SDK for .NET, which exports when it is told to; the instrument <c>exp</c> is an exponential histogram.
    /// </summary>
    public static MeterProvider Net(Uri gateway, Meter meter, string job, MetricReaderTemporalityPreference temporality) =>
        Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService(job))
            .AddMeter(meter.Name)
            .AddView("exp", new Base2ExponentialBucketHistogramConfiguration())
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new Uri(gateway, "v1/metrics");
                reader.TemporalityPreference = temporality;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue;
            })
            .Build();

    /// <summary>
    /// Runs a script with the SDK for JavaScript: <c>sdk</c>, <c>resources</c>, <c>otlp</c>, <c>OTLPMetricExporter</c> and <c>url</c> are
    /// there.
    /// </summary>
    /// <param name="gateway">Where <c>url</c> is.</param>
    /// <param name="exporter">Which exporter: <c>proto</c> or, with JSON, <c>http</c>.</param>
    /// <param name="script">The script.</param>
    public static async Task NodeAsync(Uri gateway, string exporter, string script)
    {
        var node = Tool.Require("node", "nodejs");
        var directory = Path.Combine(Checkout.Root, "tests", "clients", "node");
        if (!Directory.Exists(Path.Combine(directory, "node_modules", "@opentelemetry", "sdk-metrics")))
        {
            Tool.Missing("@opentelemetry/sdk-metrics is not installed (npm ci in tests/clients/node)");
        }

        var program = $$"""
            const at = process.argv[1] + '/node_modules/@opentelemetry/';
            const url = process.argv[2] + 'v1/metrics';
            const sdk = require(at + 'sdk-metrics');
            const resources = require(at + 'resources');
            const otlp = require(at + 'exporter-metrics-otlp-http');
            const { OTLPMetricExporter } = require(at + 'exporter-metrics-otlp-{{exporter}}');
            (async () => {
            {{script}}
            })().catch(error => { console.error(error); process.exit(1); });
            """;
        await Tool.SucceedAsync(node, ["-e", program, directory, gateway.ToString()]);
    }
}
