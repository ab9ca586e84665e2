using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Formats.Go;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Reads what the query of a request says of groups. The first fault is kept, in words for whoever asked.</summary>
internal sealed class QueryKeys(IQueryCollection query)
{
    private static readonly (string Name, bool Descending)[] s_directions = [("asc", false), ("desc", true)];

    /// <summary>What is wrong; null while nothing is.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether a key is there.</summary>
    public bool Has(string key) => query.ContainsKey(key);

    /// <summary>The selectors, of which one must choose a group.</summary>
    public IReadOnlyList<GroupSelector> Selectors()
    {
        var selectors = new List<GroupSelector>();
        foreach (string? text in query["match[]"])
        {
            if (SelectorList.Add(selectors, text ?? "") is { } error)
            {
                Fail(error);
                break;
            }
        }

        return selectors;
    }

    /// <summary>A part of some label's value; empty if none is asked for.</summary>
    public string Text() => One("text") ?? "";

    /// <summary>A state; null if none is asked for.</summary>
    public GroupStates? State() => Has("state") ? Choice("state", FindingNames.States) : null;

    /// <summary>The order.</summary>
    public (GroupSort Sort, bool Descending) Order()
    {
        GroupSort sort = Has("sort") ? Choice("sort", FindingNames.Sorts) : GroupSort.Key;
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

    /// <summary>Refuses keys that mean nothing here: one that is misspelled would do harm, or answer another question.</summary>
    public void Only(params ReadOnlySpan<string> known)
    {
        foreach (string key in query.Keys)
        {
            if (!known.Contains(key))
            {
                Fail(known.IsEmpty ? $"{key}: unknown here, no key is expected"
                    : $"{key}: unknown here, expected one of {string.Join(", ", known!)}");
            }
        }
    }

    public void Fail(string fault) => Fault ??= fault;

    private T Choice<T>(string key, IReadOnlyList<(string Name, T Value)> choices)
    {
        string text = One(key) ?? "";
        foreach ((string name, T value) in choices)
        {
            if (name == text)
            {
                return value;
            }
        }

        Fail($"{key}={text}: expected one of {string.Join(", ", choices.Select(static choice => choice.Name))}");
        return choices[0].Value;
    }
}
