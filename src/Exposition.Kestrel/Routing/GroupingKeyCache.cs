using Exposition.Engine;
using Exposition.Formats.Rows;

namespace Exposition.Kestrel.Routing;

// Two-way: a pair of slots holds the last two keys that fell on it, so that two groups that fall on one pair do not drive each other out
// with each push. A hit counts only if the bytes are equal. Keys are immutable and slots are replaced by one reference write, so readers
// and writers need no lock; what two threads lose to each other is a second allocation. Only keys of groups that something was stored in
// are kept, and no long ones: what strangers ask for in vain leaves nothing behind, and the memory is bounded by the number of slots times
// LongestKept.

/// <summary>Keeps the grouping keys of recent requests, so that a source which pushes again costs no allocation.</summary>
internal sealed class GroupingKeyCache
{
    private const int Slots = 1 << 14;
    private const int LongestKept = 512;

    private readonly GroupingKey?[] _slots = new GroupingKey?[Slots];

    /// <summary>The key with this canonical form, or null if it is not one.</summary>
    /// <param name="canonical">The form.</param>
    /// <param name="isKept">Whether it was kept.</param>
    public GroupingKey? Get(ReadOnlySpan<byte> canonical, out bool isKept)
    {
        Span<GroupingKey?> pair = Pair(canonical);
        foreach (ref GroupingKey? slot in pair)
        {
            if (Volatile.Read(ref slot) is { } kept && kept.Bytes.SequenceEqual(canonical))
            {
                isKept = true;
                return kept;
            }
        }

        isKept = false;
        return GroupingKey.TryCreate(canonical, out GroupingKey? created) ? created : null;
    }

    /// <summary>Keeps a key, if it is short enough.</summary>
    public void Keep(GroupingKey key)
    {
        if (key.Bytes.Length <= LongestKept)
        {
            Span<GroupingKey?> pair = Pair(key.Bytes);
            Volatile.Write(ref pair[1], Volatile.Read(ref pair[0]));
            Volatile.Write(ref pair[0], key);
        }
    }

    private Span<GroupingKey?> Pair(ReadOnlySpan<byte> canonical) => _slots.AsSpan((int)KeyedHash.Text(canonical) & (Slots - 2), 2);
}
