using Exposition.Kestrel;
using Exposition.Kestrel.Settings;

namespace Exposition.Gateway.CommandLine;

/// <summary>The flags of what comes with OTLP.</summary>
internal static class OtlpFlags
{
    private static readonly (string Word, OtlpTranslationStrategy Value)[] s_strategies =
    [
        ("UnderscoreEscapingWithSuffixes", OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes),
        ("NoUTF8EscapingWithSuffixes", OtlpTranslationStrategy.NoUtf8EscapingWithSuffixes),
        ("UnderscoreEscapingWithoutSuffixes", OtlpTranslationStrategy.UnderscoreEscapingWithoutSuffixes),
        ("NoTranslation", OtlpTranslationStrategy.NoTranslation),
    ];

    /// <summary>The flags.</summary>
    /// <param name="options">What they set.</param>
    /// <param name="isOn">Whether their values matter.</param>
    public static IEnumerable<Flag> Of(ExpositionOptions options, Func<bool> isOn) =>
    [
        Flag.Choice("otlp.translation-strategy", s_strategies, () => options.OtlpTranslation, value => options.OtlpTranslation = value,
            "How names that come with OTLP are translated, as in Prometheus. Those that keep names need names in UTF-8 to be allowed.",
            static value => $"unrecognized translation strategy {value}").ShownIf(isOn),
        new Flag("otlp.grouping-attributes",
            "Attributes of the resource that become grouping labels beside the job, separated by commas: `service.instance.id`, which "
            + "becomes instance, or `deployment.environment.name`. By default none: all instances of a service have one group.",
            value => Take(options, value))
            { Value = () => Shown(options), IsRepeatable = true, Shown = "= ..." }.ShownIf(isOn),
        Flag.Switch("otlp.promote-scope-metadata", () => options.OtlpScopeLabels, value => options.OtlpScopeLabels = value,
            "Make labels of name, version, schema and attributes of the scope (otel_scope_name and so on).").ShownIf(isOn),
    ];

    private static string? Shown(ExpositionOptions options) =>
        options.OtlpGroupingAttributes.Count > 0 ? string.Join(',', options.OtlpGroupingAttributes) : null;

    private static void Take(ExpositionOptions options, string value)
    {
        foreach (string attribute in value.Split(',', StringSplitOptions.TrimEntries))
        {
            options.OtlpGroupingAttributes.Add(OtlpGrouping.FaultOf(attribute) is { } fault
                ? throw new FlagException("--otlp.grouping-attributes " + fault)
                : attribute);
        }
    }
}
