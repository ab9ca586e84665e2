using System.Globalization;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Results;
using Exposition.Load.Servers;

namespace Exposition.Load.Cases;

/// <summary>Pushes at fixed rates, the lower one first; a server that cannot keep one rate is not asked for the next.</summary>
internal sealed class PushCase(string name, PushBody body, int connections, int groups, IReadOnlyList<double> rates)
{
    private const int Seed = 20260107;
    private const double WarmSeconds = 1;

    /// <summary>Pushes to one server.</summary>
    public async IAsyncEnumerable<Row> RunAsync(ServerSystem system, double seconds)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(system);
        var loop = new OpenLoop(system, server.Port, body, "load", connections, groups);
        loop.Fill();
        foreach (double rate in rates)
        {
            loop.Run(rate, WarmSeconds, Seed - 1);
            CpuClock before = CpuClock.Read(server);
            OpenLoopResult result = loop.Run(rate, seconds, Seed);
            Noise noise = CpuClock.Read(server).Since(before, Processors.OfGenerator);
            (string verified, bool isWrong) = result.Error is { } error
                ? (error, true)
                : await Verification.OfPushesAsync(server, result.Last);
            double reached = result.Answered / result.Seconds;
            yield return new Row(
                string.Create(CultureInfo.InvariantCulture, $"{name}, {groups:#,0} groups, {rate:#,0} pushes/s"),
                system.Name, system.Checked)
            {
                Asked = rate,
                Reached = reached,
                P50 = Milliseconds(result.Latencies.Percentile(0.5)),
                P99 = result.Latencies.Count >= 100 ? Milliseconds(result.Latencies.Percentile(0.99)) : null,
                Max = Milliseconds(result.Latencies.Max),
                Count = result.Answered,
                Foreign = noise.Foreign,
                Steal = noise.Steal,
                Generator = noise.Generator,
                Verified = verified,
                IsWrong = isWrong,
                Doubts = Trust.Doubts(noise, rate, reached, Milliseconds(result.Lateness.Percentile(0.99))),
            };
            if (isWrong || reached < Trust.LeastOfRate * rate)
            {
                yield break;
            }
        }
    }

    private static double Milliseconds(long nanoseconds) => nanoseconds / 1e6;
}
