using System.Diagnostics;
using System.Globalization;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;
using Exposition.Load.Wire;

namespace Exposition.Load.Cases;

/// <summary>
/// A store of many small groups and some task managers: what it takes in memory, and scrapes of it after nothing, a hundredth and all of
/// its groups were pushed with other values. What follows a push is not timed: the server has gone idle by then.
/// </summary>
internal sealed class StoreCase(Plan plan)
{
    private const int Seed = 20260108;
    private const string Job = "store";
    private const double Hundredth = 0.01;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(Seed);
    private readonly PushBody[] _bodies =
    [
        .. Enumerable.Range(0, plan.StoredSmallGroups).Select(static _ => SmallBody.Make()),
        .. Enumerable.Range(0, plan.StoredFlinkGroups).Select(static i => new FlinkTaskManager(i, 2, new Random(Seed + i)).Body),
    ];

    private int _next;

    /// <summary>Series of the whole store.</summary>
    public long Series => _bodies.Sum(static body => (long)body.Series);

    /// <summary>Fills one server and scrapes it.</summary>
    public async IAsyncEnumerable<Row> RunAsync(ServerSystem system)
    {
        // With the check the reference would take hours to fill. Scrapes are not touched by it.
        bool isUnchecked = system.Kind == ServerKind.Reference;
        await using ServerProcess server = await ServerProcess.StartAsync(system, isUnchecked);
        await server.SettleAsync(TimeSpan.FromSeconds(plan.SettleSeconds));
        long empty = server.ResidentBytes;
        using var connection = new PushConnection(server.Port);
        List<LastPush> last = Push(server, connection, _bodies.Length);
        await server.SettleAsync(s_patience);
        await Task.Delay(TimeSpan.FromSeconds(plan.SettleSeconds));
        (string verified, bool isWrong) = await Verification.OfPushesAsync(server, last);
        string check = isUnchecked ? "syntax only: filled with the check off, as it would take hours" : system.Checked;
        yield return new Row(
            string.Create(CultureInfo.InvariantCulture, $"memory, {Series:#,0} series in {_bodies.Length:#,0} groups"), system.Name, check)
        {
            Value = (server.ResidentBytes - empty) / (double)Series,
            Unit = "B/series",
            Count = 1,
            Verified = verified,
            IsWrong = isWrong,
        };
        if (isWrong || !system.Exposes)
        {
            yield break;
        }

        foreach (ScrapeKind kind in Enum.GetValues<ScrapeKind>())
        {
            foreach ((string changed, double share) in ((string, double)[])[("nothing", 0), ("1 %", Hundredth), ("all", 1)])
            {
                yield return await ScrapeAsync(server, connection, kind, changed, (int)Math.Ceiling(share * _bodies.Length));
            }
        }
    }

    private async Task<Row> ScrapeAsync(ServerProcess server, PushConnection connection, ScrapeKind kind, string changed, int groups)
    {
        using var scraper = new Scraper(server.Port, "/metrics");
        await scraper.ScrapeAsync(kind);
        var times = new LatencyHistogram();
        var noises = new List<Noise>();
        Scraped scrape;
        List<LastPush> last = [];
        long started = Stopwatch.GetTimestamp();
        do
        {
            if (groups > 0)
            {
                last = Push(server, connection, groups);
                await server.SettleAsync(s_patience);
            }

            CpuClock before = CpuClock.Read(server);
            scrape = await scraper.ScrapeAsync(kind);
            noises.Add(CpuClock.Read(server).Since(before, Processors.OfGenerator));
            times.Record((long)scrape.Time.TotalNanoseconds);
        }
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < plan.ScrapeSeconds);

        (string verified, bool isWrong) = last.Count > 0
            ? Verification.OfScrape(scrape, last)
            : (string.Create(CultureInfo.InvariantCulture, $"{scrape.Body.Length} bytes"), scrape.Body.Length < Series);
        Noise noise = Noise.Of(noises);
        return new Row(
            string.Create(CultureInfo.InvariantCulture,
                $"scrape of {Series:#,0} series, {kind.ToString().ToLowerInvariant()}, {changed} changed"),
            server.System.Name, "nothing: sends what was checked when it was pushed")
        {
            P50 = times.Percentile(0.5) / 1e6,
            P99 = times.Count >= 100 ? times.Percentile(0.99) / 1e6 : null,
            Max = times.Max / 1e6,
            Count = times.Count,
            Value = scrape.Bytes / 1e6,
            Unit = "MB",
            Foreign = noise.Foreign,
            Steal = noise.Steal,
            Generator = noise.Generator,
            Verified = verified,
            IsWrong = isWrong,
            Doubts = Trust.Doubts(noise),
        };
    }

    // The next so many groups, in turn, with other values; a few of them are kept for comparison.
    private List<LastPush> Push(ServerProcess server, PushConnection connection, int groups)
    {
        const int kept = 3;
        var last = new List<LastPush>();
        for (int i = 0; i < groups; i++)
        {
            int group = _next++ % _bodies.Length;
            PushBody body = _bodies[group];
            body.Rewrite(_random);
            int status = connection.Send(server.System.PushHead(Job, $"i{group}", body.Bytes.Length), body.Bytes);
            if (!server.System.IsTaken(status))
            {
                throw new IOException($"a push to fill the store was answered with {status}");
            }

            if (i >= groups - kept)
            {
                last.Add(new LastPush(Job, $"i{group}", [.. body.Bytes]));
            }
        }

        return last;
    }
}
