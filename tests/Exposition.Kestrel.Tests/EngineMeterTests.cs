using System.Diagnostics.Metrics;
using System.Globalization;
using Exposition.Engine;
using Exposition.Hosting;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Tests.HostStyles;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Tests;

/// <summary>What listeners of <c>System.Diagnostics.Metrics</c> hear of an engine.</summary>
public sealed class EngineMeterTests
{
    private const string OpenMetrics = "Content-Type: application/openmetrics-text; version=1.0.0";

    private static readonly string[] s_unnamed = [""];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_doors_are_measured_alike(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? s_unnamed : [],
            static services => services.AddExposition(static options => options.MaxSeriesPerPush = 2),
            static app => app.MapExposition());
        using var measured = new Measured(host.Services.GetRequiredService<IMeterFactory>());

        Assert.Equal(200, (await host.SendAsync("PUT", "/metrics/job/a", "a 1\n")).Status);
        Assert.Equal(200, (await host.SendAsync("PUT", "/metrics/job/a", "a 2\n")).Status);
        Assert.Equal(200, (await host.SendAsync("POST", "/metrics/job/b", "b 1\n# EOF\n", OpenMetrics)).Status);
        Assert.Equal(400, (await host.SendAsync("PUT", "/metrics/job/a", "{\n")).Status);
        Assert.Equal(413, (await host.SendAsync("PUT", "/metrics/job/a", "a 1\nb 1\nc 1\n")).Status);
        Assert.Equal(202, (await host.SendAsync("DELETE", "/metrics/job/b")).Status);
        Assert.Equal(405, (await host.SendAsync("PUT", "/metrics")).Status);
        (int status, string text) = await host.SendAsync("GET", "/metrics");
        Assert.Equal(200, status);
        Assert.Equal(200, (await host.SendAsync("GET", "/metrics", "", "Accept-Encoding: gzip")).Status);

        Assert.Equal(["POST 200 1", "PUT 200 2", "PUT 400 1", "PUT 413 1"], measured.Of("exposition.pushes"));
        Assert.Equal(["DELETE 202 1"], measured.Of("exposition.deletes"));
        Assert.Equal(["malformed 1", "too_large 1"], measured.Of("exposition.push.refusals"));
        Assert.Equal(["series-per-push 1"], measured.Of("exposition.limit.refusals"));
        Assert.Equal(["method 1"], measured.Of("exposition.request.rejections"));
        Assert.Equal([(raw ? "raw" : "kestrel") + " 8"], measured.Of("exposition.requests"));
        Assert.Equal(raw ? ["path 1"] : [], measured.Of("exposition.connection.handovers"));
        Assert.Equal(["POST openmetrics 10", "PUT text 12", "PUT text 2", "PUT text 4", "PUT text 4"],
            measured.Of("exposition.push.size"));
        Assert.Equal(["text gzip sent 1", "text identity sent 1"], measured.Of("exposition.scrapes"));
        Assert.Contains("text identity sent " + System.Text.Encoding.UTF8.GetByteCount(text).ToString(CultureInfo.InvariantCulture),
            measured.Of("exposition.scrape.size"));
        Assert.Equal(["1"], measured.Of("exposition.groups"));
        Assert.Equal(["3"], measured.Of("exposition.series"));
        Assert.Equal(
            [host.Services.GetRequiredService<MetricStore>().StoredBytes.ToString(CultureInfo.InvariantCulture)],
            measured.Of("exposition.memory.stored"));
        Measured.Measure[] durations =
            [.. measured.Recorded.Where(static measure => measure.Name is "exposition.push.duration" or "exposition.scrape.duration")];
        Assert.All(durations, static duration => Assert.InRange(duration.Value, 0, 60));
        Assert.Equal(
            ["POST 200 openmetrics", "PUT 200 text", "PUT 200 text", "PUT 400 text", "PUT 413 text", "text gzip sent",
                "text identity sent"],
            durations.Select(static duration => duration.Text[..duration.Text.LastIndexOf(' ')]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_tag_has_a_value_that_a_client_has_made_up(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(
            raw ? s_unnamed : [], static services => services.AddExposition(), static app => app.MapExposition());
        using var measured = new Measured(host.Services.GetRequiredService<IMeterFactory>());

        foreach (string method in (string[])["PUT", "POST", "DELETE", "GET", "STRANGER"])
        {
            foreach (string path in (string[])["/metrics", "/metrics/job/stranger", "/metrics/stranger", "/stranger"])
            {
                await host.SendAsync(method, path, "stranger{stranger=\"stranger\"} 1\n", "Content-Type: stranger/stranger",
                    "Content-Encoding: stranger", "Accept: stranger/stranger", "Accept-Encoding: stranger", "User-Agent: stranger");
            }
        }

        Measured.Measure[] all = measured.Observe();
        Assert.Contains(all, static measure => measure.Name == "exposition.push.duration");
        Assert.Contains(all, static measure => measure.Name == "exposition.scrapes");
        Assert.DoesNotContain(all, static measure => measure.Text.Contains("stranger", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Engines_of_a_host_have_a_meter_each_with_their_name()
    {
        await using StyleHost host = await StyleHost.StartAsync([], static services =>
        {
            services.AddExposition();
            services.AddExposition("batch");
        }, static app =>
        {
            app.MapExposition();
            app.MapExposition("/batch", "batch");
        });
        using var measured = new Measured(host.Services.GetRequiredService<IMeterFactory>());

        await host.SendAsync("PUT", "/metrics/job/a", "a 1\n");
        await host.SendAsync("POST", "/batch/metrics/job/a", "a 1\n");

        Assert.Equal(["PUT 200 1", "batch POST 200 1"], measured.Of("exposition.pushes"));
        Assert.Equal(["1", "batch 1"], measured.Of("exposition.groups"));
        Assert.Equal(["PUT text 4", "batch POST text 4"], measured.Of("exposition.push.size"));
    }

    [Fact]
    public async Task A_scrape_says_how_it_has_ended()
    {
        using var meters = new Meters();
        using var measured = new Measured(meters);
        const string get = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
        async Task Scrape(ExpositionOptions? options = null, FakeTarget? target = null, string request = get)
        {
            var raw = new RawHarness(options, target);
            raw.Engine.Measure(meters, "");
            await raw.ExchangeAsync(request);
        }

        await Scrape();
        await Scrape(new ExpositionOptions { EnableOpenMetrics = true },
            request: get.Replace("\r\n\r\n", "\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n", StringComparison.Ordinal));
        await Scrape(target: new FakeTarget { ScrapeFails = true });
        await Scrape(target: new FakeTarget { Preparing = Task.FromException(new InvalidOperationException("fake fault")) });
        await Scrape(target: new FakeTarget { ScrapeBreaksOff = true, ScrapeBody = new byte[200_000] });
        await Scrape(target: new FakeTarget { CloseFails = true });
        await Scrape(target: new FakeTarget { Preparing = Task.FromCanceled(new CancellationToken(true)) });
        await Scrape(new ExpositionOptions { CommitGate = new Closed() });

        Assert.Equal(
            ["openmetrics identity sent", "text identity aborted", "text identity failed", "text identity failed", "text identity failed",
                "text identity failed", "text identity refused", "text identity sent"],
            measured.Recorded.Where(static measure => measure.Name == "exposition.scrapes")
                .Select(static measure => measure.Text[..^2]).Order(StringComparer.Ordinal));
        Assert.Equal(7, measured.Recorded.Count(static measure => measure.Name == "exposition.scrape.duration"));
    }

    [Fact]
    public async Task Instruments_are_named_and_described_as_the_conventions_want_it()
    {
        await using StyleHost host = await StyleHost.StartAsync(
            [], static services => services.AddExposition(), static app => app.MapExposition());
        using var measured = new Measured(host.Services.GetRequiredService<IMeterFactory>());
        await host.SendAsync("PUT", "/metrics/job/a", "a 1\n");
        await host.SendAsync("DELETE", "/metrics/job/a");
        await host.SendAsync("GET", "/metrics");

        Instrument[] instruments = [.. measured.Observe().Select(static measure => measure.Instrument).Distinct()];
        Assert.Equal(28, instruments.Length);
        Assert.All(instruments, static instrument =>
        {
            Assert.Matches("^exposition(\\.[a-z]+)+$", instrument.Name);
            Assert.Matches("^(s|By|\\{[a-z]+\\})$", instrument.Unit!);
            Assert.EndsWith(".", instrument.Description, StringComparison.Ordinal);
        });
        string readme = await File.ReadAllTextAsync(
            Path.Combine(Checkout.Root, "src/Exposition.Kestrel/README.md"), TestContext.Current.CancellationToken);
        Assert.All(instruments, instrument => Assert.Contains($"| `{instrument.Name}` | {KindOf(instrument)}, {UnitOf(instrument)} |",
            readme, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_value_of_a_tag_has_a_name()
    {
        Assert.Equal(Enum.GetValues<PushFormat>().Length, Enum.GetValues<PushFormat>().Select(EngineMeter.NameOf).Distinct().Count());
        Assert.Equal(["DELETE", "POST", "PUT"],
            Enum.GetValues<Routing.PushMethod>().Select(EngineMeter.NameOf).Order(StringComparer.Ordinal));

        // Two versions of OpenMetrics are one format.
        Assert.Equal(Enum.GetValues<Formats.ScrapeFormat>().Length - 1,
            Enum.GetValues<Formats.ScrapeFormat>().Select(EngineMeter.NameOf).Distinct().Count());
        Assert.Equal(Enum.GetValues<ScrapeOutcome>().Length, EngineMeter.Outcomes.Length);
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Histogram" => "histogram",
        "Counter" or "ObservableCounter" => "counter",
        "ObservableGauge" => "gauge",
        var name => name == "ObservableUpDownCounter" ? "up-down counter" : name,
    };

    private static string UnitOf(Instrument instrument) => instrument.Unit!.StartsWith('{') ? instrument.Unit : $"`{instrument.Unit}`";

    private sealed class Closed : ICommitGate
    {
        public bool IsOpen => false;

        public Task<string?>? Confirm() => null;
    }
}
