using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Formats.Go;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Reads what the query of a request says of groups. The first fault is kept, in words for whoever asked.</summary>
internal sealed class QueryKeys(IQueryCollection query)
{
    /// <summary>The most selectors.</summary>
    public const int MostSelectors = 16;

    private static readonly (string Name, GroupStates State)[] s_states =
    [
        ("failed", GroupStates.Failed), ("expired", GroupStates.Expired), ("expiring", GroupStates.Expiring),
        ("hidden", GroupStates.Hidden), ("stale", GroupStates.Stale), ("ok", GroupStates.None),
    ];

    private static readonly (string Name, GroupSort Sort)[] s_sorts =
    [
        ("key", GroupSort.Key), ("job", GroupSort.Job), ("trouble", GroupSort.Trouble), ("pushed", GroupSort.Pushed),
        ("expires", GroupSort.Expires), ("series", GroupSort.Series), ("size", GroupSort.Size),
    ];

    private static readonly (string Name, bool Descending)[] s_directions = [("asc", false), ("desc", true)];

    /// <summary>What is wrong; null while nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The names of the states that are true of a group, the gravest first; <c>ok</c> if none is.</summary>
    public static IEnumerable<string> NamesOf(GroupStates states)
    {
        bool any = false;
        foreach (GroupStates state in (GroupStates[])
            [GroupStates.Failed, GroupStates.Expired, GroupStates.Hidden, GroupStates.Expiring, GroupStates.Stale])
        {
            if ((states & state) != 0)
            {
                any = true;
                yield return Array.Find(s_states, known => known.State == state).Name;
            }
        }

        if (!any)
        {
            yield return "ok";
        }
    }

    /// <summary>Whether a key is there.</summary>
    public bool Has(string key) => query.ContainsKey(key);

    /// <summary>The selectors, of which one must choose a group.</summary>
    public IReadOnlyList<GroupSelector> Selectors()
    {
        var selectors = new List<GroupSelector>();
        foreach (string? text in query["match[]"])
        {
            if (selectors.Count == MostSelectors)
            {
                Fail($"match[]: more than {MostSelectors} selectors");
                break;
            }

            if (!GroupSelector.TryParse(text ?? "", out GroupSelector? selector, out string? error))
            {
                Fail($"match[]={text}: {error}");
                break;
            }

            selectors.Add(selector);
        }

        return selectors;
    }

    /// <summary>A part of some label's value; empty if none is asked for.</summary>
    public string Text() => One("text") ?? "";

    /// <summary>A state; null if none is asked for.</summary>
    public GroupStates? State() => Has("state") ? Choice("state", s_states) : null;

    /// <summary>The order.</summary>
    public (GroupSort Sort, bool Descending) Order()
    {
        GroupSort sort = Has("sort") ? Choice("sort", s_sorts) : GroupSort.Key;
        return (sort, Has("dir") ? Choice("dir", s_directions) : SortValue.IsDescending(sort));
    }

    /// <summary>The most that are answered.</summary>
    public int Limit(int missing, int most)
    {
        if (One("limit") is not { } text)
        {
            return missing;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit >= 1 && limit <= most)
        {
            return limit;
        }

        Fail(string.Create(CultureInfo.InvariantCulture, $"limit={text}: expected a number from 1 to {most}"));
        return missing;
    }

    /// <summary>Where to go on; null for the start.</summary>
    public GroupCursor? After(GroupSort sort)
    {
        if (One("after") is not { } text)
        {
            return null;
        }

        if (!GroupCursor.TryParse(text, sort, out GroupCursor? cursor))
        {
            Fail("after: expected the next of an answer in this order; where groups are in order of their keys, any group's id");
        }

        return cursor;
    }

    /// <summary>A text of which there is one.</summary>
    public string? One(string key)
    {
        if (query[key].Count > 1)
        {
            Fail($"{key} is given more than once");
        }

        return query[key] is [{ } value, ..] ? value : null;
    }

    /// <summary>A time; null if none is given.</summary>
    public TimeSpan? Time(string key)
    {
        if (One(key) is not { } text)
        {
            return null;
        }

        if (!GoDuration.TryParseTime(text, out TimeSpan time, out string? error))
        {
            Fail($"{key}={text}: {error}");
        }

        return time;
    }

    /// <summary>A count; null if none is given.</summary>
    public long? Count(string key)
    {
        if (One(key) is not { } text)
        {
            return null;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            Fail($"{key}={text}: expected a number");
        }

        return count;
    }

    /// <summary>Whether something is wanted; not, if nothing is said.</summary>
    public bool Switch(string key) => Has(key) && Choice(key, [("true", true), ("false", false)]);

    /// <summary>Refuses keys that mean nothing here, where one that is misspelled would do harm.</summary>
    public void Only(params ReadOnlySpan<string> known)
    {
        foreach (string key in query.Keys)
        {
            if (!known.Contains(key))
            {
                Fail($"{key}: unknown here, expected one of {string.Join(", ", known!)}");
            }
        }
    }

    public void Fail(string fault) => Fault ??= fault;

    private T Choice<T>(string key, (string Name, T Value)[] choices)
    {
        string text = One(key) ?? "";
        int at = Array.FindIndex(choices, choice => choice.Name == text);
        if (at < 0)
        {
            Fail($"{key}={text}: expected one of {string.Join(", ", choices.Select(static choice => choice.Name))}");
        }

        return choices[Math.Max(at, 0)].Value;
    }
}
