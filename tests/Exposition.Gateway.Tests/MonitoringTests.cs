using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Exposition.Gateway.Tests;

/// <summary>Rules, runbook and dashboard of <c>monitoring</c> fit the program and each other.</summary>
public sealed partial class MonitoringTests
{
    private static readonly string s_folder = Path.Combine(Checkout.Root, "src", "Exposition.Gateway", "monitoring");

    [Theory]
    [InlineData("check", "rules.yml")]
    [InlineData("test", "rules.test.yml")]
    public async Task The_rules_are_good_and_fire_when_they_should(string command, string file) =>
        await Tool.SucceedAsync(Tool.Require("promtool", "prometheus"), [command, "rules", PathOf(file)]);

    [Fact]
    public void Each_alert_has_a_severity_a_test_and_its_section_in_the_runbook()
    {
        string tests = File.ReadAllText(PathOf("rules.test.yml"));
        string[] sections = [.. File.ReadLines(PathOf("runbook.md"))
            .Where(static line => line.StartsWith("## ", StringComparison.Ordinal)).Select(static line => line[3..])];
        List<YamlNode> alerts = [.. Rules().Where(static rule => rule.Children.ContainsKey("alert"))];
        Assert.Equal(sections, alerts.Select(static rule => Text(rule["alert"])));
        Assert.All(alerts, rule =>
        {
            string name = Text(rule["alert"]);
            Assert.Contains(Text(rule["labels"]["severity"]), (string[])["warning", "critical"]);
            Assert.NotEmpty(Text(rule["annotations"]["summary"]));
            Assert.Equal("runbook.md#" + name.ToLowerInvariant(), Text(rule["annotations"]["runbook_url"]));
            Assert.Contains($"alertname: {name}\n", tests.Replace(",", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_rules_ask_only_for_metrics_that_there_are()
    {
        List<YamlMappingNode> rules = [.. Rules()];
        IEnumerable<string> recorded = rules.Where(static rule => rule.Children.ContainsKey("record"))
            .Select(static rule => Text(rule["record"]));
        Assert.Empty(Unknown(rules.Select(static rule => ("rules.yml", Text(rule["expr"]))), [.. recorded, "up"]));
    }

    // They are what an operator pastes.
    [Fact]
    public void Commands_of_the_runbook_name_paths_that_are_served()
    {
        string runbook = File.ReadAllText(PathOf("runbook.md"));
        string[] paths = [.. ServedPath().Matches(runbook).Select(static match => match.Groups[1].Value).Distinct()];
        Assert.Equal(["/-/healthy", "/api/v1/groups", "/api/v1/refusals", "/api/v1/status", "/metrics/job/nightly_backup"], paths.Order());
    }

    [Fact]
    public void The_dashboard_shows_only_metrics_that_there_are()
    {
        List<(string Panel, string Query)> queries = [.. Queries()];
        Assert.InRange(queries.Count, 15, 60);
        Assert.Empty(Unknown(queries, []));

        // That names are found at all, and those that are missing.
        Assert.Equal(["up", "x_total"],
            NamesIn("sum by (job) (rate(up{job=~\"a\", x=\"y_total\"}[5m])) / ignoring(le) group_left x_total > 0 or vector(1)"));
    }

    [Fact]
    public async Task The_dashboard_asks_in_good_promql()
    {
        string promtool = Tool.Require("promtool", "prometheus");
        string file = Path.GetTempFileName();
        try
        {
            var rules = new System.Text.StringBuilder("groups:\n- name: dashboard\n  rules:\n");
            foreach (((string panel, string query), int i) in Queries().Select(static (query, i) => (query, i)))
            {
                string ready = query.Replace("$__rate_interval", "5m", StringComparison.Ordinal);
                rules.Append($"  - record: panel:{i}\n    # {panel}\n    expr: '{ready.Replace("'", "''", StringComparison.Ordinal)}'\n");
            }

            await File.WriteAllTextAsync(file, rules.ToString());
            await Tool.SucceedAsync(promtool, ["check", "rules", file]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IEnumerable<string> Unknown(IEnumerable<(string Where, string Query)> queries, HashSet<string> others)
    {
        HashSet<string> known = [.. DocumentPart.Names("metrics.md"), .. others];
        return from query in queries
               from name in NamesIn(query.Query)
               where !known.Contains(Part().Replace(name, ""))
               select $"{query.Where}: {name} in {query.Query}";
    }

    private static string PathOf(string name) => Path.Combine(s_folder, name);

    private static IEnumerable<YamlMappingNode> Rules()
    {
        var stream = new YamlStream();
        using var text = new StreamReader(PathOf("rules.yml"));
        stream.Load(text);
        return from @group in (YamlSequenceNode)Assert.Single(stream.Documents).RootNode["groups"]
               from rule in (YamlSequenceNode)@group["rules"]
               select (YamlMappingNode)rule;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    internal static JsonElement Dashboard()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(PathOf("dashboards/pushgateway.json")));
        return document.RootElement.Clone();
    }

    private static IEnumerable<(string Panel, string Query)> Queries() =>
        from panel in Dashboard().GetProperty("panels").EnumerateArray()
        from target in panel.GetProperty("targets").EnumerateArray()
        select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);

    // What is left of a query without texts, selectors, ranges, lists of labels, functions and words of the language.
    private static IEnumerable<string> NamesIn(string query) =>
        Name().Matches(Labels().Replace(Selectors().Replace(Quoted().Replace(query, ""), ""), "")).Select(static match => match.Value)
            .Where(static name => name is not ("and" or "or" or "unless" or "bool" or "offset" or "group_left" or "group_right"));

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Selectors();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Labels();

    // A name that no bracket follows: that would be a function.
    [GeneratedRegex(@"(?<![\w:.])(?>[a-zA-Z_:][\w:]*)(?!\s*\()")]
    private static partial Regex Name();

    [GeneratedRegex("_(sum|count|bucket)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"(?:GATEWAY|GET |`)(/(?:-|api|metrics)/[\w/]+)")]
    private static partial Regex ServedPath();
}
