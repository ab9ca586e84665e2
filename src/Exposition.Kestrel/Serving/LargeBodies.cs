using Exposition.Engine;

namespace Exposition.Kestrel.Serving;

/// <summary>Which bodies are read in a turn of the workers.</summary>
internal static class LargeBodies
{
    // A body of empty lines, which are the slowest, takes about 10 ms; others 1 ms.
    public const int Least = 512 << 10;

    // Packed, it is most likely a large one: not worth a try.
    public const int LeastPacked = Least / 8;

    // What a small body becomes when its grouping labels are written on every line. So long a line is the shortest there can be.
    private const int LargeRendering = 8 << 20;
    private const int ShortestLine = 4;

    /// <summary>Whether one is.</summary>
    public static bool IsLarge(GroupingKey key, ReadOnlySpan<byte> body) =>
        body.Length >= Least
        || ((long)key.Bytes.Length * body.Length / ShortestLine >= LargeRendering
            && (long)key.Bytes.Length * body.Count((byte)'\n') >= LargeRendering);
}
