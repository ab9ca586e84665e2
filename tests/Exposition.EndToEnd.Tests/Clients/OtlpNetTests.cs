using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>The OpenTelemetry SDK for .NET with its OTLP exporter: each provider is an instance of its own, as each process is.</summary>
public sealed class OtlpNetTests : IAsyncLifetime
{
    private readonly GatewayProcess _gateway = new() { Flags = ["--web.enable-otlp"] };

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData(MetricReaderTemporalityPreference.Cumulative)]
    [InlineData(MetricReaderTemporalityPreference.Delta)]
    public async Task Instances_are_summed_and_what_is_left_at_the_end_is_sent(MetricReaderTemporalityPreference temporality)
    {
        var job = $"net_{temporality}";
        for (var instance = 0; instance < 2; instance++)
        {
            using var meter = new Meter($"net.{temporality}.{instance}");
            using var provider = OtlpSdks.Net(_gateway.Address, meter, job, temporality);
            var counter = meter.CreateCounter<long>("requests", "{request}", "Requests.");
            var latency = meter.CreateHistogram<double>("latency", "s");
            var exponential = meter.CreateHistogram<double>("exp", "By");
            meter.CreateObservableGauge("temperature", static () => 21.5, "Cel");
            for (var i = 1; i <= 3; i++)
            {
                counter.Add(i, new KeyValuePair<string, object?>("http.method", "GET"));
                latency.Record(i * 2);
                exponential.Record(i * 100);
                Assert.True(provider.ForceFlush(30_000));
            }

            counter.Add(4, new KeyValuePair<string, object?>("http.method", "GET"));
            Assert.True(provider.Shutdown(30_000));
        }

        var scraped = await _gateway.ScrapeAsync();
        Assert.Equal(20, scraped.Value($"requests_total{{http_method=\"GET\",instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(6, scraped.Value($"latency_seconds_count{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(24, scraped.Value($"latency_seconds_sum{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(4, scraped.Value($"latency_seconds_bucket{{instance=\"\",job=\"{job}\",le=\"5\"}}"));
        Assert.Equal(6, scraped.Value($"exp_bytes_count{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(1200, scraped.Value($"exp_bytes_sum{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(21.5, scraped.Value($"temperature_celsius{{instance=\"\",job=\"{job}\"}}"));
        Assert.Equal(0, scraped.Value("pushgateway_otlp_points_total{outcome=\"rejected\"}"));
    }
}
