using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Expiry;
using Exposition.Formats.Go;

namespace Exposition.Engine;

/// <summary>After which time without a push the series of some groups expire.</summary>
/// <param name="Groups">The groups it is for; null for all.</param>
/// <param name="After">The time since the last push; <see cref="TimeSpan.Zero"/> means never.</param>
/// <example>
/// <code>
/// options.ExpiryRules = [ExpiryRule.Parse("{job=~\"flink.*\"}=2m"), ExpiryRule.Parse("26h")];
/// </code>
/// </example>
public sealed record ExpiryRule(GroupSelector? Groups, TimeSpan After)
{
    /// <summary>Reads a rule as the flag <c>--push.expire-after</c> takes it: <c>26h</c>, or <c>{job=~"flink.*"}=2m</c>.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static ExpiryRule Parse(string text) =>
        TryParse(text, out ExpiryRule? rule, out string? error) ? rule : throw new FormatException(error);

    /// <summary>Reads a rule as the flag <c>--push.expire-after</c> takes it.</summary>
    /// <param name="text">A duration, or a selector and a duration with <c>=</c> between them.</param>
    /// <param name="rule">What was read.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ExpiryRule? rule, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = RuleText.TryRead(text, "DURATION", out GroupSelector? groups, out string duration, out error)
            && GoDuration.TryParseTime(duration, out TimeSpan after, out error) ? new ExpiryRule(groups, after) : null;
        return rule is not null;
    }
}
