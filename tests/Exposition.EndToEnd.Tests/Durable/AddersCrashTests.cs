using System.Diagnostics;

namespace Exposition.EndToEnd.Tests.Durable;

// Each adder counts one after the other, and what was cut off it sends again until it is answered, also after the kill. So when all have
// been answered each counter is what its adders have counted, whatever was lost and sent again. With a commit interval an answer does not
// wait for the disk: what was answered shortly before the kill may be missing, and nothing may count twice; of those that push totals the
// next push makes it good.

/// <summary>The real program under adders who try again, killed at random moments.</summary>
public sealed class AddersCrashTests
{
    private const int Groups = 2;
    private const int AddersOfKind = 2;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(15);

    private static readonly int s_kills = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_KILLS") ?? "0", CultureInfo.InvariantCulture);

    private static readonly int s_seed = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_SEED") ?? "20260701", CultureInfo.InvariantCulture);

    private static readonly AdderKind[] s_kinds = Enum.GetValues<AdderKind>();

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
                "--push.mode=add", "--web.enable-otlp", "--limit.push-ids=0", "--push.id-window=1h",
            };
            var random = new Random(s_seed);
            var adders = Enumerable.Range(0, Groups * s_kinds.Length * AddersOfKind)
                .Select(static i => new Adder(i, i % Groups, s_kinds[i / Groups % s_kinds.Length])).ToArray();
            var watch = Stopwatch.StartNew();
            var kills = 0;
            for (; s_kills > 0 ? kills < s_kills : watch.Elapsed < s_time || kills < 3; kills++)
            {
                await using var gateway = await GatewayProcess.StartAsync(flags);
                await CheckAsync(gateway, adders, isComplete: false, $"interval {interval}, seed {s_seed}, after {kills} kills");
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
                await CheckAsync(last, adders, isComplete: false, $"interval {interval}, seed {s_seed}, at the end");
                await Task.WhenAll(adders.Select(adder => adder.FinishAsync(last)));
                await CheckAsync(
                    last, [.. adders.Where(adder => adder.HasTotal || interval == "0")], isComplete: true,
                    $"interval {interval}, seed {s_seed}, when all was answered");
            }

            TestContext.Current.SendDiagnosticMessage(
                $"interval {interval}, seed {s_seed}: {kills} kills, {string.Join(", ", s_kinds.Select(kind =>
                    $"{kind} {adders.Where(adder => adder.Kind == kind).Sum(static adder => adder.Counted)}"))} counted, "
                + $"{adders.Sum(static adder => adder.Retries)} sent again");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task CheckAsync(GatewayProcess gateway, Adder[] adders, bool isComplete, string where)
    {
        var scraped = await gateway.ScrapeAsync();
        foreach (var of in adders.GroupBy(static adder => (adder.Group, adder.Kind)))
        {
            var series = $"added_total{{instance=\"\",job=\"g{of.Key.Group}\",kind=\"{of.Key.Kind}\"}}";
            var sum = scraped.Samples.GetValueOrDefault(series);
            var most = of.Sum(static adder => adder.Counted);
            var least = isComplete ? most : of.Sum(static adder => adder.Certain);
            Assert.True(sum >= least && sum <= most, $"{where}: {series} is {sum}, not {least} to {most}");
        }
    }
}
