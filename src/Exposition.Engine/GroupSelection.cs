using Exposition.Engine.Groups;

namespace Exposition.Engine;

/// <summary>
/// Some of the groups: those that one of the selectors chooses, if there are any, and that are in the shard, if there is one. Immutable and
/// safe for concurrent use.
/// </summary>
public sealed class GroupSelection
{
    private readonly GroupSelector[] _selectors;

    /// <summary>Chooses groups.</summary>
    /// <param name="selectors">Of which one must choose a group; null or none for all groups. Copied.</param>
    /// <param name="shard">The shard that a group must be in; null for any.</param>
    public GroupSelection(IEnumerable<GroupSelector>? selectors = null, Shard? shard = null) =>
        (_selectors, Shard) = ([.. selectors ?? []], shard);

    /// <summary>Of which one must choose a group; empty for all groups.</summary>
    public IReadOnlyList<GroupSelector> Selectors => _selectors;

    /// <summary>The shard that a group must be in; null for any.</summary>
    public Shard? Shard { get; }

    /// <summary>Whether a group is one of them.</summary>
    public bool Contains(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return (Shard is null || Shard.Contains(key)) && IsSelected(key);
    }

    internal bool Contains(GroupSlot slot) => (Shard is null || Shard.Contains(slot.ShardHash)) && IsSelected(slot.Key);

    private bool IsSelected(GroupingKey key)
    {
        if (_selectors.Length == 0)
        {
            return true;
        }

        foreach (GroupSelector selector in _selectors)
        {
            if (selector.Matches(key))
            {
                return true;
            }
        }

        return false;
    }
}
