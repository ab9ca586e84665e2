namespace Exposition.Store.Internal;

/// <summary>A group's place: its identity, and the snapshot that a push swaps. Lives as long as the group.</summary>
internal sealed class GroupSlot(GroupingKey key, NameSet names)
{
    private GroupSnapshot? _current;

    public GroupingKey Key { get; } = key;

    public NameSet Names { get; } = names;

    public GroupSnapshot? Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
