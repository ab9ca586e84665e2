using Exposition.Kestrel;

namespace Exposition.Gateway.Machine;

// Half of a container may be stored metrics, and a quarter what is kept beside them for the sake of speed and of slow readers; what is left
// is the program, its garbage, and what connections hold. As defaults the budgets come to 2.4 GiB: in a small container they would let
// clients use memory until the kernel ends the process. They shrink alike, to whole MiB, but to no less than one: 0 would be no limit.

/// <summary>What the memory budgets are by default in a container.</summary>
internal static class MemoryBudgets
{
    private const long Mebibyte = 1 << 20;
    private const int StoredShare = 2;
    private const int OtherShare = 4;

    /// <summary>Sets them.</summary>
    /// <param name="options">Whose.</param>
    /// <param name="container">What the container may use, in bytes; 0 where nothing limits it.</param>
    public static void Fit(ExpositionOptions options, long container)
    {
        options.MaxStoredBytes = container / StoredShare;
        long all = options.MaxInflightBytes + options.MaxHeldBytes + options.ShapeCacheBytes + options.BundleCacheBytes;
        long most = container / OtherShare;
        if (container > 0 && all > most)
        {
            long Part(long bytes) => Math.Max(1, (long)((double)bytes / all * most) / Mebibyte) * Mebibyte;
            options.MaxInflightBytes = Part(options.MaxInflightBytes);
            options.MaxHeldBytes = Part(options.MaxHeldBytes);
            options.ShapeCacheBytes = Part(options.ShapeCacheBytes);
            options.BundleCacheBytes = Part(options.BundleCacheBytes);
        }
    }
}
