using System.Diagnostics;
using System.Text;

namespace Exposition.EndToEnd.Tests.Replicated;

// Writers push, and adders add, through every gateway while one part after another is killed or hangs. No time is judged but that all comes
// to rest.
// EXPOSITION_REPLICATED_KILLS asks for a number of faults at random instead of each once; EXPOSITION_CRASH_SEED sets another seed.

/// <summary>Several gateways, one state: what was answered is there afterwards, whatever died, and all gateways show the same.</summary>
public sealed class ReplicatedKillsTests
{
    private const int Writers = 4;
    private const int GroupsOfWriter = 6;
    private const int Adders = 2;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private static readonly int s_kills = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_REPLICATED_KILLS") ?? "0", CultureInfo.InvariantCulture);

    private static readonly int s_seed = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_SEED") ?? "20261201", CultureInfo.InvariantCulture);

    private readonly PushedGroup[] _groups =
        [.. Enumerable.Range(0, Writers * GroupsOfWriter).Select(static i => new PushedGroup($"g{i}", i % 2 == 0 ? 20 : 150))];

    private readonly AddedCounter _added = new("gsum");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_answered_is_there_and_all_gateways_show_the_same()
    {
        Assert.SkipWhen(ServerCommand.IsReplaced, "a promise of this program");
        var prometheus = Tool.Require("prometheus", "prometheus");
        await using var all = await ReplicatedGateways.StartAsync();
        await using var scraper = await BalancedPrometheus.StartAsync(prometheus, all.Balancer.Port);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var random = new Random(s_seed);
        var writing = Enumerable.Range(0, Writers)
            .Select(w => WriteAsync(
                all, _groups.AsMemory(w * GroupsOfWriter, GroupsOfWriter), new Random(random.Next()), stop.Token)).ToArray();
        var adding = Enumerable.Range(0, Adders)
            .Select(a => _added.AddAsync(all, $"adder {a}", new Random(random.Next()), stop.Token, Stop)).ToArray();
        var looking = LookAsync(all, stop.Token);

        await AnswersAsync(all, "at the beginning");
        var faults = Faults(all);
        for (var i = 0; i < (s_kills > 0 ? s_kills : faults.Length); i++)
        {
            var (name, fault) = faults[s_kills > 0 ? random.Next(faults.Length) : i];
            await fault();
            await AnswersAsync(all, "after " + name);
        }

        await stop.CancelAsync();
        await Task.WhenAll([.. writing, .. adding, looking]);
        await RestsAsync(all);
        await scraper.ShowsAsync(_groups[0].Job, all);
        TestContext.Current.SendDiagnosticMessage(
            $"{_groups.Sum(static g => g.Answered)} changes and {_added.Ids} additions answered, seed {s_seed}");
    }

    private (string Name, Func<Task> Do)[] Faults(ReplicatedGateways all)
    {
        var faults = new List<(string, Func<Task>)>();
        for (var i = 0; i < 3; i++)
        {
            var n = i;
            faults.Add(($"kill of server {n}", async () =>
            {
                await all.Engine[n].KillAsync();
                await AnswersAsync(all, $"without server {n}");
                await all.Engine[n].StartAgainAsync();
            }
            ));
            faults.Add(($"hang of server {n}", async () =>
            {
                all.Engine[n].Pause();
                await AnswersAsync(all, $"while server {n} hangs");
                all.Engine[n].Resume();
            }
            ));
            faults.Add(($"kill of gateway {n}", async () =>
            {
                await all.KillGatewayAsync(n);
                await AnswersAsync(all, $"without gateway {n}");
                await all.StartGatewayAsync(n);
            }
            ));
            faults.Add(($"hang of gateway {n}", async () =>
            {
                all.PauseGateway(n);
                await AnswersAsync(all, $"while gateway {n} hangs");
                all.ResumeGateway(n);
            }
            ));
        }

        faults.Add(("loss of a disk of the engine", async () =>
        {
            await all.Engine[0].LoseDiskAsync();
            await AnswersAsync(all, "without the disk of server 0");
            await all.Engine[0].StartAgainAsync();
        }
        ));
        faults.Add(("kill of the whole engine", async () =>
        {
            await Task.WhenAll(all.Engine.Select(static server => server.KillAsync()));
            await Task.WhenAll(all.Engine.Select(static server => server.StartAgainAsync()));
        }
        ));
        return [.. faults];
    }

    // Twenty more changes are answered: whatever one part does, the others go on.
    private async Task AnswersAsync(ReplicatedGateways all, string when)
    {
        int Sum() => _groups.Sum(static group => group.Answered);
        var from = Sum();
        for (var watch = Stopwatch.StartNew(); Sum() < from + 20; await Task.Delay(20, Stop))
        {
            Assert.True(watch.Elapsed < s_limit, $"no push was answered {when} (seed {s_seed})\n{all.Logs()}");
        }
    }

    private static async Task WriteAsync(ReplicatedGateways all, ReadOnlyMemory<PushedGroup> groups, Random random, CancellationToken stop)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(15) };
        var unanswered = groups.ToArray().ToDictionary(static group => group, static _ => new HashSet<int>());
        while (!stop.IsCancellationRequested)
        {
            var group = groups.Span[random.Next(groups.Length)];
            var ready = all.Ready;
            var deletes = random.Next(10) == 0;
            var number = group.Sending(deletes);
            var path = new Uri(ready[random.Next(ready.Count)].Address, $"metrics/job/{group.Job}");
            try
            {
                using var response = deletes ? await client.DeleteAsync(path, Stop)
                    : await client.PutAsync(path, new StringContent(group.Body(number), Encoding.UTF8, "text/plain"), Stop);
                if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted)
                {
                    group.WasAnswered(number, unanswered[group]);
                    continue;
                }

                Assert.True(response.StatusCode == HttpStatusCode.ServiceUnavailable,
                    $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Stop)}");
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !Stop.IsCancellationRequested))
            {
                // The gateway was killed, or hangs.
            }

            unanswered[group].Add(number);
            await Task.Delay(20, Stop);
        }
    }

    // Whatever is looked at, whenever: no group is a mix.
    private async Task LookAsync(ReplicatedGateways all, CancellationToken stop)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(15) };
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var ready = all.Ready;
            try
            {
                var scraped = Scraped.Parse(await client.GetStringAsync(new Uri(ready[i % ready.Count].Address, "metrics"), Stop));
                Assert.All(_groups, group => Assert.Null(group.Mix(scraped)));
            }
            catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !Stop.IsCancellationRequested))
            {
                // Killed or hanging in the middle, or not loaded yet.
            }

            await Task.Delay(100, Stop);
        }
    }

    // All are alike, and of each group there is what must be.
    private async Task RestsAsync(ReplicatedGateways all)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(250, Stop))
        {
            var scrapes = new List<Scraped>();
            foreach (var gateway in all.Ready)
            {
                scrapes.Add(await gateway.ScrapeAsync());
            }

            var pushed = scrapes
                .Select(static scraped => string.Join('\n', scraped.Lines.Where(IsPushed).Order(StringComparer.Ordinal))).ToList();
            if (scrapes.Count == 3 && pushed.Distinct().Count() == 1)
            {
                Assert.Empty(_groups.Select(group => group.WrongAtRest(scrapes[0]))
                    .Append(_added.WrongAtRest(scrapes[0])).OfType<string>());
                return;
            }

            Assert.True(watch.Elapsed < s_limit, $"the gateways were not alike (seed {s_seed})\n{all.Logs()}");
        }
    }

    private static bool IsPushed(string line) => line.Contains("{job=\"g", StringComparison.Ordinal)
        || line.Contains(",job=\"g", StringComparison.Ordinal);
}
