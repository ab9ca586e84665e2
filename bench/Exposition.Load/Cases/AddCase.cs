using System.Globalization;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Cases;

/// <summary>
/// Pushes that add up at a fixed rate, of all connections to all groups: additions with ids, and totals of sources. Afterwards the sums
/// must be those of all that was pushed. VictoriaMetrics sums totals by its aggregation of streams (<c>total</c> without the label of the
/// source); additions it has none.
/// </summary>
internal static class AddCase
{
    private const string Job = "load";
    private const int Connections = 8;
    private const int Groups = 20;
    private const int Seed = 20260112;
    private const double WarmSeconds = 1;

    // Its results keep the names of what they are summed from, so that both expose the same series.
    private const string Aggregation = """
        - interval: 1s
          without: [source]
          outputs: [total]
          keep_metric_names: true
          ignore_first_sample_interval: 0s
        """;

    /// <summary>Pushes to one server; nothing where it does not do it.</summary>
    public static async IAsyncEnumerable<Row> RunAsync(ServerSystem system, PushWay way, double rate, double seconds)
    {
        if (system.Kind == ServerKind.Reference || (system.Kind == ServerKind.VictoriaMetrics && way == PushWay.Add))
        {
            yield break;
        }

        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, Aggregation);
            await using ServerProcess server = await ServerProcess.StartAsync(
                system, more: system.Kind == ServerKind.VictoriaMetrics ? ["-streamAggr.config=" + file] : []);
            yield return await RunAsync(server, way, rate, seconds);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<Row> RunAsync(ServerProcess server, PushWay way, double rate, double seconds)
    {
        AddingPushes[] pushes = [.. Enumerable.Range(0, Connections).Select(
            i => new AddingPushes(server.System, way, Job, Groups, i, Seed))];
        var loop = new OpenLoop(server.System, server.Port, SmallBody.Make(), Job, Connections, Groups);
        loop.Run(rate, WarmSeconds, pushes);
        CpuClock before = CpuClock.Read(server);
        OpenLoopResult result = loop.Run(rate, seconds, pushes);
        Noise noise = CpuClock.Read(server).Since(before, Processors.OfGenerator);
        (string verified, bool isWrong) = result.Error is { } error
            ? (error, true)
            : await Verification.OfPushesAsync(server, AddingPushes.Sums(pushes, Job));
        double reached = result.Answered / result.Seconds;
        string what = way == PushWay.Add ? "add 10 series, each push with an id" : $"sum 10 series over {Connections} sources";
        return new Row(
            string.Create(CultureInfo.InvariantCulture, $"{what}, {Groups} groups, {rate:#,0} pushes/s"), server.System.Name,
            server.System.Kind == ServerKind.VictoriaMetrics
                ? "syntax; sums each second what has grown, in memory that a restart empties; no types, no ids"
                : way == PushWay.Add ? "syntax, types, that the whole stays consistent, that no id comes twice"
                : "syntax, types, that the whole stays consistent; new starts of a source")
        {
            Asked = rate,
            Reached = reached,
            P50 = result.Latencies.Percentile(0.5) / 1e6,
            P99 = result.Latencies.Count >= 100 ? result.Latencies.Percentile(0.99) / 1e6 : null,
            Max = result.Latencies.Max / 1e6,
            Count = result.Answered,
            Foreign = noise.Foreign,
            Steal = noise.Steal,
            Generator = noise.Generator,
            Verified = verified,
            IsWrong = isWrong,
            Doubts = Trust.Doubts(noise, rate, reached, result.Lateness.Percentile(0.99) / 1e6),
        };
    }
}
