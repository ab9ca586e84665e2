using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Expiry;

namespace Exposition.Engine;

// selector = "{" [ matcher *( "," matcher ) [ "," ] ] "}"            blanks may stand between tokens
// matcher  = name ( "=" / "!=" / "=~" / "!~" ) string                name = [a-zA-Z_][a-zA-Z0-9_]* or a string
// string   = '"' ... '"' / "'" ... "'" with backslash escapes, or "`" ... "`" without
// As in PromQL, a label that a group does not have is the empty string, and a regular expression must match the whole value.

/// <summary>
/// Chooses groups by their grouping labels: <c>{job=~"flink.*",zone!="eu"}</c>, in the syntax of PromQL. All its matchers must hold;
/// without any it matches every group. Immutable and safe for concurrent use. Matching takes time linear in the length of the values,
/// whatever the expression.
/// </summary>
/// <example>
/// <code>
/// GroupSelector flink = GroupSelector.Parse("{job=~\"flink.*\",zone!=\"eu\"}");
/// int gone = store.Delete(flink, olderThan: TimeSpan.FromHours(26));
/// </code>
/// </example>
public sealed class GroupSelector
{
    /// <summary>The longest selector, in characters.</summary>
    public const int MaxLength = 4096;

    /// <summary>The most matchers of a selector.</summary>
    public const int MaxMatchers = 32;

    private readonly LabelMatcher[] _matchers;

    internal GroupSelector(LabelMatcher[] matchers) => _matchers = matchers;

    /// <summary>Number of matchers; 0 means that every group matches.</summary>
    public int Count => _matchers.Length;

    /// <summary>Reads a selector.</summary>
    /// <exception cref="FormatException">It is none; the message says where and why.</exception>
    public static GroupSelector Parse(string text) =>
        TryParse(text, out GroupSelector? selector, out string? error) ? selector : throw new FormatException(error);

    /// <summary>Reads a selector.</summary>
    /// <param name="text">The whole selector.</param>
    /// <param name="selector">What was read.</param>
    /// <param name="error">What is wrong, and at which character, counted from 1.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out GroupSelector? selector, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new SelectorReader(text).TryRead(out selector, out error);
    }

    /// <summary>Whether a group is chosen.</summary>
    public bool Matches(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        foreach (LabelMatcher matcher in _matchers)
        {
            if (!matcher.Matches(key))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The key that has just the labels asked for; null where they are not a group's, or something else is asked for.</summary>
    internal GroupingKey? NamedKey()
    {
        if (_matchers.Length == 0 || !Array.TrueForAll(_matchers, static matcher => matcher.Equality is not null))
        {
            return null;
        }

        // A label that is empty is one that is not there.
        (string Name, string Value)[] labels = [.. _matchers.Select(static m => m.Equality!.Value).Where(static l => l.Value.Length > 0)];
        return Array.Exists(labels, static label => label.Name == "job") && GroupingKey.Create(labels) is var key && Matches(key)
            ? key : null;
    }

    /// <summary>The selector in one spelling: no blanks, double quotes.</summary>
    public override string ToString() => "{" + string.Join(',', _matchers.Select(static matcher => matcher.ToString())) + "}";
}
