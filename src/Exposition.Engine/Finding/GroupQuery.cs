using System.Text;

namespace Exposition.Engine.Finding;

/// <summary>Which groups are looked for, and how many of them in which order. Immutable.</summary>
internal sealed class GroupQuery
{
    private readonly byte[] _text = [];

    /// <summary>One of these must choose a group; none choose all.</summary>
    public IReadOnlyList<GroupSelector> Selectors { get; init; } = [];

    /// <summary>A part of some label's value; empty for any.</summary>
    public string Text
    {
        get => Encoding.UTF8.GetString(_text);
        init => _text = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>The state that must be true; <see cref="GroupStates.None"/> asks for groups of which none is. Null for any.</summary>
    public GroupStates? State { get; init; }

    /// <summary>
    /// Only groups without a push for longer than that, as for <see cref="MetricStore.Delete(GroupSelector, TimeSpan?)"/>.
    /// </summary>
    public TimeSpan? OlderThan { get; init; }

    public GroupSort Sort { get; init; }

    /// <summary>Whether the greatest come first.</summary>
    public bool Descending { get; init; }

    /// <summary>The most groups.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>Where to go on; null for the start.</summary>
    public GroupCursor? After { get; init; }

    /// <summary>Whether it asks for a part of all groups in order of their keys, for which they need not be gone through.</summary>
    public bool IsPlain =>
        Selectors.Count == 0 && _text.Length == 0 && State is null && OlderThan is null && Sort == GroupSort.Key && Limit < int.MaxValue;

    /// <summary>Whether the keys of all groups are looked at, and not only of those that are answered.</summary>
    public bool ReadsKeys => Selectors.Count > 0 || _text.Length > 0 || After is not null || SortValue.IsOfKey(Sort);

    /// <summary>Whether a group is looked for, as far as its key says that.</summary>
    public bool Chooses(GroupingKey key) => ChoosesBySelector(key) && HasText(key);

    private bool ChoosesBySelector(GroupingKey key)
    {
        for (int i = 0; i < Selectors.Count; i++)
        {
            if (Selectors[i].Matches(key))
            {
                return true;
            }
        }

        return Selectors.Count == 0;
    }

    // Most keys do not have it at all; where one has, it may be in a name.
    private bool HasText(GroupingKey key)
    {
        if (_text.Length == 0)
        {
            return true;
        }

        if (key.Bytes.IndexOf(_text) < 0)
        {
            return false;
        }

        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Value.IndexOf(_text) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
