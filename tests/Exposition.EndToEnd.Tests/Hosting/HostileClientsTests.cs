using System.Net.Sockets;
using static Exposition.EndToEnd.Tests.Hosting.HostileClients;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>
/// All that strangers can do to a port, for some seconds, while a pusher that behaves goes on beside them: it
/// must not notice, memory and descriptors stay bounded, and everything is given back afterwards. What the machine itself makes it wait, a
/// second pusher shows at the same time at a server that nobody else talks to.
/// </summary>
[Collection(nameof(Alone))]
public sealed class HostileClientsTests(ITestOutputHelper output)
{
    private const int Others = 1000;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(12);

    private GatewayProcess _gateway = null!;

    [Fact]
    public async Task A_pusher_that_behaves_does_not_notice_all_of_them_at_once()
    {
        // Where this process may not open so many files itself, as many as it may.
        var idle = Math.Min(10_000, ProcessBounds.FileLimit - (2 * Others));
        await using var gateway = await StartAsync(
            "--limit.head-timeout=2s", "--limit.body-timeout=3s", "--limit.idle-timeout=60s", "--limit.body-bytes=4MiB",
            "--limit.decoded-bytes=16MiB", "--limit.inflight-bytes=64MiB", "--limit.scrape-duration=3s",
                $"--limit.connections={idle + Others}");
        var clients = new HostileClients(gateway.Port);
        await StoreAsync(rounds: 1);

        var bounds = new ProcessBounds(gateway.ProcessId);
        var before = bounds.Files;
        var silent = new List<Socket>();
        for (var i = 0; i < idle; i++)
        {
            silent.Add(await clients.OpenAsync(from: 2 + (i / 1000)));
        }

        await using var calm = await GatewayProcess.StartAsync();
        using var end = new CancellationTokenSource(s_duration);
        var beside = GoodPusher.StartAsync(calm.Port, "good", end.Token);
        var pusher = GoodPusher.StartAsync(gateway.Port, "good", end.Token);
        Task[] attacks =
        [
            .. Many(100, () => clients.DripAsync("PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nX: ", end.Token)),
            .. Many(100, () => clients.DripAsync("PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", end.Token)),
            .. Many(50, () => clients.DripAsync(
                "PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\nTrailer: x\r\n\r\n", end.Token)),
            .. Many(2, () => clients.FloodAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyy\r\n", end.Token)),
            .. Many(2, () => clients.FloodAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", end.Token)),
            .. Many(2, () => clients.FloodAsync("GET /", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", end.Token)),
            .. Many(2, () => clients.FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4;",
                "e=\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\";", end.Token)),
            .. Many(2, () => clients.FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
                "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", end.Token)),
            .. Many(2, () => clients.FloodAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\n#######\n\r\n", end.Token)),
            .. Many(18, () => clients.HoldBodyAsync(end.Token)),
            clients.BombAsync(end.Token),
            .. Many(3, () => clients.ResetAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + new string('#', 5000), end.Token)),
            .. Many(3, () => clients.ResetAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", end.Token)),
            .. Many(2, () => clients.HalfCloseAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\na 1\n", "400", end.Token)),
            .. Many(2, () => clients.HalfCloseAsync(
                "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\na 1\n", "413", end.Token)),
            .. Many(2, () => clients.HalfCloseAsync("GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n", "200", end.Token)),
            .. Many(2, () => clients.HalfCloseAsync(
                "PUT /metrics/job/half HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n", "200", end.Token)),
            .. Many(20, () => clients.NeverReadAsync(TimeSpan.FromSeconds(5), end.Token)),
        ];
        await bounds.WatchAsync(end.Token);
        await Task.WhenAll(attacks);
        var (latencies, alone) = (await pusher, GoodPusher.Percentile99(await beside));
        Tell(bounds, latencies, alone);
        silent.ForEach(static socket => socket.Dispose());
        await AllIsGivenBackAsync(bounds, before);

        var after = await gateway.ScrapeAsync();
        foreach (var limit in (
            string[])["head-timeout", "body-timeout", "head-bytes", "target-bytes", "body-bytes", "decoded-bytes", "scrape-duration"])
        {
            Assert.True(after.Value($"pushgateway_limit_refusals_total{{limit=\"{limit}\"}}") > 0, $"{limit} has refused nothing");
        }

        Assert.Equal(latencies.Count, after.Value("good{instance=\"\",job=\"good\"}"));
        Assert.InRange(bounds.MostResident, 1, 1L << 30);
        Assert.InRange(bounds.MostFiles, idle, idle + Others);
        GoodPusher.AssertNotDisturbed(latencies, alone);
    }

    /// <summary>
    /// Each of a thousand has sent a megabyte of a body and sends on slowly. Bodies may hold 64 MiB together; what comes before a body
    /// waits in the connection's own buffer, and that is small.
    /// </summary>
    [Fact]
    public async Task A_thousand_slow_senders_cost_what_the_limits_say()
    {
        const int Senders = 1000;
        await using var gateway = await StartAsync("--limit.inflight-bytes=64MiB", "--limit.body-timeout=60s");
        var clients = new HostileClients(gateway.Port);
        var bounds = new ProcessBounds(gateway.ProcessId);
        var (before, empty) = (bounds.Files, bounds.Resident);
        await using var calm = await GatewayProcess.StartAsync();
        using var end = new CancellationTokenSource();
        var attacks = Many(Senders, () => clients.SlowBodyAsync(1 << 20, end.Token)).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        end.CancelAfter(s_duration);
        var beside = GoodPusher.StartAsync(calm.Port, "good", end.Token);
        var pusher = GoodPusher.StartAsync(gateway.Port, "good", end.Token);
        await bounds.WatchAsync(end.Token);
        await Task.WhenAll(attacks);
        var (latencies, alone) = (await pusher, GoodPusher.Percentile99(await beside));
        Tell(bounds, latencies, alone);
        await AllIsGivenBackAsync(bounds, before);
        Assert.InRange(bounds.MostFiles, Senders, Senders + before + 50);
        Assert.InRange(bounds.MostResident, 1, empty + (64L << 20) + (Senders * (256L << 10)));
        GoodPusher.AssertNotDisturbed(latencies, alone);
    }

    /// <summary>A hundred ask for everything and read nothing, while all that is stored is replaced again and again.</summary>
    [Fact]
    public async Task A_hundred_scrapers_that_never_read_cost_what_the_limits_say()
    {
        await using var gateway = await StartAsync("--limit.scrapes=20", "--limit.scrape-duration=8s");
        var clients = new HostileClients(gateway.Port);
        await StoreAsync(rounds: 3);
        var bounds = new ProcessBounds(gateway.ProcessId);
        var (before, empty) = (bounds.Files, bounds.Resident);
        await using var calm = await GatewayProcess.StartAsync();
        using var end = new CancellationTokenSource(s_duration);
        var attacks = Many(100, () => clients.NeverReadAsync(TimeSpan.FromSeconds(10), end.Token)).ToArray();
        var beside = GoodPusher.StartAsync(calm.Port, "good", end.Token);
        var pusher = GoodPusher.StartAsync(gateway.Port, "good", end.Token);
        var watching = bounds.WatchAsync(end.Token);
        await StoreAsync(rounds: 10);
        await watching;
        await Task.WhenAll(attacks);
        var (latencies, alone) = (await pusher, GoodPusher.Percentile99(await beside));
        Tell(bounds, latencies, alone);
        await AllIsGivenBackAsync(bounds, before);
        var after = await gateway.ScrapeAsync();
        Assert.True(after.Value("pushgateway_limit_refusals_total{limit=\"scrapes\"}") >= 80);
        Assert.True(after.Value("pushgateway_limit_refusals_total{limit=\"scrape-duration\"}") >= 20);

        // At worst each of those that are served holds what was stored when it began.
        Assert.InRange(bounds.MostResident, 1, empty + (20 * 4 * StoredBytes) + (100L << 20));
        GoodPusher.AssertNotDisturbed(latencies, alone);
    }

    private const long StoredBytes = 2L << 20;

    // Four groups, of more together than the kernel takes for a scraper that does not read, with new values each time.
    private async Task StoreAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var body = string.Concat(
                Enumerable.Range(0, 40_000).Select(i => $"stored{{series=\"{i}\",more=\"of the same\"}} {i + round}\n"));
            for (var i = 0; i < 4; i++)
            {
                using var stored = await _gateway.Client.PutAsync($"metrics/job/stored{i}", new StringContent(body));
                Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
            }
        }
    }

    private async Task<GatewayProcess> StartAsync(params string[] flags)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory and descriptors are read from /proc");
        return _gateway = await GatewayProcess.StartAsync(flags);
    }

    private void Tell(ProcessBounds bounds, List<double> latencies, double alone)
    {
        var p99 = GoodPusher.Percentile99(latencies);
        output.WriteLine(
            $"{latencies.Count} pushes, median {latencies[latencies.Count / 2]:F1} ms, p99 {p99:F1} ms ({alone:F1} ms at a server that "
            + $"nobody else talks to), worst {latencies[^1]:F1} ms, resident {bounds.MostResident >> 20} MiB, files {bounds.MostFiles}");
    }

    private async Task AllIsGivenBackAsync(ProcessBounds bounds, int before)
    {
        for (var i = 0; i < 100 && bounds.Files > before + 50; i++)
        {
            await Task.Delay(100);
        }

        Assert.InRange(bounds.Files, 1, before + 50);
        Assert.Equal(0, (await _gateway.ScrapeAsync()).Value("pushgateway_engine_inflight_bytes"));
        var errors = string.Join(
            '\n', _gateway.Log.Split('\n').Where(static line => line.Contains("level=error", StringComparison.Ordinal)));
        Assert.True(errors.Length == 0, errors);
    }
}

/// <summary>Tests that measure time and so run when all others are done.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
