using System.Globalization;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Simulation;

/// <summary><c>bench/run flink</c>: a cluster against any gateway on this machine.</summary>
internal static class FlinkCommand
{
    /// <returns>The exit code: 0 if all pushes were taken and all values are exposed.</returns>
    public static async Task<int> RunAsync(Uri target, ClusterOptions options, string? peers, TextWriter output)
    {
        if (!target.IsLoopback || target.Scheme != "http")
        {
            throw new ArgumentException($"--target must be a gateway of this machine, such as http://127.0.0.1:9091, not {target}");
        }

        string? program = Systems.Program("prometheus", peers);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{options.TaskManagers} task managers push every {options.Interval.TotalSeconds:0.#} s for {options.Duration.TotalMinutes:0.##} min"
            + $"{(options.RestartEvery is { } every ? $", one restarts every {every.TotalSeconds:0.#} s" : "")}"));
        output.WriteLine(program is null
            ? "no Prometheus beside: apt-get install prometheus   (or --peers DIRECTORY)"
            : $"beside: {program}");
        RealPrometheus? prometheus = program is null ? null : new RealPrometheus(program, target.Port, options.ScrapeInterval);
        try
        {
            CpuClock before = CpuClock.Read(null);
            ClusterResult result = await new Cluster(target.Port, options).RunAsync();
            Noise noise = CpuClock.Read(null).Since(before, Processors.OfGenerator);
            Write("pushes", result.Pushes, $"{Units.Digits(result.PushedBytes / options.Duration.TotalSeconds / 1e6)} MB/s");
            Write("scrapes, gzip", result.Scrapes, $"the last {Units.Digits(result.LastScrapeBytes / 1e6)} MB");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{result.Restarts} restarts; {(result.IsWrong ? "WRONG: " : "exposed at the end: ")}{result.Verified}"));
            foreach (string error in result.Errors)
            {
                output.WriteLine("failed: " + error);
            }

            if (noise.Generator > Trust.MostGenerator || noise.Steal > Trust.MostSteal)
            {
                output.WriteLine("NOT TO BE TRUSTED: " + string.Join(", ", Trust.Doubts(noise with { Foreign = 0 })));
            }

            if (prometheus is not null)
            {
                output.WriteLine("Prometheus: " + await prometheus.TellAsync(options.Duration));
            }

            return result.IsWrong ? 1 : 0;
        }
        finally
        {
            if (prometheus is not null)
            {
                await prometheus.DisposeAsync();
            }
        }

        void Write(string name, LatencyHistogram times, string rest) => output.WriteLine(
            $"{name,-14} {times.Count,8}   p50 {Units.Time(times.Percentile(0.5) / 1e6),8}   p99 {Units.Time(times.Percentile(0.99) / 1e6),8}   max {Units.Time(times.Max / 1e6),8}   {rest}");
    }
}
