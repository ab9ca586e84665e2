using System.Net;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.SelfMetrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>Families of the host beside pushed ones, through both doors of a host that is embedded as the README says.</summary>
public sealed class MetricSourcesTests : IAsyncDisposable
{
    private readonly RecordedLog _log = new();
    private readonly HttpClient _client = new();
    private WebApplication? _app;
    private string[] _doors = [];

    [Fact]
    public async Task A_push_cannot_take_the_hosts_metrics_away_and_is_not_refused_for_them()
    {
        await StartAsync(Gauge("app_up", 1));

        Assert.Equal(200, await PutAsync("a", "# TYPE app_up counter\napp_up 5\nother 1\n"));
        Assert.Equal(200, await PutAsync("b", "# TYPE app_up gauge\napp_up 7\n"));

        await ForEachDoorAsync(static scrape =>
        {
            Assert.Contains("# TYPE app_up gauge\napp_up 1\napp_up{instance=\"\",job=\"b\"} 7\n", scrape, StringComparison.Ordinal);
            Assert.DoesNotContain("app_up{instance=\"\",job=\"a\"}", scrape, StringComparison.Ordinal);
            Assert.Contains("other{instance=\"\",job=\"a\"} 1\n", scrape, StringComparison.Ordinal);
            Assert.Contains("pushgateway_families_hidden 1\n", scrape, StringComparison.Ordinal);
        });
        Assert.Single(_log.Lines, static line => line.Contains("app_up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_family_that_the_host_exposes_only_later_wins_as_well()
    {
        bool shows = false;
        await StartAsync(new Source(into =>
        {
            if (shows)
            {
                Add(into, "late", 1);
            }
        }));
        Assert.Equal(200, await PutAsync("a", "late 5\n"));
        await ForEachDoorAsync(static scrape => Assert.Contains("late{instance=\"\",job=\"a\"} 5\n", scrape, StringComparison.Ordinal));

        shows = true;

        await ForEachDoorAsync(static scrape =>
        {
            Assert.Contains("# TYPE late gauge\nlate 1\n", scrape, StringComparison.Ordinal);
            Assert.DoesNotContain("late{", scrape, StringComparison.Ordinal);
            Assert.Contains("pushgateway_families_hidden 1\n", scrape, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_source_that_fails_costs_its_own_families_only_and_says_so_in_log_and_metrics_not_to_clients()
    {
        await StartAsync(
            Gauge("one", 1),
            new Source(static into =>
            {
                Add(into, "half", 1);
                throw new InvalidOperationException("the password is secret");
            }),
            new Source(static into =>
            {
                TextFormat.TryRead("two 2\n"u8.ToArray(), new TextReadOptions(NameScheme.Legacy, Lenient: true), into, out _);
            }),
            new Source(static into =>
            {
                Add(into, "one", 4);
                Add(into, "pushgateway_http_requests_total", 4);
                Add(into, "push_time_seconds", 4);
                Add(into, "three", 3);
                Add(into, "three", 4);
            }),
            new Source(static into =>
            {
                Add(into, "", 5);
                Add(into, "twice", 5);
                into.AddMetric(0);
                Add(into, "four", 4);
            }));

        for (int i = 0; i < 3; i++)
        {
            await ForEachDoorAsync(static scrape =>
            {
                string[] lines = scrape.Split('\n');
                Assert.All((string[])["one 1", "two 2", "three 3", "four 4"], line => Assert.Single(lines, line));
                Assert.DoesNotContain("half", scrape, StringComparison.Ordinal);
                Assert.DoesNotContain("secret", scrape, StringComparison.Ordinal);
                Assert.DoesNotContain("push_time_seconds", scrape, StringComparison.Ordinal);
                Assert.DoesNotContain("pushgateway_http_requests_total", scrape, StringComparison.Ordinal);
            });
        }

        var set = new FamilySet();
        Engine.Collect(set);
        string[] failures = [.. Text(set).Split('\n')
            .Where(static line => line.StartsWith("pushgateway_engine_own_metrics_failures_total", StringComparison.Ordinal))];
        Assert.All(failures, static line => Assert.DoesNotContain("} 0", line, StringComparison.Ordinal));
        Assert.Equal(3, failures.Length);

        // Once a source and kind, however often it is scraped.
        Assert.Equal(3, _log.Lines.Count(static line => line.Contains("left out", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task With_a_path_of_their_own_they_leave_the_telemetry_path_and_clash_with_nothing()
    {
        await StartAsync(static options => options.SelfMetricsPath = "/self", Gauge("app_up", 1));
        Assert.Equal(200, await PutAsync("a", "# TYPE app_up counter\napp_up 5\npushgateway_http_push_size_bytes 1\n"));

        foreach (string door in _doors)
        {
            string scrape = await _client.GetStringAsync(door + "/metrics", TestContext.Current.CancellationToken);
            Assert.StartsWith("# TYPE app_up counter\napp_up{instance=\"\",job=\"a\"} 5\n", scrape, StringComparison.Ordinal);
            Assert.Contains("# TYPE pushgateway_http_push_size_bytes untyped\n", scrape, StringComparison.Ordinal);
            string self = await _client.GetStringAsync(door + "/self", TestContext.Current.CancellationToken);
            Assert.StartsWith("# HELP app_up", self, StringComparison.Ordinal);
            Assert.Contains("pushgateway_families_hidden 0\n", self, StringComparison.Ordinal);
            Assert.DoesNotContain("job=\"a\"", self, StringComparison.Ordinal);
            using HttpResponseMessage put = await _client.PutAsync(door + "/self", null, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        }
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/metrics/job/x")]
    [InlineData("metrics/job@base64/eA")]
    [InlineData("/a?b")]
    [InlineData("/{a}")]
    [InlineData("/a b")]
    [InlineData("//a")]
    [InlineData("/a/../b")]
    public void A_path_of_their_own_that_cannot_be_served_is_an_error_at_the_start(string path)
    {
        var options = new ExpositionOptions { SelfMetricsPath = path };

        ArgumentException thrown = Assert.Throws<ArgumentException>(
            () => new ExpositionEngine(new MetricStore(new StoreOptions()), options));
        Assert.Contains(path, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_grow_without_end_are_bounded()
    {
        int next = 0;
        var sources = new MetricSources(new MetricStore(new StoreOptions()), _log);
        sources.Add(new Source(into =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Add(into, $"n{next++}", 1);
            }
        }));

        for (int i = 0; i < 11; i++)
        {
            sources.Collect(new FamilySet());
        }

        Assert.InRange(sources.Faults(SourceFault.Invalid), 1000, 2003);
        Assert.Single(_log.Lines);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    private ExpositionEngine Engine => _app!.Services.GetRequiredService<ExpositionEngine>();

    private static void Add(FamilySet into, string name, double value)
    {
        int metric = into.AddMetric(into.AddFamily(Encoding.UTF8.GetBytes(name), MetricType.Gauge, "help"u8));
        into.Metrics[metric].Content = MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }

    private static Source Gauge(string name, double value) => new(into => Add(into, name, value));

    private static string Text(FamilySet set)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            TextFormat.WriteSamples(set, family, EscapingScheme.Underscores, output);
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private Task StartAsync(params Source[] sources) => StartAsync(static _ => { }, sources);

    private async Task StartAsync(Action<ExpositionOptions> configure, params Source[] sources)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders().AddProvider(_log);
        builder.Services.AddRoutingCore().AddExposition("", configure);
        foreach (Source source in sources)
        {
            builder.Services.AddSingleton<IMetricSource>(source);
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.UseRouting();
        _app.MapExposition();
        await _app.StartAsync();
        _doors = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
    }

    private async Task<int> PutAsync(string job, string body)
    {
        using var content = new StringContent(body);
        using HttpResponseMessage answer = await _client.PutAsync(
            $"{_doors[0]}/metrics/job/{job}", content, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private async Task ForEachDoorAsync(Action<string> check)
    {
        foreach (string door in _doors)
        {
            check(await _client.GetStringAsync(door + "/metrics", TestContext.Current.CancellationToken));
        }
    }

    private sealed class Source(Action<FamilySet> collect) : IMetricSource
    {
        public void Collect(FamilySet into) => collect(into);
    }
}
