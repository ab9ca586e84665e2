using System.Collections.Concurrent;
using System.Diagnostics;

namespace Exposition.EndToEnd.Tests.Durable;

// Each adder adds one to the counter of a group, with a new id, until it is answered: what was cut off is sent again with the same id, also
// after the kill. So when all have been answered the counter is the number of ids, whatever was lost and sent again. With a commit interval
// an answer does not wait for the disk: what was answered shortly before the kill may be missing, and nothing may count twice.

/// <summary>The real program under adders who try again, killed at random moments.</summary>
public sealed class AddersCrashTests
{
    private const int Groups = 3;
    private const int AddersOfGroup = 3;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(15);

    private static readonly int s_kills = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_KILLS") ?? "0", CultureInfo.InvariantCulture);

    private static readonly int s_seed = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_SEED") ?? "20260701", CultureInfo.InvariantCulture);

    [Fact]
    public Task With_a_commit_interval_of_zero_each_id_counts_once() => CrashAsync("0", TimeSpan.FromMilliseconds(500));

    [Fact]
    public Task With_a_commit_interval_of_a_second_nothing_older_is_missing_and_nothing_counts_twice() =>
        CrashAsync("1s", TimeSpan.FromMilliseconds(2500));

    private static async Task CrashAsync(string interval, TimeSpan longestRun)
    {
        Assert.SkipWhen(ServerCommand.IsReplaced, "a promise of this program");
        var directory = Directory.CreateTempSubdirectory("exposition-adders");
        try
        {
            var flags = new[]
            {
                $"--persistence.file={Path.Combine(directory.FullName, "data")}", $"--persistence.commit-interval={interval}",
                "--push.mode=add", "--limit.push-ids=0", "--push.id-window=1h",
            };
            var random = new Random(s_seed);
            var adders = Enumerable.Range(0, Groups * AddersOfGroup).Select(static i => new Adder(i)).ToArray();
            var watch = Stopwatch.StartNew();
            var kills = 0;
            for (; s_kills > 0 ? kills < s_kills : watch.Elapsed < s_time || kills < 3; kills++)
            {
                await using var gateway = await GatewayProcess.StartAsync(flags);
                await CheckAsync(gateway, adders, $"interval {interval}, seed {s_seed}, after {kills} kills");
                using var stop = new CancellationTokenSource();
                var answered = adders.Sum(static adder => adder.Answers);
                var working = adders.Select(adder => adder.WorkAsync(gateway, stop.Token)).ToArray();
                while (adders.Sum(static adder => adder.Answers) < answered + adders.Length
                    && !working.Any(static work => work.IsCompleted))
                {
                    await Task.Delay(5, TestContext.Current.CancellationToken);
                }

                await Task.Delay(random.Next(50, (int)longestRun.TotalMilliseconds), TestContext.Current.CancellationToken);
                var settled = Stopwatch.GetTimestamp();
                if (interval != "0")
                {
                    settled -= (long)((await gateway.ScrapeAsync()).Value("pushgateway_persistence_lag_seconds") * Stopwatch.Frequency);
                }

                await gateway.KillAsync();
                await stop.CancelAsync();
                await Task.WhenAll(working);
                Array.ForEach(adders, adder => adder.Settle(interval == "0" ? long.MaxValue : settled));
            }

            await using (var last = await GatewayProcess.StartAsync(flags))
            {
                await CheckAsync(last, adders, $"interval {interval}, seed {s_seed}, at the end");
                foreach (var adder in adders)
                {
                    await adder.FinishAsync(last);
                }

                if (interval == "0")
                {
                    var scraped = await last.ScrapeAsync();
                    for (var group = 0; group < Groups; group++)
                    {
                        Assert.Equal(adders.Where(adder => adder.Group == group).Sum(static adder => adder.Ids), Sum(scraped, group));
                    }
                }
            }

            TestContext.Current.SendDiagnosticMessage(
                $"interval {interval}: {kills} kills, {adders.Sum(static adder => adder.Ids)} ids, "
                + $"{adders.Sum(static adder => adder.Retries)} sent again");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static long Sum(Scraped scraped, int group) => (long)scraped.With($"job=\"g{group}\"")
        .Where(static sample => sample.Key.StartsWith("added_total", StringComparison.Ordinal)).Sum(static sample => sample.Value);

    private static async Task CheckAsync(GatewayProcess gateway, Adder[] adders, string where)
    {
        var scraped = await gateway.ScrapeAsync();
        for (var group = 0; group < Groups; group++)
        {
            var of = adders.Where(adder => adder.Group == group).ToArray();
            var sum = Sum(scraped, group);
            var least = of.Sum(static adder => adder.Certain);
            var most = of.Sum(static adder => adder.Ids);
            Assert.True(sum >= least && sum <= most, $"{where}: group {group} has {sum}, not {least} to {most}");
        }
    }

    private sealed class Adder(int number)
    {
        private readonly ConcurrentQueue<long> _answered = [];
        private bool _isOpen;

        public int Group => number / AddersOfGroup;

        /// <summary>How many ids it has used, the one that is not answered yet among them.</summary>
        public int Ids { get; private set; }

        public int Retries { get; private set; }

        /// <summary>How many were answered.</summary>
        public int Answers { get; private set; }

        /// <summary>How many of them must be in the sum.</summary>
        public int Certain { get; private set; }

        public async Task WorkAsync(GatewayProcess gateway, CancellationToken stop)
        {
            try
            {
                while (!stop.IsCancellationRequested)
                {
                    await AddAsync(gateway, stop);
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // The server was killed.
            }
        }

        public async Task FinishAsync(GatewayProcess gateway)
        {
            if (_isOpen)
            {
                await AddAsync(gateway, TestContext.Current.CancellationToken);
            }
        }

        /// <summary>What was answered before a time must be there after the kill.</summary>
        public void Settle(long before)
        {
            while (_answered.TryDequeue(out var at))
            {
                Certain += at <= before ? 1 : 0;
            }
        }

        private async Task AddAsync(GatewayProcess gateway, CancellationToken stop)
        {
            Retries += _isOpen ? 1 : 0;
            Ids += _isOpen ? 0 : 1;
            _isOpen = true;
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"metrics/job/g{Group}", UriKind.Relative))
            {
                Content = new StringContent("# TYPE added_total counter\nadded_total 1\n"),
            };
            request.Headers.Add("Exposition-Push-Id", $"{number}/{Ids}");
            using var answer = await gateway.Client.SendAsync(request, stop);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {gateway.Log}");
            _answered.Enqueue(Stopwatch.GetTimestamp());
            _isOpen = false;
            Answers++;
        }
    }
}
