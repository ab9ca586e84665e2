using Exposition.Store.Internal.Shapes;

namespace Exposition.Store.Internal;

/// <summary>A group's place: its identity, and the snapshot that a push swaps. Lives as long as the group.</summary>
internal sealed class GroupSlot(GroupingKey key, NameSet names)
{
    private GroupSnapshot? _current;
    private PushShape? _shape;

    public GroupingKey Key { get; } = key;

    public NameSet Names { get; } = names;

    /// <summary>The shape of the last push, where it has one. Set by the cache.</summary>
    public PushShape? Shape
    {
        get => Volatile.Read(ref _shape);
        set => Volatile.Write(ref _shape, value);
    }

    /// <summary>How long to wait with the next attempt at a shape. Only a guide: pushes of one group that race may count wrongly.</summary>
    public ShapePatience Patience { get; } = new();

    /// <summary>After how many nanoseconds without a push the rules let its series expire; 0 for never, -1 if they were not asked yet.</summary>
    public long RuleAfter { get; set; } = -1;

    /// <summary>Its place in the queue of deadlines, or -1. The queue's own.</summary>
    public int QueueIndex { get; set; } = -1;

    /// <summary>Hidden families of other groups that wait for this group to change; under the store's writer lock.</summary>
    public HashSet<HiddenFamily>? Waiting { get; set; }

    /// <summary>Whether the group has been deleted; set under the store's writer lock.</summary>
    public bool IsRemoved { get; set; }

    public GroupSnapshot? Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
