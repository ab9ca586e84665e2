using System.Diagnostics.Metrics;
using Exposition.Formats;
using Exposition.Pusher;
using Exposition.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Options by name, from configuration, and wrong ones.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void All_that_is_wrong_is_said_when_the_provider_is_built()
    {
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder().AddExpositionPusher("x", static o =>
        {
            o.Job = "";
            o.Grouping["bad-name"] = "x";
            o.Grouping["instance"] = "x";
            o.GroupByInstance = true;
            o.Format = (PushgatewayFormat)7;
            o.Method = (PushMethod)7;
            o.Interval = TimeSpan.FromTicks(-1);
            o.ShutdownTimeout = TimeSpan.Zero;
            o.ExpireAfter = TimeSpan.FromSeconds(-1);
            o.Retry.MaxAttempts = 0;
        });
        var thrown = Assert.Throws<OptionsValidationException>(() => builder.Build());
        Assert.Equal("x", thrown.OptionsName);
        foreach (string wrong in new[]
        {
            "PushgatewayExporterOptions.Endpoint is not set", ".Job is \"\": a job is required", ".Grouping: \"bad-name\" is no label name",
            ".GroupByInstance is set, and Grouping has the label instance", ".Format is 7: expected one of Protobuf, Text, OpenMetrics",
            ".Method is 7", ".Interval is -00:00:00.0000001: expected 00:00:00.0010000 to one day, or zero",
            ".ShutdownTimeout is 00:00:00", ".ExpireAfter is -00:00:01", ".Retry.MaxAttempts is 0",
        })
        {
            Assert.Contains(wrong, thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Options_come_from_configuration()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Endpoint"] = "https://gw/x",
            ["Job"] = "j",
            ["Grouping:shard"] = "7",
            ["GroupByInstance"] = "true",
            ["Interval"] = "00:01:00",
            ["Format"] = "Text",
            ["Escaping"] = "Dots",
            ["Retry:MaxAttempts"] = "2",
        }).Build();
        using ServiceProvider services = new ServiceCollection()
            .Configure<PushgatewayExporterOptions>("a", configuration).BuildServiceProvider();
        PushgatewayExporterOptions options = services.GetRequiredService<IOptionsMonitor<PushgatewayExporterOptions>>().Get("a");
        Assert.Equal(
            (new Uri("https://gw/x"), "j", "7", true, TimeSpan.FromMinutes(1), PushgatewayFormat.Text, EscapingScheme.Dots, 2),
            (options.Endpoint, options.Job, options.Grouping["shard"], options.GroupByInstance, options.Interval!.Value, options.Format,
                options.Escaping, options.Retry.MaxAttempts));
    }

    [Fact]
    public void Defaults_are_those_of_the_documentation()
    {
        var options = new PushgatewayExporterOptions();
        Assert.Equal(
            (null, null, PushgatewayFormat.Protobuf, PushMethod.Replace, true, true, false, false, TimeSpan.FromSeconds(5),
                EscapingScheme.Underscores),
            (options.Job, options.Interval, options.Format, options.Method, options.WriteTargetInfo, options.WriteScopeLabels,
                options.DeleteOnShutdown, options.GroupByInstance, options.ShutdownTimeout, options.Escaping));
    }

    [Fact]
    public async Task Two_calls_without_a_name_push_to_two_gateways()
    {
        await using TestGateway first = await TestGateway.StartAsync();
        await using TestGateway second = await TestGateway.StartAsync();
        using var meter = new Meter("Test." + Guid.NewGuid().ToString("N"));
        using (Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(static services => services.Configure<PushgatewayExporterOptions>(static o => o.Job = "of_both"))
            .AddMeter(meter.Name)
            .AddExpositionPusher(o => o.Endpoint = first.Uri)
            .AddExpositionPusher(o => (o.Endpoint, o.Job) = (second.Uri, "of_its_own"))
            .Build())
        {
            meter.CreateCounter<int>("rows").Add(1);
        }

        Assert.Equal(1, first.Value("rows_total{job=\"of_both\"}"));
        Assert.Equal(1, second.Value("rows_total{job=\"of_its_own\"}"));
        Assert.Equal((1, 1), (first.Pushes.Count, second.Pushes.Count));
    }

    [Fact]
    public async Task The_interval_of_the_SDK_counts_where_none_is_given()
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(
            static o => o.Interval = null,
            static builder => builder.ConfigureServices(static services => services.Configure<MetricReaderOptions>(
                static o => o.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 20)));
        bench.Meter.CreateCounter<int>("rows").Add(1);
        await bench.Gateway.WaitForPushAsync(static push => push.IsStored);
    }
}
