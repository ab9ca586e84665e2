using Exposition.Formats.Internal;
using Exposition.Store;

namespace Exposition.Kestrel.Paths;

// Direct-mapped: a slot holds the last key that fell on it, and a hit counts only if the bytes are equal. Keys are immutable and slots are
// replaced by one reference write, so readers and writers need no lock; what two threads lose to each other is a second allocation.
// The memory is bounded by the number of slots times the longest path.

/// <summary>Keeps the grouping keys of recent requests, so that a source which pushes again costs no allocation.</summary>
internal sealed class GroupingKeyCache
{
    private const int Slots = 1 << 14;

    private readonly GroupingKey?[] _slots = new GroupingKey?[Slots];

    /// <summary>The key with this canonical form, or null if it is not one.</summary>
    public GroupingKey? Get(ReadOnlySpan<byte> canonical)
    {
        ref GroupingKey? slot = ref _slots[KeyedHash.Text(canonical) & (Slots - 1)];
        GroupingKey? cached = Volatile.Read(ref slot);
        if (cached is not null && cached.Bytes.SequenceEqual(canonical))
        {
            return cached;
        }

        if (GroupingKey.TryCreate(canonical, out GroupingKey? created))
        {
            Volatile.Write(ref slot, created);
        }

        return created;
    }
}
