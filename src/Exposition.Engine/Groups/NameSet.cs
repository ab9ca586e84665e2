using Exposition.Formats.Rows;

namespace Exposition.Engine.Groups;

/// <summary>The label names of a grouping key: groups with one and the same set can never hold the same series.</summary>
internal sealed class NameSet(byte[][] names)
{
    public byte[][] Names { get; } = names;

    /// <summary>
    /// A bit for each name: what lacks one of them lacks that name. There may be ten thousand sets to go through for each series.
    /// </summary>
    public ulong Mask { get; } = names.Aggregate(0UL, static (mask, name) => mask | BitOf(name));

    /// <summary>The bit of a name.</summary>
    public static ulong BitOf(ReadOnlySpan<byte> name) => 1UL << (int)(KeyedHash.Text(name) & 63);
}
