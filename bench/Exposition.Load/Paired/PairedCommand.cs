using System.Globalization;
using Exposition.Load.Servers;

namespace Exposition.Load.Paired;

/// <summary>
/// <c>bench/run paired</c>: whether steady pushes cost the program of this checkout more than that of an older commit. In each round both
/// push one after the other, and the older one once more in a process of its own: what two processes of one program differ by is noise.
/// </summary>
internal static class PairedCommand
{
    private const int Rounds = 10;
    private const double Seconds = 2;
    private const double QuickSeconds = 0.5;

    // Below it nobody could say whether it is more.
    private const double LeastNoise = 0.01;

    /// <returns>The exit code: 1 where pushes cost more, beyond noise.</returns>
    public static async Task<int> RunAsync(ServerSystem older, ServerSystem current, bool isQuick, TextWriter output)
    {
        output.WriteLine($"older {older.Version}, now {current.Version}; {Processors.Placement}; µs of the server's processor for a push");
        var slower = new List<string>();
        foreach (SteadyPushes pushes in SteadyPushes.All)
        {
            if (await RunAsync(pushes, [older, current, older], isQuick ? QuickSeconds : Seconds, output))
            {
                slower.Add(pushes.Name);
            }
        }

        output.WriteLine(slower.Count == 0 ? "nothing is slower beyond noise" : "slower beyond noise: " + string.Join("; ", slower));
        return slower.Count == 0 ? 0 : 1;
    }

    /// <summary>
    /// Of rounds: by how much the median of pairs is off; by how much pairs of one program are, in half of all rounds; and whether it is
    /// slower: off by more than that, and the slowest of the three in four rounds of five, which equal programs are in one of 300 runs.
    /// </summary>
    internal static (double Change, double Noise, bool IsSlower) Judge(IReadOnlyList<(double Older, double Now, double Again)> rounds)
    {
        double change = Median(rounds.Select(static round => (2 * round.Now / (round.Older + round.Again)) - 1));
        double noise = Math.Max(LeastNoise, Median(rounds.Select(static round => Math.Abs((round.Again / round.Older) - 1))));
        int slowest = rounds.Count(static round => round.Now > Math.Max(round.Older, round.Again));
        return (change, noise, change > noise && slowest * 5 >= rounds.Count * 4);
    }

    private static async Task<bool> RunAsync(SteadyPushes pushes, ServerSystem[] systems, double seconds, TextWriter output)
    {
        var servers = new List<ServerProcess>();
        try
        {
            foreach (ServerSystem system in systems)
            {
                servers.Add(await ServerProcess.StartAsync(system));
                pushes.Run(servers[^1], seconds);
            }

            output.WriteLine($"\n-- {pushes.Name}\n{"round",5} {"older",10} {"now",10} {"older again",12} {"now/older",10}   pushes/s");
            var rounds = new List<(double Older, double Now, double Again)>();
            for (int round = 0; round < Rounds; round++)
            {
                // Each is first, second and last in turn.
                var results = new SteadyResult[servers.Count];
                for (int i = 0; i < servers.Count; i++)
                {
                    int server = (i + round) % servers.Count;
                    results[server] = pushes.Run(servers[server], seconds);
                }

                rounds.Add((results[0].CpuMicroseconds, results[1].CpuMicroseconds, results[2].CpuMicroseconds));
                output.WriteLine(Line(round, rounds[^1], results));
            }

            (double change, double noise, bool isSlower) = Judge(rounds);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"median {change:+0.0%;-0.0%}, noise {noise:0.0%}: {(isSlower ? "SLOWER" : "not slower")}"));
            return isSlower;
        }
        finally
        {
            foreach (ServerProcess server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private static string Line(int round, (double Older, double Now, double Again) cpu, SteadyResult[] results)
    {
        string rates = string.Join(" / ", results.Select(static result => result.PerSecond.ToString("0", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{round + 1,5} {cpu.Older,10:0.00} {cpu.Now,10:0.00} {cpu.Again,12:0.00} "
                + $"{2 * cpu.Now / (cpu.Older + cpu.Again),10:0.000}   {rates}");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
