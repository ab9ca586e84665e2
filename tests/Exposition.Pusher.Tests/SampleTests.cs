using System.Diagnostics.Metrics;
using System.Xml.Linq;
using Exposition.Formats;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Exposition.Pusher.Tests;

/// <summary>The code that the documentation shows, compiled and run. A change here is made there, too: the last tests compare
/// them.</summary>
public sealed class SampleTests : IDisposable
{
    private const string Here = "tests/Exposition.Pusher.Tests/SampleTests.cs";

    private readonly FakeGateway _gateway = new();

    public void Dispose() => _gateway.Dispose();

    [Fact]
    public async Task A_job_with_meters()
    {
        using var http = new HttpClient(_gateway);
        await RunAsync();
        Assert.Contains("job_success 1\n", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.Contains("backup_rows_total{table=\"users\"} 42\n", _gateway.Only.Text, StringComparison.Ordinal);

        async Task RunAsync()
        {
            using var meters = new MeterSource("Backup.*");
            using var meter = new Meter("Backup.Tables");
            Counter<long> rows = meter.CreateCounter<long>("backup.rows");

            var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri("http://pushgateway:9091") });
            var options = new JobRunOptions { Metrics = meters, ThrowOnPushFailure = true };
            await using JobRun run = await client.StartRunAsync(new PushGroup("nightly_backup"), options);
            rows.Add(42, new KeyValuePair<string, object?>("table", "users"));
            run.Succeed();   // without it the run has failed: an exception is on its way
        }
    }

    [Fact]
    public async Task A_host()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);

        builder.Services.AddPushgateway(o =>
        {
            o.Endpoint = new Uri("http://pushgateway:9091");
            o.Job = "import";
            o.Grouping["instance"] = "db1";
        }).AddMeter("Import.*");

        builder.Services.AddHttpClient(PushgatewayClient.HttpClientName).ConfigurePrimaryHttpMessageHandler(() => _gateway);
        using IHost host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
        Assert.Equal("http://pushgateway:9091/metrics/job/import/instance/db1", _gateway.Sent[^1].Uri);
    }

    [Fact]
    public async Task Pushes_by_hand()
    {
        using var http = new HttpClient(_gateway);
        using var log = new StringWriter();
        _gateway.Answer(HttpStatusCode.BadRequest, "no");
        var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri("http://pushgateway:9091") });
        var source = new Gauge("rows");

        PushGroup group = new PushGroup("etl").With("path", "/srv/data").With("shard", "");
        try
        {
            await client.PushAsync(group, source);   // PUT; PushAddAsync is POST
        }
        catch (PushgatewayException e) when (!e.IsTransient)
        {
            log.WriteLine($"{e.Group}: {e.Reason}");
        }

        await client.SendAsync(new PushRequest(group, "rows 3\n"u8.ToArray(), "text/plain") { ExpireAfter = TimeSpan.FromDays(1) });
        await client.DeleteAsync(group);

        Assert.Equal("{job=\"etl\",path=\"/srv/data\",shard=\"\"}: no\n", log.ToString());
        Assert.Equal(["PUT", "PUT", "DELETE"], _gateway.Sent.Select(static sent => sent.Method.Method));
    }

    [Fact]
    public async Task Of_the_documentation_of_types()
    {
        using var http = new HttpClient(_gateway);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);

        var group = new PushGroup("nightly_backup").With("instance", "db1").With("path", "/srv/data");

        builder.Services.AddPushgateway(o =>
        {
            o.Endpoint = new Uri("http://pushgateway:9091");
            o.Job = "import";
        }).AddMeter("Import.*");

        builder.Services.AddPushgateway(options =>
        {
            options.Endpoint = new Uri("http://pushgateway:9091");
            options.Job = "nightly_backup";
            options.Grouping["instance"] = Environment.MachineName;
        }).AddMeter("MyApp.*");

        Assert.Equal("job/nightly_backup/instance/db1/path@base64/L3Nydi9kYXRh", group.Path);
        await ByMetersAsync();
        await ByRunAsync();
        Assert.Equal("http://pushgateway:9091/metrics/job/nightly_backup/path@base64/L3Nydi9kYXRh", _gateway.Sent[0].Uri);
        Assert.Contains("job_success 1\n", _gateway.Sent[1].Text, StringComparison.Ordinal);

        async Task ByMetersAsync()
        {
            var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri("http://pushgateway:9091") });
            using var meters = new MeterSource("MyApp.*");
            await client.PushAsync(new PushGroup("nightly_backup").With("path", "/srv/data"), meters);
        }

        async Task ByRunAsync()
        {
            var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri("http://pushgateway:9091") });
            await using JobRun run = await client.StartRunAsync("nightly_backup");
            await BackUpAsync();
            run.Succeed();
        }
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() => ReadmeSamples.AreIn(Here, "src/Exposition.Pusher/README.md");

    [Fact]
    public void Samples_in_the_xml_documentation_are_these()
    {
        var documentation = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Exposition.Pusher.xml"));
        List<string> samples = [.. documentation.Descendants("code").Select(static code => code.Value)];
        Assert.True(samples.Count >= 4, $"{samples.Count} samples");
        Assert.All(samples, static sample => Assert.True(ReadmeSamples.Contains(Here, sample), sample));
    }

    private static Task BackUpAsync() => Task.CompletedTask;
}
