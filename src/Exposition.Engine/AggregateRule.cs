using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Expiry;

namespace Exposition.Engine;

/// <summary>What a push that adds up does to a value that is no counter: a gauge, an untyped value or a quantile.</summary>
public enum Aggregate : byte
{
    /// <summary>The last one pushed stays.</summary>
    Last,

    /// <summary>The greatest stays.</summary>
    Max,

    /// <summary>The smallest stays.</summary>
    Min,

    /// <summary>They are added up.</summary>
    Sum,
}

/// <summary>What becomes of the gauges, untyped values and quantiles of some families where a push adds up.</summary>
/// <example>
/// <code>
/// options.Aggregates = [AggregateRule.Parse("{__name__=~\".*_highwater\"}=max")];
/// </code>
/// </example>
public sealed class AggregateRule
{
    private readonly LabelMatcher[] _names;
    private readonly string _text;

    private AggregateRule(LabelMatcher[] names, Aggregate how, string text) => (_names, How, _text) = (names, how, text);

    /// <summary>What becomes of them.</summary>
    public Aggregate How { get; }

    /// <summary>Reads a rule as the flag <c>--push.aggregate</c> takes it: <c>{__name__=~".*_highwater"}=max</c>.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static AggregateRule Parse(string text) =>
        TryParse(text, out AggregateRule? rule, out string? error) ? rule : throw new FormatException(error);

    /// <summary>Reads a rule as the flag <c>--push.aggregate</c> takes it.</summary>
    /// <param name="text">A selector of family names, and <c>last</c>, <c>max</c>, <c>min</c> or <c>sum</c>, with <c>=</c> between
    /// them.</param>
    /// <param name="rule">What was read.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out AggregateRule? rule, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        if (!RuleText.TrySplit(text, out string? selector, out string word) || selector is null)
        {
            error = "expected {__name__=~\"...\"}=max, with last, max, min or sum";
            return false;
        }

        if (!new SelectorReader(selector).TryReadNames(out LabelMatcher[]? names, out error))
        {
            return false;
        }

        Aggregate? how = word switch
        {
            "last" => Aggregate.Last,
            "max" => Aggregate.Max,
            "min" => Aggregate.Min,
            "sum" => Aggregate.Sum,
            _ => null,
        };
        error = how is null ? "expected last, max, min or sum after the selector" : null;
        rule = how is { } known ? new AggregateRule(names, known, text) : null;
        return rule is not null;
    }

    /// <summary>The rule as it was given.</summary>
    public override string ToString() => _text;

    internal bool IsFor(ReadOnlySpan<byte> family)
    {
        foreach (LabelMatcher matcher in _names)
        {
            if (!matcher.MatchesValue(family))
            {
                return false;
            }
        }

        return true;
    }
}
