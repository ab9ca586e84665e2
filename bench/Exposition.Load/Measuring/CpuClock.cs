using System.Diagnostics;
using System.Globalization;
using Exposition.Load.Servers;

namespace Exposition.Load.Measuring;

/// <summary>What processors had done at one moment, in seconds of one of them.</summary>
/// <param name="At">The moment.</param>
/// <param name="Busy">All work of the machine; null where the system does not tell.</param>
/// <param name="Steal">What the host gave to others; null where the system does not tell.</param>
/// <param name="Own">Of this program.</param>
/// <param name="Server">Of the server.</param>
internal readonly record struct CpuClock(long At, double? Busy, double? Steal, double Own, double Server)
{
    // What the kernel counts in: USER_HZ, the same everywhere.
    private const double TicksPerSecond = 100;

    public static CpuClock Read(ServerProcess? server)
    {
        (double? busy, double? steal) = Machine();
        return new CpuClock(
            Stopwatch.GetTimestamp(), busy, steal, Environment.CpuUsage.TotalTime.TotalSeconds, server?.Cpu.TotalSeconds ?? 0);
    }

    /// <summary>What was done since then.</summary>
    /// <param name="before">The earlier reading.</param>
    /// <param name="generatorCores">How many this program may use.</param>
    public Noise Since(CpuClock before, int generatorCores)
    {
        double seconds = Stopwatch.GetElapsedTime(before.At, At).TotalSeconds;
        double own = Own - before.Own;
        double known = own + Server - before.Server;
        return new Noise(
            Busy - before.Busy is { } busy ? Math.Max(0, busy - known) / seconds : null,
            Steal - before.Steal is { } steal ? steal / seconds : null,
            own / seconds / generatorCores,
            seconds);
    }

    private static (double? Busy, double? Steal) Machine()
    {
        const string file = "/proc/stat";
        if (!File.Exists(file))
        {
            return (null, null);
        }

        // cpu user nice system idle iowait irq softirq steal
        string[] fields = File.ReadLines(file).First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double[] ticks = [.. fields.Skip(1).Take(8).Select(static field => double.Parse(field, CultureInfo.InvariantCulture))];
        return ((ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / TicksPerSecond, ticks[7] / TicksPerSecond);
    }
}
