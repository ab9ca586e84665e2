using System.Diagnostics.Metrics;
using Exposition.EndToEnd.Tests.Clients;
using OpenTelemetry.Metrics;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// Exponential histograms of the OpenTelemetry SDKs as a real Prometheus has them, which scrapes protobuf: as native histograms, with the
/// right count, sum and quantiles. Two instances of each service observe values of different ranges, so that their resolutions differ; each
/// exports twice.
/// </summary>
public sealed class OtlpNativeChainTests
{
    // The widest bucket: 160 of them, which the SDKs have at most, for values from 1 to a million.
    private const double Resolution = 1.1;

    // What each instance observes, by exports. The SDK for JavaScript has only one bucket for each power of two after one of zeros alone.
    private static readonly double[][][] s_observed = [[[0, 100], [200, 300]], [[1, 0], [1000, 1_000_000]]];

    [Fact]
    public async Task Prometheus_has_the_count_the_sum_and_the_quantiles_of_exponential_histograms()
    {
        await using var gateway = await GatewayProcess.StartAsync("--web.enable-otlp");
        await using var monitoring = await Monitoring.StartAsync(gateway, takesNative: true);
        var jobs = new List<string>();
        foreach (var temporality in new[] { MetricReaderTemporalityPreference.Cumulative, MetricReaderTemporalityPreference.Delta })
        {
            jobs.Add($"net-{temporality}");
            PushFromNet(gateway.Address, jobs[^1], temporality);
            foreach (var exporter in new[] { "proto", "http" })
            {
                jobs.Add($"node-{exporter}-{temporality}");
                await PushFromNodeAsync(gateway.Address, jobs[^1], exporter, temporality.ToString().ToUpperInvariant());
            }
        }

        var all = s_observed.SelectMany(static exports => exports.SelectMany(static values => values)).Order().ToArray();
        foreach (var job in jobs)
        {
            var histogram = $"exp_bytes{{job=\"{job}\"}}";
            await monitoring.UntilAsync($"histogram_count({histogram})", all.Length);
            await monitoring.UntilAsync($"histogram_sum({histogram})", all.Sum());
            for (var i = 2; i < all.Length; i++)
            {
                var quantile = ((i + 0.5) / all.Length).ToString(CultureInfo.InvariantCulture);
                var value = all[i];
                await monitoring.UntilAsync(
                    $"histogram_quantile({quantile}, {histogram})", seen => seen >= value / Resolution && seen <= value * Resolution,
                    $"about {value}");
            }
        }
    }

    private static void PushFromNet(Uri gateway, string job, MetricReaderTemporalityPreference temporality)
    {
        for (var instance = 0; instance < s_observed.Length; instance++)
        {
            using var meter = new Meter($"native.{job}.{instance}");
            using var provider = OtlpSdks.Net(gateway, meter, job, temporality);
            var histogram = meter.CreateHistogram<double>("exp", "By");
            foreach (var export in s_observed[instance])
            {
                Array.ForEach(export, histogram.Record);
                Assert.True(provider.ForceFlush(30_000));
            }

            Assert.True(provider.Shutdown(30_000));
        }
    }

    private static Task PushFromNodeAsync(Uri gateway, string job, string exporter, string temporality) =>
        OtlpSdks.NodeAsync(gateway, exporter, $$"""
            const observed = {{System.Text.Json.JsonSerializer.Serialize(s_observed)}};
            for (let instance = 0; instance < observed.length; instance++) {
              const provider = new sdk.MeterProvider({
                resource: resources.resourceFromAttributes({ 'service.name': '{{job}}', 'service.instance.id': `i${instance}` }),
                readers: [new sdk.PeriodicExportingMetricReader({
                  exporter: new OTLPMetricExporter({ url, temporalityPreference: otlp.AggregationTemporalityPreference.{{temporality}} }),
                  exportIntervalMillis: 3600000,
                })],
                views: [{ instrumentName: 'exp', aggregation: { type: sdk.AggregationType.EXPONENTIAL_HISTOGRAM } }],
              });
              const histogram = provider.getMeter('test').createHistogram('exp', { unit: 'By' });
              for (const values of observed[instance]) {
                values.forEach((value) => histogram.record(value));
                await provider.forceFlush();
              }
              await provider.shutdown();
            }
            """);
}
