using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Cases;

/// <summary>From executing the program until it answers that it is ready, and what it then has in memory.</summary>
internal static class StartCase
{
    public static async Task<IEnumerable<Row>> RunAsync(ServerSystem system, int times, double settleSeconds)
    {
        var starts = new LatencyHistogram();
        long resident = 0;
        CpuClock before = CpuClock.Read(null);
        TimeSpan ofServers = default;
        for (int i = 0; i < times; i++)
        {
            await using ServerProcess server = await ServerProcess.StartAsync(system);
            starts.Record((long)server.StartTime.TotalNanoseconds);
            if (i == times - 1)
            {
                await server.SettleAsync(TimeSpan.FromSeconds(settleSeconds));
                resident = server.ResidentBytes;
            }

            ofServers += server.Cpu;
        }

        CpuClock after = CpuClock.Read(null);
        Noise noise = (after with { Server = ofServers.TotalSeconds }).Since(before, Processors.OfGenerator);
        IReadOnlyList<string> doubts = Trust.Doubts(noise);
        const string check = "answers 200 when asked whether it is ready";
        return
        [
            new Row("start, empty, until ready", system.Name, check)
            {
                P50 = starts.Percentile(0.5) / 1e6,
                Max = starts.Max / 1e6,
                Count = times,
                Foreign = noise.Foreign,
                Steal = noise.Steal,
                Generator = noise.Generator,
                Verified = "ready",
                Doubts = doubts,
            },
            new Row("memory, empty", system.Name, check)
            {
                Value = resident / (double)(1 << 20),
                Unit = "MiB",
                Count = 1,
                Verified = "ready",
            },
        ];
    }
}
