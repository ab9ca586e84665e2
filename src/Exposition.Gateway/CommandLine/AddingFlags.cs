using Exposition.Engine;
using Exposition.Kestrel;

namespace Exposition.Gateway.CommandLine;

/// <summary>The flags of pushes that add up: what pushes do, what counts once, and who counts.</summary>
internal sealed class AddingFlags
{
    private static readonly TimeSpan s_idWindow = new ExpositionOptions().IdWindow;
    private static readonly TimeSpan s_sourceAge = new ExpositionOptions().SourceAge;

    /// <summary>Makes them.</summary>
    /// <param name="options">The options of the engine that they set.</param>
    public AddingFlags(ExpositionOptions options) => Table =
    [
        Flag.Rules<ModeRule>("push.mode",
            "What a POST without the header Exposition-Push-Mode does to what its group has: families (a pushed family replaces the one "
            + "of its name), series (a pushed series replaces the one of its labels), add (what counts is added), cumulative (what a "
            + "source counts since it began is added up over sources) or replace. Repeatable with a selector of groups, the first that "
            + "matches counts: `{job=~\"lambda.*\"}=add`. By default families.",
            ModeRule.TryParse, options.PushModes),
        Flag.Rules<AggregateRule>("push.aggregate",
            "What becomes of gauges, untyped values and quantiles where a push adds up: last, max, min or sum. Repeatable with a selector "
            + "of family names, the first that matches counts: `{__name__=~\".*_highwater\"}=max`. By default last.",
            AggregateRule.TryParse, options.Aggregates),
        new("push.id-window", "How long the id of a push (header Exposition-Push-Id) is known, so that the push counts once. 0 for not at "
            + "all.", value => options.IdWindow = FlagValue.ReadExpiry("push.id-window", value))
                { Shown = "=10m", Value = () => ShownUnless(options.IdWindow, s_idWindow) },
        new("push.source-label", "The label that names the source of a cumulative push without the header Exposition-Source; it is taken "
            + "off the series. By default none.", value => options.SourceLabel = value)
                { Value = () => options.SourceLabel.Length > 0 ? options.SourceLabel : null },
        new("push.source-age", "How long the values of a source are known without a push of it; what it has counted stays. 0 for ever.",
            value => options.SourceAge = FlagValue.ReadExpiry("push.source-age", value))
                { Shown = "=24h", Value = () => ShownUnless(options.SourceAge, s_sourceAge) },
    ];

    /// <summary>The flags in the order in which help lists them.</summary>
    public IReadOnlyList<Flag> Table { get; }

    private static string? ShownUnless(TimeSpan value, TimeSpan known) => value == known ? null : FlagValue.Of(value);
}
