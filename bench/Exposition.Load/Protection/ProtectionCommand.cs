using System.Globalization;
using Exposition.Load.Bodies;
using Exposition.Load.Servers;

namespace Exposition.Load.Protection;

/// <summary>
/// <c>bench/run protection</c>: what TLS and passwords cost. The same pushes, as fast as they are answered, over kept connections to a
/// server of each kind, in turn, so that what else the machine does falls on all of them.
/// </summary>
internal static class ProtectionCommand
{
    private const int Rounds = 7;
    private const double Seconds = 1;

    public static async Task RunAsync(ServerSystem system, TextWriter output)
    {
        using var files = new WebFiles();
        output.WriteLine($"{system.Name} {system.Version}; {Processors.Placement}; the best of {Rounds} rounds");
        output.WriteLine("| body | server | pushes/s | MB/s | CPU µs/push | CPU to plain |\n|---|---|---|---|---|---|");
        byte[] flink = new FlinkTaskManager(0, 2, new Random(1)).Body.Bytes;
        foreach (ProtectedPushes pushes in (ProtectedPushes[])[
            new ProtectedPushes("small, 1.1 KiB", SmallBody.Make().Bytes, 8, 1000),
            new ProtectedPushes($"Flink, {flink.Length >> 10} KiB", flink, 4, 50)])
        {
            await RunAsync(system, pushes, files, output);
        }
    }

    private static async Task RunAsync(ServerSystem system, ProtectedPushes pushes, WebFiles files, TextWriter output)
    {
        var servers = new List<(ProtectionKind Kind, ServerProcess Process)>();
        try
        {
            foreach (ProtectionKind kind in Enum.GetValues<ProtectionKind>())
            {
                string[] more = kind == ProtectionKind.Plain ? [] : ["--web.config.file=" + files.PathOf(kind)];
                servers.Add((kind, await ServerProcess.StartAsync(system, more: more)));
                await pushes.RunAsync(servers[^1].Process, kind, Seconds);
            }

            var results = servers.ToDictionary(static s => s.Kind, static _ => new List<ProtectedResult>());
            for (int round = 0; round < Rounds; round++)
            {
                foreach ((ProtectionKind kind, ServerProcess process) in servers)
                {
                    results[kind].Add(await pushes.RunAsync(process, kind, Seconds));
                }
            }

            // The best round: what else the machine does only ever makes it slower.
            double plain = results[ProtectionKind.Plain].Min(static r => r.CpuMicroseconds);
            foreach ((ProtectionKind kind, List<ProtectedResult> rounds) in results)
            {
                double cpu = rounds.Min(static r => r.CpuMicroseconds);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {pushes.Name} | {kind} | {rounds.Max(static r => r.PushesPerSecond):0} | "
                        + $"{rounds.Max(static r => r.MegabytesPerSecond):0} | {cpu:0.0} | {cpu / plain:0.00} |"));
            }
        }
        finally
        {
            foreach ((_, ServerProcess process) in servers)
            {
                await process.DisposeAsync();
            }
        }
    }
}
