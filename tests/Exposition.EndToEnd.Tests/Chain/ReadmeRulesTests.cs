using System.Text.RegularExpressions;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>The alerts that README shows are good rules, and that of a gateway which is nearly full fires at 80 %, and not where there is no limit.</summary>
public sealed partial class ReadmeRulesTests
{
    private const string Cases = """
        rule_files: [rules.yml]
        evaluation_interval: 1m
        tests:
          - interval: 1m
            input_series:
              - {series: 'pushgateway_engine_groups{instance="a"}', values: '80x3 81x20'}
              - {series: 'pushgateway_limit_value{instance="a",limit="groups"}', values: '100x30'}
              - {series: 'pushgateway_engine_stored_bytes{instance="a"}', values: '99x30'}
              - {series: 'pushgateway_limit_value{instance="a",limit="stored-bytes"}', values: '0x30'}
              - {series: 'pushgateway_engine_groups{instance="b"}', values: '1x30'}
              - {series: 'pushgateway_limit_value{instance="b",limit="groups"}', values: '100x30'}
              - {series: 'pushgateway_engine_stored_bytes{instance="b"}', values: '81x30'}
              - {series: 'pushgateway_limit_value{instance="b",limit="stored-bytes"}', values: '100x30'}
            alert_rule_test:
              - {eval_time: 8m, alertname: PushgatewayNearlyFull, exp_alerts: [{exp_labels: {instance: b}}]}
              - {eval_time: 10m, alertname: PushgatewayNearlyFull, exp_alerts: [{exp_labels: {instance: a}}, {exp_labels: {instance: b}}]}
        """;

    [Fact]
    public async Task They_are_good_and_tell_of_a_gateway_that_is_nearly_full()
    {
        var promtool = Tool.Require("promtool", "prometheus");
        var directory = Directory.CreateTempSubdirectory("exposition-rules-").FullName;
        try
        {
            var rules = Assert.Single(Block().Matches(await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "README.md"))), static block => block.Groups[1].Value.StartsWith("groups:", StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(directory, "rules.yml"), rules.Groups[1].Value);
            await File.WriteAllTextAsync(Path.Combine(directory, "test.yml"), Cases);
            foreach (var arguments in (string[][])[["check", "rules", Path.Combine(directory, "rules.yml")], ["test", "rules", Path.Combine(directory, "test.yml")]])
            {
                var result = await Tool.RunAsync(promtool, arguments);
                Assert.True(result.ExitCode == 0, result.Output + result.Errors);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
