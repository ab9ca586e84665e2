using System.Diagnostics.CodeAnalysis;

namespace Exposition.Engine;

/// <summary>
/// How often some groups are expected to be pushed to. Each shows it as <c>push_overdue</c>: 1 if its last successful push is longer ago,
/// else 0.
/// </summary>
/// <param name="Groups">The groups it is for; null for all.</param>
/// <param name="Within">The longest time between two pushes; <see cref="TimeSpan.Zero"/> means that none is expected.</param>
/// <remarks>
/// Where all matchers are equalities, and they name a job, the rule names a group that is expected even if it is not there: as long as
/// there is none that the rule is for, one with just these labels is shown, overdue when <paramref name="Within"/> has passed since the
/// store was made and since the last push of a group of the rule that a scrape has shown.
/// </remarks>
/// <example>
/// <code>
/// options.PushExpectations = [PushExpectation.Parse("{job=\"nightly_backup\"}=26h"), PushExpectation.Parse("{job=~\"etl.*\"}=1h")];
/// </code>
/// </example>
public sealed record PushExpectation(GroupSelector? Groups, TimeSpan Within)
{
    /// <summary>
    /// Reads a rule as the flag <c>--push.expect</c> takes it: <c>26h</c>, or <c>{job="nightly_backup"}=26h</c>.
    /// </summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static PushExpectation Parse(string text) =>
        TryParse(text, out PushExpectation? rule, out string? error) ? rule : throw new FormatException(error);

    /// <summary>Reads a rule as the flag <c>--push.expect</c> takes it.</summary>
    /// <param name="text">A duration, or a selector and a duration with <c>=</c> between them.</param>
    /// <param name="rule">What was read.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PushExpectation? rule, [NotNullWhen(false)] out string? error)
    {
        // The same grammar.
        rule = ExpiryRule.TryParse(text, out ExpiryRule? read, out error) ? new PushExpectation(read.Groups, read.After) : null;
        return rule is not null;
    }
}
