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

    public GroupMap With(GroupSlot slot, long version) => new(groups.Add(slot.Key, slot), version);

    public GroupMap Emptied(long version) => new(groups.Clear(), version);

    public GroupMap Without(GroupingKey key, long version) => new(groups.Remove(key), version);
}
