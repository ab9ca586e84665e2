namespace Exposition.Engine.Remembering;

/// <summary>The names of the modes.</summary>
internal static class PushModes
{
    /// <summary>All of them, for errors.</summary>
    public const string All = "families, series, add, cumulative or replace";

    public static bool TryParse(ReadOnlySpan<char> word, out PushMode mode)
    {
        PushMode? known = word switch
        {
            "families" => PushMode.Merge,
            "series" => PushMode.Series,
            "add" => PushMode.Add,
            "cumulative" => PushMode.Cumulative,
            "replace" => PushMode.Replace,
            _ => null,
        };
        mode = known.GetValueOrDefault();
        return known is not null;
    }

    public static string NameOf(PushMode mode) => mode switch
    {
        PushMode.Merge => "families",
        PushMode.Series => "series",
        PushMode.Add => "add",
        PushMode.Cumulative => "cumulative",
        _ => "replace",
    };

    /// <summary>Whether a push is put together with what its group has.</summary>
    public static bool Joins(PushMode mode) => mode > PushMode.Replace;
}

/// <summary>What the rules say of pushes that say no mode themselves.</summary>
internal static class ModeRules
{
    public static PushMode Of(IReadOnlyList<ModeRule> rules, GroupingKey key)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            if (rules[i].Groups?.Matches(key) ?? true)
            {
                return rules[i].Mode;
            }
        }

        return PushMode.Merge;
    }
}
