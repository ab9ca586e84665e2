using System.Reflection;
using Exposition.Load.Bodies;
using Exposition.Load.Cases;
using Exposition.Load.Clients;
using Exposition.Load.Results;
using Exposition.Load.Servers;
using Exposition.Load.Simulation;

namespace Exposition.Load;

/// <summary>The table: every case, on every server that is there.</summary>
internal static class TableCommand
{
    private const int Seed = 20260111;

    /// <returns>The exit code: 1 where a server has answered wrongly.</returns>
    public static async Task<int> RunAsync(CommandLine line, TextWriter output)
    {
        List<ServerSystem> systems = Systems.Find(line.Jit, line.Aot, line.Peers, out List<string> missing);
        foreach (string how in missing)
        {
            output.WriteLine(how);
        }

        Dictionary<string, string> versions = systems.ToDictionary(static system => system.Name, static system => system.Version);
        versions["prometheus-net"] = VersionOf(typeof(Prometheus.Metrics));
        versions["OpenTelemetry"] = VersionOf(typeof(OpenTelemetry.Exporter.PrometheusAspNetCoreOptions));
        versions[".NET"] = Environment.Version.ToString();
        RunRecord record = Machine.Describe(line.Root, line.IsQuick, versions);
        var rows = new List<Row>();
        await foreach (Row row in RowsAsync(systems, line.IsQuick ? Plan.Quick : Plan.Full, line.Only))
        {
            rows.Add(row);
            Console.Error.WriteLine($"{row.System}: {row.Case}");
        }

        // As it was measured, a server had one case after the other.
        rows = [.. rows.GroupBy(static row => row.Case).SelectMany(static of => of)];
        ConsoleTable.Write(record, rows, output);
        output.WriteLine();
        if (line.Only is null)
        {
            string path = Path.Combine(line.Root, "bench", "results", record.FileName);
            (record with { Rows = rows }).Write(path);
            output.WriteLine($"written: bench/results/{record.FileName}; bench/run --readme puts it into README");
        }

        int doubted = rows.Count(static row => row.Doubts.Count > 0);
        output.WriteLine($"{rows.Count} rows, {doubted} not to be trusted, {rows.Count(static row => row.IsWrong)} wrong");
        return rows.Any(static row => row.IsWrong) ? 1 : 0;
    }

    private static async IAsyncEnumerable<Row> RowsAsync(List<ServerSystem> systems, Plan plan, string? only)
    {
        PushBody flink = new FlinkTaskManager(0, 2, new Random(Seed)).Body;
        var store = new StoreCase(plan);
        (string Name, Func<ServerSystem, IAsyncEnumerable<Row>?> Run)[] cases =
        [
            ("start memory", system => Listed(StartCase.RunAsync(system, plan.Starts, plan.SettleSeconds))),
            ("small push", system => new PushCase("small push of 10 series", SmallBody.Make(), 8, plan.SmallGroups, plan.SmallRates)
                .RunAsync(system, plan.PushSeconds)),
            ("flink push", system => new PushCase($"Flink push of {flink.Bytes.Length >> 10} KiB", flink, 4, plan.FlinkGroups, plan.FlinkRates)
                .RunAsync(system, plan.PushSeconds)),
            ("flink cluster", system => system.Exposes ? Listed(ClusterCase.RunAsync(system, plan.ClusterSeconds)) : null),
            ("add", system => AddCase.RunAsync(system, PushWay.Add, plan.AddRate, plan.PushSeconds)),
            ("add sources", system => AddCase.RunAsync(system, PushWay.Total, plan.AddRate, plan.PushSeconds)),
            ("memory scrape", store.RunAsync),
        ];
        foreach ((string name, Func<ServerSystem, IAsyncEnumerable<Row>?> run) in cases.Where(one => IsAsked(one.Name, only)))
        {
            foreach (ServerSystem system in systems)
            {
                if (run(system) is { } rows)
                {
                    await foreach (Row row in rows)
                    {
                        yield return row;
                    }
                }
            }
        }

        if (IsAsked("add", only))
        {
            foreach (Row row in LibraryCase.RunAdding(plan.LibrarySeconds))
            {
                yield return row;
            }
        }

        if (IsAsked("parse write", only))
        {
            foreach (Row row in LibraryCase.Run(plan.LibrarySeconds))
            {
                yield return row;
            }
        }
    }

    private static bool IsAsked(string name, string? only) => only is null || name.Contains(only, StringComparison.OrdinalIgnoreCase);

    private static async IAsyncEnumerable<Row> Listed(Task<IEnumerable<Row>> rows)
    {
        foreach (Row row in await rows)
        {
            yield return row;
        }
    }

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? type.Assembly.GetName().Version?.ToString(3) ?? "not told";
}
