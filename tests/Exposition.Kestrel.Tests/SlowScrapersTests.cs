using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>However many scrapers there are and however slow: what they cost is bounded, and they are counted.</summary>
[Collection(nameof(Alone))]
public sealed class SlowScrapersTests
{
    private const string Scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";

    [Fact]
    public async Task A_scraper_below_the_least_rate_is_cut_off()
    {
        var raw = new RawHarness(
            new ExpositionOptions { MinScrapeBytesPerSecond = 50_000 }, new FakeTarget { ScrapeBody = new byte[1 << 20] }, pause: 100_000);
        raw.Send(Scrape);
        raw.Beat(TimeSpan.FromSeconds(9.9));
        Assert.False(raw.Connection.ConnectionClosed.IsCancellationRequested);

        // The scrape gives its thread away now and then: it may have begun to wait for its reader after the first beat.
        for (int beat = 0; beat < 100 && !raw.Connection.ConnectionClosed.IsCancellationRequested; beat++)
        {
            raw.Beat(TimeSpan.FromSeconds(0.2));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await AbortedAsync(raw);
        Assert.Equal(1, Refusals(raw.Engine, "scrape-rate"));
        Assert.Equal(0, Refusals(raw.Engine, "scrape-duration"));
        Assert.Equal(0, raw.Target.OpenScrapes);
    }

    [Fact]
    public async Task One_that_takes_too_long_is_counted_as_such()
    {
        var raw = new RawHarness(new ExpositionOptions { MinScrapeBytesPerSecond = 1, ScrapeTimeout = TimeSpan.FromSeconds(5) },
            new FakeTarget { ScrapeBody = new byte[1 << 20] }, pause: 100_000);
        raw.Send(Scrape);
        raw.Beat(TimeSpan.FromSeconds(6));
        await AbortedAsync(raw);
        Assert.Equal(1, Refusals(raw.Engine, "scrape-duration"));
        Assert.Equal(0, Refusals(raw.Engine, "scrape-rate"));
    }

    [Fact]
    public async Task The_oldest_goes_when_scrapes_hold_too_much()
    {
        var target = new FakeTarget { ScrapeBody = new byte[1 << 20] };
        var options = new ExpositionOptions { MaxHeldBytes = 1000 };
        var raw = new RawHarness(options, target, pause: 100_000);
        raw.Send(Scrape);
        Assert.Equal(1, target.OpenScrapes);
        raw.Engine.Readers.BoundHeldBytes();
        target.Held = 1000;
        raw.Engine.Readers.BoundHeldBytes();
        Assert.False(raw.Connection.ConnectionClosed.IsCancellationRequested);
        target.Held = 1001;
        raw.Engine.Readers.BoundHeldBytes();
        raw.Engine.Readers.BoundHeldBytes();
        await AbortedAsync(raw);
        Assert.Equal(1, Refusals(raw.Engine, "held-bytes"));
    }

    // 100 scrapers that never read beside pushes of 2 MiB: what is replaced is held for them up to the limit, and then they go, one after
    // the other.
    [Fact]
    public async Task Scrapers_that_never_read_beside_large_pushes_hold_no_more_than_the_limit()
    {
        const int Scrapers = 100;
        const int Groups = 8;
        const int PushBytes = 2 << 20;
        const long Limit = 48L << 20;
        await using WebApplication app = await StartAsync(
            static o => (o.MaxHeldBytes, o.MaxScrapes, o.ShapeCacheBytes, o.MinScrapeBytesPerSecond) = (Limit, Scrapers, 0, 0));
        ExpositionEngine engine = app.Services.GetRequiredService<ExpositionEngine>();
        int port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        for (int group = 0; group < Groups; group++)
        {
            await PushAsync(client, group, 0, PushBytes);
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        var scrapers = new List<Socket>();
        long mostHeld = 0;
        long mostMemory = 0;
        for (int i = 1; i <= 120; i++)
        {
            while (scrapers.Count < Math.Min(Scrapers, i * 10))
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
                await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
                await socket.SendAsync(Encoding.ASCII.GetBytes(Scrape));
                scrapers.Add(socket);
            }

            await PushAsync(client, i % Groups, i, PushBytes);
            mostHeld = Math.Max(mostHeld, engine.Store.HeldBytes);
            mostMemory = i % 20 == 0 ? Math.Max(mostMemory, GC.GetTotalMemory(forceFullCollection: true)) : mostMemory;
        }

        Assert.True(Refusals(engine, "held-bytes") > 0, "no scrape was ended");
        Assert.InRange(mostHeld, Limit / 2, Limit + (8 * PushBytes));

        // Beside what is held: the blocks that connections have written and nobody has read, 256 KiB each. It may be less than before:
        // other tests of this process let go of theirs.
        Assert.InRange(mostMemory, 0, before + Limit + (Scrapers * (512L << 10)) + (64L << 20));
        scrapers.ForEach(static s => s.Dispose());
    }

    private static async Task PushAsync(HttpClient client, int group, int value, int bytes)
    {
        var body = new StringBuilder(bytes + 100);
        for (int line = 0; body.Length < bytes; line++)
        {
            body.Append(CultureInfo.InvariantCulture, $"some_metric{{path=\"/some/where/{line}\",code=\"200\"}} {value}\n");
        }

        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body.ToString()));
        using HttpResponseMessage answer = await client.PutAsync($"/metrics/job/g{group}", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<WebApplication> StartAsync(Action<ExpositionOptions> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore()
            .ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition()));
        builder.Services.AddExposition("", configure);
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapExposition();
        await app.StartAsync();
        return app;
    }

    private static double Refusals(ExpositionEngine engine, string limit) =>
        TwoDoors.Counted(engine, "pushgateway_limit_refusals_total", limit);

    // The context aborts on another thread, and the connection ends after that.
    private static async Task AbortedAsync(RawHarness raw)
    {
        await Task.Run(() => raw.Connection.ConnectionClosed.WaitHandle.WaitOne(60_000));
        Assert.True(raw.Connection.ConnectionClosed.IsCancellationRequested);
        raw.Received();
        await raw.Run.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
