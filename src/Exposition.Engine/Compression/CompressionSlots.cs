namespace Exposition.Engine.Compression;

/// <summary>All compression for scrapes together uses at most half of the processors, but one in any case.</summary>
internal static class CompressionSlots
{
    /// <summary>To be entered while a thread compresses, and left before anything is waited for but a turn of the thread.</summary>
    public static SemaphoreSlim Shared { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));
}
