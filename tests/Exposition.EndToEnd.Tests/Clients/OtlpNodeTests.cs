namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>
/// The OpenTelemetry SDK for JavaScript with its exporters of protobuf and JSON, as <c>npm ci</c> in <c>tests/clients/node</c> installs
/// them. Its resources have no instance.
/// </summary>
public sealed class OtlpNodeTests : IAsyncLifetime
{
    private readonly GatewayProcess _gateway = new() { Flags = ["--web.enable-otlp"] };

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("proto", "CUMULATIVE")]
    [InlineData("proto", "DELTA")]
    [InlineData("http", "CUMULATIVE")]
    [InlineData("http", "DELTA")]
    public async Task Sums_and_histograms_of_three_exports_and_a_last_one_at_the_end_are_right(string exporter, string temporality)
    {
        var job = $"node_{exporter}_{temporality}";
        await OtlpSdks.NodeAsync(_gateway.Address, exporter, $$"""
            const reader = new sdk.PeriodicExportingMetricReader({
              exporter: new OTLPMetricExporter({ url, temporalityPreference: otlp.AggregationTemporalityPreference.{{temporality}}, compression: 'gzip' }),
              exportIntervalMillis: 3600000,
            });
            const provider = new sdk.MeterProvider({
              resource: resources.resourceFromAttributes({ 'service.name': '{{job}}' }),
              readers: [reader],
              views: [{ instrumentName: 'exp', aggregation: { type: sdk.AggregationType.EXPONENTIAL_HISTOGRAM } },
                { instrumentName: 'lat', aggregation: { type: sdk.AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 5] } } }],
            });
            const meter = provider.getMeter('test', '1.0');
            const counter = meter.createCounter('jobs.done', { unit: '{job}', description: 'Jobs.' });
            const open = meter.createUpDownCounter('open');
            const latency = meter.createHistogram('lat', { unit: 's' });
            const exponential = meter.createHistogram('exp', { unit: 'By' });
            for (let i = 1; i <= 3; i++) {
              counter.add(i, { kind: 'nightly' });
              open.add(2);
              latency.record(i * 2);
              exponential.record(i * 100);
              await provider.forceFlush();
            }
            counter.add(4, { kind: 'nightly' });
            await provider.shutdown();
            """);

        var scraped = await _gateway.ScrapeAsync();
        Assert.Equal(10, scraped.Value($"jobs_done_total{{instance=\"\",job=\"{job}\",kind=\"nightly\"}}"));
        Assert.Equal(6, scraped.Value($"open{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(3, scraped.Value($"lat_seconds_count{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(12, scraped.Value($"lat_seconds_sum{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(2, scraped.Value($"lat_seconds_bucket{{instance=\"\",job=\"{job}\",le=\"5\"}}"));
        Assert.Equal(3, scraped.Value($"exp_bytes_count{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(600, scraped.Value($"exp_bytes_sum{{instance=\"\",job=\"{job}\"}}"));
    }
}
