using System.Collections.Immutable;

namespace Exposition.Store.Internal;

/// <summary>The groups in order of their keys. Immutable; replaced when a group is created or deleted.</summary>
internal sealed class GroupMap(ImmutableSortedDictionary<GroupingKey, GroupSlot> groups)
{
    private GroupSlot[]? _slots;
    private long _version;
    private GroupMap? _previous;

    /// <summary>When it was published; see <see cref="Timeline"/>.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>The one before, while a view may be on its way to it.</summary>
    public GroupMap? Previous
    {
        get => Volatile.Read(ref _previous);
        set => Volatile.Write(ref _previous, value);
    }

    public int Count => groups.Count;

    /// <summary>The slots in key order; gathered by the first who asks.</summary>
    public ReadOnlySpan<GroupSlot> Slots => _slots ??= [.. groups.Values];

    /// <summary>The map of a store without groups, as it was ever.</summary>
    public static GroupMap Empty() => new(ImmutableSortedDictionary<GroupingKey, GroupSlot>.Empty) { _version = Timeline.Ever };

    /// <summary>A map of many groups at once, in any order.</summary>
    public static GroupMap Of(IEnumerable<GroupSlot> slots)
    {
        GroupSlot[] sorted = [.. slots];
        Array.Sort(sorted, static (a, b) => a.Key.CompareTo(b.Key));
        return new GroupMap(ImmutableSortedDictionary.CreateRange(sorted.Select(static s => KeyValuePair.Create(s.Key, s)))) { _slots = sorted };
    }

    public long Stamp(Timeline timeline) => timeline.Stamp(ref _version);

    public GroupMap With(GroupSlot slot) => new(groups.Add(slot.Key, slot));

    public GroupMap Emptied() => new(groups.Clear());

    public GroupMap Without(GroupingKey key) => new(groups.Remove(key));
}
