using System.Diagnostics.Metrics;
using System.Xml.Linq;
using Exposition.Pusher;
using Exposition.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>The code that the documentation shows, compiled and run. A change here is made there, too: the last tests compare
/// them.</summary>
public sealed class SampleTests
{
    private const string Here = "tests/Exposition.OpenTelemetry.Tests/SampleTests.cs";

    [Fact]
    public void A_job()
    {
        // It pushes nowhere: what cannot be reached is logged, and does not keep the job from ending.
        using var meter = new Meter("Backup.Tables");
        using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("Backup.*")
            .AddExpositionPusher(options =>
            {
                options.Endpoint = new Uri("http://pushgateway:9091");
                options.Job = "nightly_backup";
            })
            .Build();

        meter.CreateCounter<long>("backup.rows").Add(42, new KeyValuePair<string, object?>("table", "users"));
        Assert.NotNull(provider);
        provider.Shutdown(0);
    }

    [Fact]
    public async Task A_host()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Pushgateway:Endpoint", gateway.Uri.ToString())]);

        builder.Services.Configure<PushgatewayExporterOptions>("gateway", builder.Configuration.GetSection("Pushgateway"));
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("import"))   // the job, if the options name none
            .WithMetrics(metrics => metrics
                .AddMeter("Import.*")
                .AddExpositionPusher("gateway", options => options.Grouping["instance"] = "db1"));

        builder.Services.AddHttpClient(PushgatewayClient.HttpClientName);
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            using var meter = new Meter("Import.Rows");
            meter.CreateCounter<int>("rows").Add(3);
            await host.StopAsync();
        }

        Assert.Equal(3, gateway.Value("rows_total{instance=\"db1\",job=\"import\",otel_scope_name=\"Import.Rows\"}"));
    }

    [Fact]
    public void Of_the_documentation_of_options()
    {
        var services = new ServiceCollection();

        services.Configure<PushgatewayExporterOptions>(options =>
        {
            options.Endpoint = new Uri("http://pushgateway:9091");
            options.Job = "nightly_backup";
            options.Grouping["instance"] = "db1";
            options.Interval = TimeSpan.Zero;   // only at the end
        });

        using ServiceProvider built = services.BuildServiceProvider();
        Assert.Empty(built.GetRequiredService<IOptions<PushgatewayExporterOptions>>().Value.Faults());
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() => ReadmeSamples.AreIn(Here, "src/Exposition.OpenTelemetry/README.md");

    [Fact]
    public void Samples_in_the_xml_documentation_are_these()
    {
        var documentation = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Exposition.OpenTelemetry.xml"));
        List<string> samples = [.. documentation.Descendants("code").Select(static code => code.Value)];
        Assert.True(samples.Count >= 2, $"{samples.Count} samples");
        Assert.All(samples, static sample => Assert.True(ReadmeSamples.Contains(Here, sample), sample));
    }
}
