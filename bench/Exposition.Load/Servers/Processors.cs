using System.Globalization;

namespace Exposition.Load.Servers;

/// <summary>
/// Who runs where: the server on the first processor, the generator on the others, where <c>bench/run</c> has started it. Without
/// <c>taskset</c>, or on a single one, they share what there is.
/// </summary>
internal static class Processors
{
    /// <summary>What the server gets.</summary>
    public const string OfServer = "0";

    /// <summary>Those of the machine.</summary>
    public static int OfMachine { get; } = File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").Count(static line => line.StartsWith("processor", StringComparison.Ordinal))
        : Environment.ProcessorCount;

    /// <summary>Those that this program may use.</summary>
    public static int OfGenerator => Environment.ProcessorCount;

    /// <summary>Whether servers can be told where to run.</summary>
    public static bool CanPin { get; } = OperatingSystem.IsLinux() && OfMachine > 1 && Systems.Program("taskset", null) is not null;

    /// <summary>In words, for the record.</summary>
    public static string Placement => CanPin && OfGenerator < OfMachine
        ? string.Create(CultureInfo.InvariantCulture, $"server on processor {OfServer}, generator on {OfGenerator} other(s)")
        : CanPin ? $"server on processor {OfServer}, generator on any"
        : "server and generator on any processor";
}
