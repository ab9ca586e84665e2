namespace Exposition.Engine.Groups;

/// <summary>Finds a group among some in order of their keys, by binary search.</summary>
/// <param name="key">The key that is looked for.</param>
internal readonly struct ByKey(GroupingKey key) : IComparable<GroupSlot>, IComparable<GroupSnapshot>
{
    /// <summary>The place of the first that does not come before a key.</summary>
    public static int PlaceOf(ReadOnlySpan<GroupSlot> slots, GroupingKey key) =>
        slots.BinarySearch(new ByKey(key)) is var found && found < 0 ? ~found : found;

    /// <summary>The place of the first that comes behind a key; 0 without one.</summary>
    public static int PlaceBehind(ReadOnlySpan<GroupSlot> slots, GroupingKey? key) =>
        key is null ? 0 : Behind(slots.BinarySearch(new ByKey(key)));

    /// <inheritdoc cref="PlaceBehind(ReadOnlySpan{GroupSlot}, GroupingKey?)"/>
    public static int PlaceBehind(ReadOnlySpan<GroupSnapshot> groups, GroupingKey? key) =>
        key is null ? 0 : Behind(groups.BinarySearch(new ByKey(key)));

    public int CompareTo(GroupSlot? other) => key.CompareTo(other!.Key);

    public int CompareTo(GroupSnapshot? other) => key.CompareTo(other!.Key);

    private static int Behind(int found) => found < 0 ? ~found : found + 1;
}
