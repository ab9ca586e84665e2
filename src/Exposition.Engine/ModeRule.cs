using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Expiry;
using Exposition.Engine.Remembering;

namespace Exposition.Engine;

/// <summary>What pushes to some groups do that do not say it themselves.</summary>
/// <param name="Groups">The groups it is for; null for all.</param>
/// <param name="Mode">What they do.</param>
/// <example>
/// <code>
/// options.PushModes = [ModeRule.Parse("{job=~\"lambda.*\"}=add")];
/// </code>
/// </example>
public sealed record ModeRule(GroupSelector? Groups, PushMode Mode)
{
    /// <summary>Reads a rule as the flag <c>--push.mode</c> takes it: <c>add</c>, or <c>{job=~"lambda.*"}=add</c>.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ModeRule Parse(string text) =>
        TryParse(text, out ModeRule? rule, out string? error) ? rule : throw new FormatException(error);

    /// <summary>Reads a rule as the flag <c>--push.mode</c> takes it.</summary>
    /// <param name="text">A mode, or a selector and a mode with <c>=</c> between them.</param>
    /// <param name="rule">What was read.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ModeRule? rule, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        if (!RuleText.TryRead(text, "MODE", out GroupSelector? groups, out string word, out error))
        {
            return false;
        }

        if (!PushModes.TryParse(word, out PushMode mode))
        {
            error = "expected a mode: " + PushModes.All;
            return false;
        }

        rule = new ModeRule(groups, mode);
        return true;
    }
}
