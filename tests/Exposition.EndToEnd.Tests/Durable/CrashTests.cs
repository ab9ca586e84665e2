using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Exposition.EndToEnd.Tests.Durable;

// One round: start on the file that the last round has left, compare what is there with what was answered, push until a random moment,
// kill. The seed is in every message. Rounds are bounded by time; EXPOSITION_CRASH_KILLS asks for a number of rounds instead,
// EXPOSITION_CRASH_SEED sets another seed. Every second group is large enough to be kept in two parts, shape and values. No limit of time
// is judged, so a busy machine only makes fewer rounds: what must have survived is what was answered or, where answers do not wait for the
// disk, what was older than the lag that the program itself gave just before. That the lag keeps to the interval is a matter of LagTests,
// on a clock of their own.

/// <summary>The real program under load, killed at random moments.</summary>
public class CrashTests
{
    private const int Writers = 4;
    private const int GroupsOfWriter = 8;

    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(25);

    private static readonly int s_kills = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_KILLS") ?? "0", CultureInfo.InvariantCulture);

    private static readonly int s_seed = int.Parse(
        Environment.GetEnvironmentVariable("EXPOSITION_CRASH_SEED") ?? "20260701", CultureInfo.InvariantCulture);

    [Fact]
    public Task With_a_commit_interval_of_zero_every_answered_push_survives() => CrashAsync("0", TimeSpan.FromMilliseconds(700));

    [Fact]
    public Task With_a_commit_interval_of_a_second_no_push_older_than_the_lag_is_lost() =>
        CrashAsync("1s", TimeSpan.FromMilliseconds(2500));

    private static async Task CrashAsync(string interval, TimeSpan longestRun)
    {
        Assert.SkipWhen(ServerCommand.IsReplaced, "a promise of this program");
        var directory = Directory.CreateTempSubdirectory("exposition-crash");
        try
        {
            var file = Path.Combine(directory.FullName, "data");
            var random = new Random(s_seed);
            var groups = Enumerable.Range(0, Writers * GroupsOfWriter).Select(static i => new Group($"g{i}", i % 2 == 0 ? 20 : 150))
                .ToArray();
            var watch = Stopwatch.StartNew();
            var round = 0;
            long written = 0;
            async Task CheckAsync(GatewayProcess gateway) =>
                Check(groups, await gateway.ScrapeAsync(), written, $"interval {interval}, seed {s_seed}, after {round} kills");

            for (; s_kills > 0 ? round < s_kills : watch.Elapsed < s_time || round < 3; round++)
            {
                await using var gateway = await GatewayProcess.StartAsync(
                    $"--persistence.file={file}", $"--persistence.commit-interval={interval}");
                await CheckAsync(gateway);
                using var stop = new CancellationTokenSource();
                var writers = Enumerable.Range(0, Writers)
                    .Select(w => WriteAsync(
                        gateway, groups.AsMemory(w * GroupsOfWriter, GroupsOfWriter), new Random(random.Next()), stop.Token)).ToArray();
                await Task.Delay(random.Next(1, (int)longestRun.TotalMilliseconds), TestContext.Current.CancellationToken);
                await AnyIsAnsweredAsync(groups, writers);
                written = Stopwatch.GetTimestamp();
                if (interval != "0")
                {
                    written -= (long)((await gateway.ScrapeAsync()).Value("pushgateway_persistence_lag_seconds") * Stopwatch.Frequency);
                }

                await gateway.KillAsync();
                await stop.CancelAsync();
                await Task.WhenAll(writers);
            }

            await using var last = await GatewayProcess.StartAsync(
                $"--persistence.file={file}", $"--persistence.commit-interval={interval}");
            await CheckAsync(last);
            TestContext.Current.SendDiagnosticMessage(
                $"interval {interval}: {round} kills, {groups.Sum(static g => g.Total)} changes answered");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // What a check leaves behind carries the time zero.
    private static async Task AnyIsAnsweredAsync(Group[] groups, Task[] writers)
    {
        while (!groups.Any(static g => g.Answered.Any(static a => a.At > 0)) && !writers.Any(static w => w.IsCompleted))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    // Each push writes its number into every sample of its group; zero stands for a deleted group.
    private static async Task WriteAsync(GatewayProcess gateway, ReadOnlyMemory<Group> groups, Random random, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var group = groups.Span[random.Next(groups.Length)];
                var number = ++group.LastNumber;
                var delete = random.Next(10) == 0;
                group.Sent.Enqueue((number, delete));
                var body = new StringBuilder();
                for (var i = 0; i < group.Samples; i++)
                {
                    body.Append(CultureInfo.InvariantCulture, $"crash_value{{n=\"{i}\"}} {number}\n");
                }

                var path = new Uri($"metrics/job/{group.Job}", UriKind.Relative);
                using var response = delete
                    ? await gateway.Client.DeleteAsync(path, stop)
                    : await gateway.Client.PutAsync(path, new StringContent(body.ToString()), stop);
                Assert.True(response.StatusCode == (delete ? HttpStatusCode.Accepted : HttpStatusCode.OK),
                    $"{response.StatusCode}: {gateway.Log}");
                group.Answered.Enqueue((number, Stopwatch.GetTimestamp()));
                group.Total++;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // The server was killed.
        }
    }

    private static void Check(Group[] groups, Scraped scraped, long before, string where)
    {
        foreach (var group in groups)
        {
            var values = scraped.With($"job=\"{group.Job}\"").Where(static s => s.Key.StartsWith("crash_value", StringComparison.Ordinal))
                .Select(static s => s.Value).ToArray();
            Assert.True((values.Length == 0 || values.Length == group.Samples)
                && values.Distinct().Count() <= 1, $"{where}: {group.Job} is a mix: {string.Join(' ', values)}");
            var found = values.Length == 0 ? 0 : (int)values[0];
            var promised = group.Answered.Where(a => a.At <= before).Select(static a => a.Number).DefaultIfEmpty(0).Max();
            var possible = group.Sent.Where(s => s.Number >= promised).Select(static s => s.Deletes ? 0 : s.Number).ToHashSet();
            if (promised == 0)
            {
                possible.Add(0);
            }

            Assert.True(possible.Contains(found),
                $"{where}: {group.Job} has {found}, answered was {promised}, possible are {string.Join(' ', possible.Order())}");

            // What is there now has survived, and is what later rounds start from.
            group.Sent.Clear();
            group.Answered.Clear();
            var number = found > 0 ? found : group.LastNumber;
            group.Sent.Enqueue((number, found == 0));
            group.Answered.Enqueue((number, 0));
        }
    }

    private sealed class Group(string job, int samples)
    {
        public string Job { get; } = job;

        public int Samples { get; } = samples;

        public int LastNumber { get; set; }

        public int Total { get; set; }

        public ConcurrentQueue<(int Number, bool Deletes)> Sent { get; } = new();

        public ConcurrentQueue<(int Number, long At)> Answered { get; } = new();
    }
}
