using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Clients;

/// <summary>
/// Libraries side by side within this process, one after the other in turn, so that what else the machine does falls on all of them. All
/// have the same series: the gauges of a task manager.
/// </summary>
internal static class LibraryCase
{
    private const int Seed = 20260109;

    public static IEnumerable<Row> Run(double seconds)
    {
        byte[] body = Gauges();
        string size = string.Create(CultureInfo.InvariantCulture, $"Flink, {body.Length / 1024.0:0} KiB");
        foreach (Row row in InTurn($"parse {size}", [.. Parsers.Of(body)], seconds))
        {
            yield return row;
        }

        using var writers = new Writers(body);
        foreach (Row row in InTurn($"write {size}", [.. writers.All], seconds))
        {
            yield return row;
        }
    }

    /// <summary>What adds up, beside one lock around a dictionary.</summary>
    public static IEnumerable<Row> RunAdding(double seconds)
    {
        string size = string.Create(CultureInfo.InvariantCulture, $"{SmallBody.Series} series, in process");
        return InTurn($"add {size}", Adders.OfIncrements, seconds).Concat(InTurn($"sum {size}, one source", Adders.OfTotals, seconds));
    }

    /// <summary>A task manager without what is no gauge: prometheus-net and OpenTelemetry have no summaries that can be set.</summary>
    internal static byte[] Gauges()
    {
        string[] lines = Encoding.ASCII.GetString(new FlinkTaskManager(0, 2, new Random(Seed)).Body.Bytes).Split('\n');
        string[] summaries = [.. FlinkFamily.All.Where(static family => family.IsSummary).Select(static family => family.Name)];
        return Encoding.ASCII.GetBytes(string.Join('\n', lines.Where(
            line => !summaries.Any(name => line.Contains(name, StringComparison.Ordinal)))));
    }

    private static IEnumerable<Row> InTurn(string name, Peer[] peers, double seconds)
    {
        long series = peers[0].Run();
        foreach (Peer peer in peers)
        {
            long found = peer.Run();

            // As long as is measured: until all of it has been compiled well.
            for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started).TotalSeconds < seconds && found == series;)
            {
                found = peer.Run();
            }

            if (found != series)
            {
                throw new InvalidOperationException($"{name}: {peer.System} has {found} series, {peers[0].System} {series}");
            }
        }

        LatencyHistogram[] times = [.. peers.Select(static _ => new LatencyHistogram())];
        CpuClock before = CpuClock.Read(null);
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds * peers.Length;)
        {
            for (int i = 0; i < peers.Length; i++)
            {
                long started = Stopwatch.GetTimestamp();
                peers[i].Run();
                times[i].Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
            }
        }

        // Here the generator is what is measured.
        Noise noise = CpuClock.Read(null).Since(before, Processors.OfGenerator) with { Generator = 0 };
        return peers.Select((peer, i) => new Row(name, peer.System, peer.Checked)
        {
            P50 = times[i].Percentile(0.5) / 1e6,
            P99 = times[i].Count >= 100 ? times[i].Percentile(0.99) / 1e6 : null,
            Max = times[i].Max / 1e6,
            Count = times[i].Count,
            Value = times[i].Percentile(0.5) / (double)series,
            Unit = "ns/series",
            Foreign = noise.Foreign,
            Steal = noise.Steal,
            Verified = $"{series} series",
            Doubts = Trust.Doubts(noise),
        });
    }
}
