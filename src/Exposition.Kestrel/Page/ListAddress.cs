using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>What a list of groups shows, as the address of the page has it. What it does not know it takes for the default.</summary>
/// <param name="Match">A selector, which begins with a brace, or a part of some label's value.</param>
/// <param name="State">The state that groups must have; null for any.</param>
/// <param name="Sort">What they are sorted by.</param>
/// <param name="Descending">Whether the greatest come first.</param>
/// <param name="Limit">How many are on a page.</param>
/// <param name="After">The cursor; empty at the start.</param>
internal sealed record ListAddress(string Match, GroupStates? State, GroupSort Sort, bool Descending, int Limit, string After)
{
    /// <summary>How many groups are on a page unless it says otherwise.</summary>
    public const int DefaultLimit = 50;

    private const int MostLimit = 500;

    /// <summary>That of a request.</summary>
    public static ListAddress Of(IQueryCollection query)
    {
        string state = query["state"].ToString();
        string sort = query["sort"].ToString();
        GroupStates? named = FindingNames.States.FirstOrDefault(known => known.Name == state) is { Name: not null } asked
            ? asked.State : null;
        GroupSort by = FindingNames.Sorts.FirstOrDefault(known => known.Name == sort) is { Name: not null } found
            ? found.Sort : GroupSort.Trouble;
        bool descending = query["dir"].ToString() switch
        {
            "asc" => false,
            "desc" => true,
            _ => SortValue.IsDescending(by),
        };
        bool has = int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out int limit);
        return new(query["match"].ToString().Trim(), named, by, descending, has ? Math.Clamp(limit, 1, MostLimit) : DefaultLimit,
            query["after"].ToString());
    }

    /// <summary>Whether the list leaves groups out.</summary>
    public bool IsFiltered => Match.Length > 0 || State is not null;

    /// <summary>Whether groups are looked for by a selector.</summary>
    public bool HasSelector => Match.StartsWith('{');

    /// <summary>Whether that selector leaves any group out.</summary>
    public bool HasMatchers => HasSelector && GroupSelector.TryParse(Match, out GroupSelector? selector, out _) && selector.Count > 0;

    /// <summary>The state's name; empty for any.</summary>
    public string StateName => State is { } state ? FindingNames.Of(state).First() : "";

    /// <summary>What to ask the store for.</summary>
    /// <param name="error">What is wrong with the selector, and where.</param>
    public GroupQuery? ToQuery(out string? error)
    {
        error = null;
        GroupSelector? selector = null;
        if (HasSelector && !GroupSelector.TryParse(Match, out selector, out error))
        {
            return null;
        }

        return new GroupQuery
        {
            Selectors = selector is null ? [] : [selector],
            Text = HasSelector ? "" : Match,
            State = State,
            Sort = Sort,
            Descending = Descending,
            Limit = Limit,
            After = GroupCursor.TryParse(After, Sort, out GroupCursor? after) ? after : null,
        };
    }

    /// <summary>The address of this list, relative to the page.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("./");
        char mark = '?';
        Add("match", Match, "");
        Add("state", StateName, "");
        Add("sort", FindingNames.Of(Sort), "trouble");
        Add("dir", Descending ? "desc" : "asc", SortValue.IsDescending(Sort) ? "desc" : "asc");
        Add("limit", Limit.ToString(CultureInfo.InvariantCulture), DefaultLimit.ToString(CultureInfo.InvariantCulture));
        Add("after", After, "");
        return text.ToString();

        void Add(string name, string value, string usual)
        {
            if (value != usual)
            {
                text.Append(mark).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                mark = '&';
            }
        }
    }
}
