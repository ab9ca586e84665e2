using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Prometheus;

namespace Exposition.EndToEnd.Tests.Calls;

/// <summary>
/// The recipes of the documents, each run as it stands there, twice, with the address of a gateway in its place. That for the SDK for
/// Python alone is not run: Debian has no package of it. The script beside it sends the same.
/// </summary>
public sealed partial class RecipesTests : IAsyncLifetime
{
    private const string Adding = "src/Exposition.Gateway/docs/adding.md";
    private const string Otlp = "src/Exposition.Gateway/docs/otlp.md";
    private const string Python = "/usr/bin/python3";

    private readonly GatewayProcess _gateway = new()
    {
        Flags =
        [
            "--push.mode={job=\"batch\"}=add", "--push.mode={job=\"web\"}=cumulative", "--push.source-label=instance", "--web.enable-otlp",
        ],
    };

    public ValueTask InitializeAsync() => _gateway.InitializeAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_function_that_is_tried_again_counts_once()
    {
        foreach (var request in new[] { "a", "a", "b" })
        {
            await Tool.SucceedAsync(Python, ["-c", $"""
                import types, urllib.request
                context = types.SimpleNamespace(aws_request_id="{request}")
                {Recipe(Adding, "Functions as of AWS Lambda.")}
                """]);
        }

        Assert.Equal(2, (await _gateway.ScrapeAsync()).Value("orders_total{instance=\"\",job=\"lambda_orders\"}"));
    }

    [Fact]
    public async Task Requests_of_php_add_up()
    {
        var php = Tool.Require("php", "php-cli");
        for (var i = 0; i < 2; i++)
        {
            var said = await Tool.SucceedAsync(php, ["-d", "display_errors=stdout", "-r", Recipe(Adding, "PHP")]);
            Assert.Equal("", said);
        }

        Assert.Equal(2, (await _gateway.ScrapeAsync()).Value("page_views_total{instance=\"\",job=\"shop\"}"));
    }

    [Fact]
    public async Task Jobs_of_a_matrix_keep_the_series_of_each_other()
    {
        Tool.Require("curl", "curl");
        var recipe = Recipe(Adding, "A matrix of CI jobs.").Replace("curl ", "curl -sSf ", StringComparison.Ordinal);
        for (var shard = 1; shard <= 2; shard++)
        {
            await Tool.SucceedAsync("/bin/sh", ["-c", $"set -e; SHARD={shard} SECONDS=1{shard} SHA=abc; {recipe}"]);
        }

        var scraped = await _gateway.ScrapeAsync();
        Assert.Equal(11, scraped.Value("test_seconds{commit=\"abc\",instance=\"\",job=\"ci\",shard=\"1\"}"));
        Assert.Equal(12, scraped.Value("test_seconds{commit=\"abc\",instance=\"\",job=\"ci\",shard=\"2\"}"));
    }

    [Fact]
    public async Task Jobs_with_the_python_client_add_up()
    {
        var lines = Recipe(Adding, "Python").Split('\n');
        Assert.Equal($"pushgateway --push.mode='{{job=\"batch\"}}=add'", lines[0]);
        for (var i = 0; i < 2; i++)
        {
            await Tool.SucceedAsync(Python, ["-c", $"""
                from prometheus_client import CollectorRegistry, Counter, pushadd_to_gateway
                registry = CollectorRegistry()
                Counter("done", "Work that is done.", registry=registry).inc(5)
                {lines[1]}
                """]);
        }

        Assert.Equal(10, (await _gateway.ScrapeAsync()).Value("done_total{instance=\"\",job=\"batch\"}"));
    }

    [Fact]
    public async Task Services_that_live_on_are_summed()
    {
        var endpoint = new Uri(_gateway.Address, "metrics").ToString();
        foreach (var instance in new[] { "a", "b" })
        {
            CollectorRegistry registry = Metrics.NewCustomRegistry();
            registry.SetStaticLabels(new Dictionary<string, string> { ["instance"] = instance });   // another one for each process
            Counter orders = Metrics.WithCustomRegistry(registry).CreateCounter("orders_total", "Orders.");
            using var pusher = new MetricPusher(new MetricPusherOptions { Endpoint = endpoint, Job = "web", Registry = registry });
            pusher.Start();

            orders.Inc(3);
            await pusher.StopAsync();
        }

        Assert.Equal(6, (await _gateway.ScrapeAsync()).Value("orders_total{instance=\"\",job=\"web\"}"));
    }

    [Fact]
    public async Task Jobs_with_the_sdk_for_net_add_up()
    {
        var endpoint = new Uri(_gateway.Address, "v1/metrics");
        for (var i = 0; i < 2; i++)
        {
            using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(resource => resource.AddService("nightly_import"))
                .AddMeter("Import")
                .AddOtlpExporter((exporter, reader) =>
                {
                    exporter.Endpoint = endpoint;   // http://push:9091/v1/metrics
                    exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                    reader.TemporalityPreference = MetricReaderTemporalityPreference.Delta;
                })
                .Build();

            using var meter = new Meter("Import");
            meter.CreateCounter<long>("rows.read").Add(3);
            Assert.True(provider.Shutdown(30_000));
        }

        Assert.Equal(6, (await _gateway.ScrapeAsync()).Value("rows_read_total{instance=\"\",job=\"nightly_import\"}"));
    }

    [Fact]
    public async Task Scripts_that_send_json_add_up()
    {
        for (var i = 0; i < 2; i++)
        {
            await Tool.SucceedAsync(Python, ["-c", Recipe(Otlp, "A script without an SDK")]);
        }

        Assert.Equal(6, (await _gateway.ScrapeAsync()).Value("rows_total{instance=\"\",job=\"nightly_import\"}"));
    }

    [Theory]
    [InlineData(Adding)]
    [InlineData(Otlp)]
    public void What_is_shown_of_net_is_compiled_here(string document) =>
        ReadmeSamples.AreIn("tests/Exposition.EndToEnd.Tests/Calls/RecipesTests.cs", document);

    // The code that is indented behind the words in bold.
    private string Recipe(string document, string name)
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, document));
        var from = text.IndexOf("**" + name + "**", StringComparison.Ordinal);
        Assert.True(from > 0, $"{document} has no recipe {name}");
        var code = Code().Match(text, from).Value;
        return string.Join('\n', code.Trim('\n').Split('\n').Select(static line => line.Length > 4 ? line[4..] : line))
            .Replace("http://push:9091", _gateway.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("push:9091", _gateway.Address.Authority, StringComparison.Ordinal);
    }

    [GeneratedRegex("(?:    .*\n)+")]
    private static partial Regex Code();
}
