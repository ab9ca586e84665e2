using Prometheus;

namespace Exposition.EndToEnd.Tests.Clients;

/// <summary>prometheus-net's MetricPusher in this process: chunked bodies in pieces of 16 KiB, a last push when it stops.</summary>
public sealed class PrometheusNetTests(GatewayProcess gateway) : IClassFixture<GatewayProcess>
{
    [Fact]
    public async Task Pusher_posts_its_registry_and_once_more_when_it_stops()
    {
        var registry = Metrics.NewCustomRegistry();
        var factory = Metrics.WithCustomRegistry(registry);
        factory.CreateCounter("net_jobs_total", "Jobs done.", "kind").WithLabels("nightly").Inc(5);
        var seconds = factory.CreateHistogram("net_seconds", "How long.", new HistogramConfiguration { Buckets = [0.5, 5] });
        seconds.Observe(1);

        var errors = new List<Exception>();
        var pusher = Pusher("net_post", registry, errors, replace: false);
        pusher.Start();
        await gateway.ScrapeUntilAsync(now => now.With("job=\"net_post\"").Count > 0, "the first push");
        seconds.Observe(10);
        await pusher.StopAsync();

        Assert.Empty(errors);
        var scraped = await gateway.ScrapeAsync();
        Assert.Equal(5, scraped.Value("net_jobs_total{instance=\"\",job=\"net_post\",kind=\"nightly\"}"));
        Assert.Equal(1, scraped.Value("net_seconds_bucket{instance=\"\",job=\"net_post\",le=\"5\"}"));
        Assert.Equal(2, scraped.Value("net_seconds_bucket{instance=\"\",job=\"net_post\",le=\"+Inf\"}"));
    }

    [Fact]
    public async Task Replacing_pusher_puts_a_registry_of_many_chunks()
    {
        const int Series = 3000;
        var registry = Metrics.NewCustomRegistry();
        var gauge = Metrics.WithCustomRegistry(registry).CreateGauge("net_big", "Many series.", "number");
        for (var i = 0; i < Series; i++)
        {
            gauge.WithLabels(i.ToString(CultureInfo.InvariantCulture)).Set(i / 8.0);
        }

        var errors = new List<Exception>();
        var pusher = Pusher("net_put", registry, errors, replace: true);
        pusher.Start();
        await pusher.StopAsync();

        Assert.Empty(errors);
        var pushed = (await gateway.ScrapeAsync()).With("job=\"net_put\"");
        Assert.Equal(Series + 2, pushed.Count);
        Assert.Equal(2999 / 8.0, pushed["net_big{instance=\"\",job=\"net_put\",number=\"2999\"}"]);
    }

    private MetricPusher Pusher(string job, CollectorRegistry registry, List<Exception> errors, bool replace) => new(new MetricPusherOptions
    {
        Endpoint = new Uri(gateway.Address, "metrics").ToString(),
        Job = job,
        Registry = registry,
        IntervalMilliseconds = 100,
        ReplaceOnPush = replace,
        OnError = errors.Add,
    });
}
