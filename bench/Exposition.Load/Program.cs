using System.Globalization;
using Exposition.Load;

// What TLS and passwords cost: the same pushes over kept connections to a server of each kind, in turn, so that what else the machine does
// falls on all of them. On Linux the server has one core and this program the others.

if (!LoadOptions.TryParse(args, out LoadOptions options))
{
    Console.Error.WriteLine("usage: Exposition.Load [--seconds S] [--rounds N]");
    return 2;
}

using var files = new WebFiles();
Console.WriteLine("| body | server | pushes/s | MB/s | CPU µs/push | CPU to plain |\n|---|---|---|---|---|---|");
foreach (Load load in (Load[])[new Load("small, 1.1 KiB", Bodies.Small(), 8, 1000), new Load("Flink, 260 KiB", Bodies.Flink(), 4, 50)])
{
    var servers = new List<(ServerKind Kind, ServerProcess Process)>();
    try
    {
        foreach (ServerKind kind in Enum.GetValues<ServerKind>())
        {
            servers.Add((kind, await ServerProcess.StartAsync(kind, files)));
            await load.RunAsync(servers[^1].Process, kind, options.Seconds);
        }

        var results = servers.ToDictionary(static s => s.Kind, static _ => new List<LoadResult>());
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach ((ServerKind kind, ServerProcess process) in servers)
            {
                results[kind].Add(await load.RunAsync(process, kind, options.Seconds));
            }
        }

        // The best round: what else the machine does only ever makes it slower.
        double plain = results[ServerKind.Plain].Min(static r => r.CpuMicroseconds);
        foreach ((ServerKind kind, List<LoadResult> rounds) in results)
        {
            double cpu = rounds.Min(static r => r.CpuMicroseconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {load.Name} | {kind} | {rounds.Max(static r => r.PushesPerSecond):0} | "
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

return 0;
