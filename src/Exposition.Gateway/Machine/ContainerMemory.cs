using System.Globalization;

namespace Exposition.Gateway.Machine;

// The program starts once, so it reads the files of its control group itself: what the runtime says is its own share of that.

/// <summary>How much memory the container that the process runs in may use.</summary>
internal static class ContainerMemory
{
    // What the first version of control groups says where there is no limit is about as much.
    private const long Unlimited = 1L << 60;

    /// <summary>The least limit of the control groups of the process; 0 if none has one.</summary>
    public static long OfProcess { get; } = OfGroups("/");

    /// <summary>
    /// The limit in bytes, or that of the runtime's heap if somebody has set one below it; 0 where nothing but the machine limits it.
    /// </summary>
    public static long Limit { get; } = Least(OfProcess, OfHeap());

    /// <summary>The least limit of the control group of the process and those above it; 0 if none has one.</summary>
    /// <param name="root">Where the system's files are.</param>
    public static long OfGroups(string root)
    {
        long least = 0;
        foreach (string line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // number:controllers:path, without controllers in the second version.
            string[] parts = line.Split(':', 3);
            if (parts.Length == 3 && parts[1].Length == 0)
            {
                least = Least(least, OfGroup(Path.Combine(root, "sys/fs/cgroup"), parts[2], "memory.max"));
            }
            else if (parts.Length == 3 && parts[1].Split(',').Contains("memory"))
            {
                least = Least(least, OfGroup(Path.Combine(root, "sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes"));
            }
        }

        return least;
    }

    // A container may not see the path, but then it sees its own group at the top.
    private static long OfGroup(string mount, string group, string file)
    {
        long least = 0;
        for (string? path = group.Trim('/'); path is not null; path = path.Length == 0 ? null : Path.GetDirectoryName(path))
        {
            foreach (string limit in Lines(Path.Combine(mount, path, file)))
            {
                bool isLimit = long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) && bytes < Unlimited;
                least = Least(least, isLimit ? bytes : 0);
            }
        }

        return least;
    }

    private static long OfHeap() =>
        GC.GetConfigurationVariables().TryGetValue("GCHeapHardLimit", out object? set) && set is long bytes ? bytes : 0;

    private static long Least(long a, long b) => a == 0 || (b > 0 && b < a) ? b : a;

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
