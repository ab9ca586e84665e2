namespace Exposition.Store.Internal;

/// <summary>The label names of a grouping key: groups with one and the same set can never hold the same series.</summary>
internal sealed class NameSet(byte[][] names)
{
    public byte[][] Names { get; } = names;
}
