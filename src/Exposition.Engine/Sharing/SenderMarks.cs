using Exposition.Engine.Publishing;

namespace Exposition.Engine.Sharing;

/// <summary>
/// Which families of groups their senders have marked as hidden, as the states of a log say: what else is hidden here changes when others
/// do. Safe for concurrent use.
/// </summary>
internal sealed class SenderMarks(StoreState state)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<GroupingKey, (long Revision, byte[][] Names)> _marks = [];

    /// <summary>The names of the families of a state that are marked.</summary>
    public static byte[][] In(FamilyEntry[] families) =>
        [.. families.Where(static entry => entry.IsHidden).Select(static entry => entry.Name.ToArray())];

    /// <summary>Which families a state has marked.</summary>
    public void Note(GroupingKey key, long revision, byte[][] names)
    {
        lock (_lock)
        {
            if (names.Length > 0)
            {
                _marks[key] = (revision, names);
            }
            else
            {
                _marks.Remove(key);
            }
        }
    }

    /// <summary>Those of a group as it is.</summary>
    public byte[][] Of(GroupSnapshot group)
    {
        lock (_lock)
        {
            return _marks.TryGetValue(group.Key, out (long Revision, byte[][] Names) marks) && marks.Revision == group.Slot.Revision
                ? marks.Names : [];
        }
    }

    /// <summary>Groups have gone, or are others: theirs are not kept.</summary>
    public void ForgetGone()
    {
        lock (_lock)
        {
            foreach ((GroupingKey key, (long revision, _)) in _marks)
            {
                if (state.Groups.Find(key) is not { IsRemoved: false } slot || slot.Revision != revision)
                {
                    _marks.Remove(key);
                }
            }
        }
    }
}
