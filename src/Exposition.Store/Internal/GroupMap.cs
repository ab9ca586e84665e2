using System.Collections.Immutable;

namespace Exposition.Store.Internal;

/// <summary>The groups in order of their keys. Immutable; replaced when a group is created or deleted.</summary>
internal sealed class GroupMap(ImmutableSortedDictionary<GroupingKey, GroupSlot> groups, long version)
{
    public static readonly GroupMap Empty = new(ImmutableSortedDictionary<GroupingKey, GroupSlot>.Empty, 0);

    private GroupSlot[]? _slots;

    /// <summary>The store's clock when a group was last created or deleted.</summary>
    public long Version { get; } = version;

    public int Count => groups.Count;

    /// <summary>The slots in key order; gathered by the first who asks.</summary>
    public ReadOnlySpan<GroupSlot> Slots => _slots ??= [.. groups.Values];

    /// <summary>A map of many groups at once, in any order.</summary>
    public static GroupMap Of(IEnumerable<GroupSlot> slots, long version)
    {
        GroupSlot[] sorted = [.. slots];
        Array.Sort(sorted, static (a, b) => a.Key.CompareTo(b.Key));
        return new GroupMap(ImmutableSortedDictionary.CreateRange(sorted.Select(static s => KeyValuePair.Create(s.Key, s))), version) { _slots = sorted };
    }

    public GroupMap With(GroupSlot slot, long version) => new(groups.Add(slot.Key, slot), version);

    public GroupMap Emptied(long version) => new(groups.Clear(), version);

    public GroupMap Without(GroupingKey key, long version) => new(groups.Remove(key), version);
}
