using System.Text.RegularExpressions;
using Exposition.Gateway.CommandLine;
using Exposition.Kestrel;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Gateway.Tests;

/// <summary>
/// The documents say which flags, limits and metrics there are, and name no others. GatewayProcessTests compare the table of metrics with a
/// scrape.
/// </summary>
public sealed partial class DocumentTests
{
    private const string LimitPrefix = "limit.";
    private const string NoneIsZero = " 0 for none.";

    // What the machine decides differs from one to the next.
    private static readonly Flags s_flags = Flags.Parse([], container: 0);

    [Fact]
    public void Flags_are_those_of_the_program() => DocumentPart.IsCurrent("flags.md", "flags",
    [
        "| flag, as `--help` shows it | meaning |", "|---|---|",
        .. s_flags.Table.Where(static flag => !IsLimit(flag)).Select(static flag => $"| `{Shown(flag)}` | {Cell(flag.Help)} |"),
    ]);

    [Fact]
    public void Limits_are_those_of_the_program() => DocumentPart.IsCurrent("limits.md", "limits",
    [
        "| limit | default | unit | answer | counted | meaning |", "|---|---|---|---|---|---|",
        .. s_flags.Table.Where(IsLimit).Select(LimitRow),
    ]);

    [Fact]
    public void Options_of_limits_are_those_of_the_engine() => DocumentPart.IsCurrent("../../Exposition.Kestrel/README.md", "limits",
    [
        "| option | default | flag of the program | `limit` of the metrics |", "|---|---|---|---|",
        .. from limit in Enum.GetValues<Limit>()
           let option = SettingNames.OptionOf(limit)
           where option.Length > 0
           orderby option
           let flag = s_flags.Table.Single(flag => flag.Name == LimitPrefix + WireMetrics.NameOf(limit))
           select $"| `{option}` | {OptionDefault(option, flag)} | `--{flag.Name}` | `{WireMetrics.NameOf(limit)}` |",
    ]);

    [Fact]
    public void Refusals_are_counted_under_the_names_of_flags() => Assert.Empty(
        Enum.GetValues<Limit>().Where(static limit => limit != Limit.None).Select(static limit => LimitPrefix + WireMetrics.NameOf(limit))
            .Except(s_flags.Table.Select(static flag => flag.Name)));

    [Fact]
    public void Metrics_of_the_source_are_in_the_document()
    {
        HashSet<string> documented = [.. DocumentPart.Names("metrics.md")];
        string source = Path.Combine(Checkout.Root, "src");
        IEnumerable<string> named = from file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
                                    from Match name in FamilyLiteral().Matches(File.ReadAllText(file))
                                    select name.Groups[1].Value;
        Assert.Equal(documented.Order(), named.Distinct().Order());
    }

    [Fact]
    public void Documents_name_only_flags_that_there_are()
    {
        HashSet<string> known = [.. s_flags.Table.Select(static flag => flag.Name)];
        Assert.Empty(Named(FlagName()).ExceptBy(known, static named => named.Name));
        Assert.Empty(DocumentPart.Names("limits.md").Select(static name => LimitPrefix + name).Except(known));
    }

    [Fact]
    public void Documents_name_only_metrics_that_there_are()
    {
        Assert.Empty(Named(MetricName()).ExceptBy(DocumentPart.Names("metrics.md"), static named => named.Name));
    }

    [Fact]
    public void A_row_that_has_changed_is_found()
    {
        string text = DocumentPart.Replace("a\n<!-- p: made from the program -->\nold\n<!-- end -->\nb\n", "p", ["| new |"]);
        Assert.Equal("a\n<!-- p: made from the program -->\n\n| new |\n\n<!-- end -->\nb\n", text);
        Assert.Equal(text, DocumentPart.Replace(text, "p", ["| new |"]));
    }

    private static bool IsLimit(Flag flag) => flag.Name.StartsWith(LimitPrefix, StringComparison.Ordinal);

    private static string Shown(Flag flag) =>
        (flag.Short is { } letter ? $"-{letter}, " : "") + (flag.IsSwitch ? "--[no-]" : "--") + flag.Name + flag.Shown;

    private static string LimitRow(Flag flag)
    {
        string name = flag.Name[LimitPrefix.Length..];

        string missing = name == "stored-bytes"
            ? "half of the container's memory limit, else 0"
            : flag.Value()!.Replace("m0s", "m", StringComparison.Ordinal);
        string answers = string.Join(", ", Status().Matches(flag.Help).Select(static match => match.Value).Distinct());
        bool counted = Enum.GetValues<Limit>().Any(limit => WireMetrics.NameOf(limit) == name);
        string meaning = Cell(flag.Help.Replace(NoneIsZero, "", StringComparison.Ordinal));
        return $"| `{name}` | {missing} | {flag.Unit} | {answers} | {(counted ? "yes" : "")} | {meaning} |";
    }

    // As a flag shows it, and as it stands in code.
    private static string OptionDefault(string option, Flag flag)
    {
        object value = typeof(ExpositionOptions).GetProperty(option)!.GetValue(new ExpositionOptions())!;
        string shown = flag.Value()!;
        string plain = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!;
        return shown == plain ? plain : $"{shown.Replace("m0s", "m", StringComparison.Ordinal)} (`{plain}`)";
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static IEnumerable<(string Document, string Name)> Named(Regex pattern) =>
        from path in Documents.All
        from Match match in pattern.Matches(File.ReadAllText(path))
        select (Documents.NameOf(path), match.Groups[1].Value);

    [GeneratedRegex(@"--(?:no-)?((?:web|persistence|push|limit|log)(?:\.[a-z0-9][a-z0-9-]*)+)(?!\*)")]
    private static partial Regex FlagName();

    // Not what ends with an underscore: a prefix, with a star behind it.
    [GeneratedRegex(@"(?<![\w/.-])((?:pushgateway|process|dotnet)_[a-z_]*[a-z])(?![\w*])")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"""((?:pushgateway|process|push|dotnet)_[a-z_]+)""u8")]
    private static partial Regex FamilyLiteral();

    [GeneratedRegex(@"\b[45]\d\d\b")]
    private static partial Regex Status();
}
