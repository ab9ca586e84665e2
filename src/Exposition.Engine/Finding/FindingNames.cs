namespace Exposition.Engine.Finding;

/// <summary>The words for states and orders of groups, as addresses and answers have them.</summary>
internal static class FindingNames
{
    /// <summary>States, the gravest first, and at the end that of groups of which none is true.</summary>
    public static IReadOnlyList<(string Name, GroupStates State)> States { get; } =
    [
        ("failed", GroupStates.Failed), ("expired", GroupStates.Expired), ("overdue", GroupStates.Overdue),
        ("hidden", GroupStates.Hidden), ("expiring", GroupStates.Expiring), ("stale", GroupStates.Stale), ("ok", GroupStates.None),
    ];

    /// <summary>Orders.</summary>
    public static IReadOnlyList<(string Name, GroupSort Sort)> Sorts { get; } =
    [
        ("key", GroupSort.Key), ("job", GroupSort.Job), ("trouble", GroupSort.Trouble), ("pushed", GroupSort.Pushed),
        ("expires", GroupSort.Expires), ("series", GroupSort.Series), ("size", GroupSort.Size),
    ];

    /// <summary>The name of an order.</summary>
    public static string Of(GroupSort sort) => Sorts.First(known => known.Sort == sort).Name;

    /// <summary>The names of the states that are true of a group, the gravest first; that of none if none is.</summary>
    public static IEnumerable<string> Of(GroupStates states)
    {
        foreach ((string name, GroupStates state) in States)
        {
            if (state == GroupStates.None ? states == GroupStates.None : (states & state) != 0)
            {
                yield return name;
            }
        }
    }
}
