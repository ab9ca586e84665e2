using System.Globalization;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Simulation;

/// <summary>A small cluster for the table: restarts and scrapes beside pushes, in the time that a run has.</summary>
internal static class ClusterCase
{
    public static async Task<IEnumerable<Row>> RunAsync(ServerSystem system, double seconds)
    {
        var options = new ClusterOptions
        {
            TaskManagers = 20,
            Duration = TimeSpan.FromSeconds(seconds),
            Interval = TimeSpan.FromSeconds(1),
            RestartEvery = TimeSpan.FromSeconds(seconds / 10),
            ScrapeInterval = TimeSpan.FromSeconds(1),
        };
        await using ServerProcess server = await ServerProcess.StartAsync(system);
        CpuClock before = CpuClock.Read(server);
        ClusterResult result = await new Cluster(server.Port, options).RunAsync();
        Noise noise = CpuClock.Read(server).Since(before, Processors.OfGenerator);
        string name = string.Create(CultureInfo.InvariantCulture, $"Flink cluster, {options.TaskManagers} task managers, restarts: ");
        return
        [
            Row(name + "pushes", system.Checked, result.Pushes) with { Value = result.PushedBytes / noise.Seconds / 1e6, Unit = "MB/s" },
            Row(name + "scrapes, gzip", "nothing: sends what was checked when it was pushed", result.Scrapes) with
            {
                Value = result.LastScrapeBytes / 1e6,
                Unit = "MB",
            },
        ];

        Row Row(string of, string check, LatencyHistogram times) => new(of, system.Name, check)
        {
            P50 = times.Count > 0 ? times.Percentile(0.5) / 1e6 : null,
            P99 = times.Count >= 100 ? times.Percentile(0.99) / 1e6 : null,
            Max = times.Count > 0 ? times.Max / 1e6 : null,
            Count = times.Count,
            Foreign = noise.Foreign,
            Steal = noise.Steal,
            Generator = noise.Generator,
            Verified = result.Errors.Count > 0 ? result.Errors[0] : result.Verified,
            IsWrong = result.IsWrong,
            Doubts = times.Count > 0 ? Trust.Doubts(noise) : [.. Trust.Doubts(noise), "none was answered in time"],
        };
    }
}
