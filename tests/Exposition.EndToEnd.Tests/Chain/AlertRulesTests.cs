using System.Text.RegularExpressions;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>The alerts that the documents show are good rules, and fire when they should and not before.</summary>
public sealed partial class AlertRulesTests
{
    // Instance a has what the alert is for, b has not. One minute a step: 27 hours are 1620.
    private const string Cases = """
        rule_files: [rules.yml]
        evaluation_interval: 1m
        tests:
          - name: a gateway that is nearly full, and not where there is no limit
            interval: 1m
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
          - name: a job that has stopped
            interval: 1m
            input_series:
              - {series: 'push_time_seconds{job="nightly_backup"}', values: '0x1700'}
            alert_rule_test:
              - {eval_time: 25h, alertname: JobStopped, exp_alerts: []}
              - eval_time: 27h
                alertname: JobStopped
                exp_alerts: [{exp_labels: {job: nightly_backup}, exp_annotations: {summary: nightly_backup has not pushed for 1d 3h 0m 0s}}]
          - name: what the gateway tells of jobs and of itself
            interval: 1m
            input_series:
              - {series: 'push_time_seconds{job="a"}', values: '1x30'}
              - {series: 'push_failure_time_seconds{job="a"}', values: '2x30'}
              - {series: 'push_time_seconds{job="b"}', values: '2x30'}
              - {series: 'push_failure_time_seconds{job="b"}', values: '1x30'}
              - {series: 'push_expired{job="a"}', values: '1x30'}
              - {series: 'pushgateway_persistence_lag_seconds{instance="a"}', values: '61x30'}
              - {series: 'pushgateway_persistence_lag_seconds{instance="b"}', values: '1x30'}
              - {series: 'pushgateway_persistence_damaged_total{instance="a"}', values: '1x30'}
              - {series: 'pushgateway_persistence_damaged_total{instance="b"}', values: '0x30'}
              - {series: 'pushgateway_limit_refusals_total{instance="a",limit="groups"}', values: '0+1x30'}
              - {series: 'pushgateway_limit_refusals_total{instance="a",limit="scrapes"}', values: '7x30'}
              - {series: 'pushgateway_limit_refusals_total{instance="b",limit="groups"}', values: '0x30'}
              - {series: 'pushgateway_families_hidden{instance="a"}', values: '1x30'}
              - {series: 'pushgateway_families_hidden{instance="b"}', values: '0x30'}
              - {series: 'pushgateway_web_config_last_reload_successful{instance="a"}', values: '0x30'}
              - {series: 'pushgateway_web_config_last_reload_successful{instance="b"}', values: '1x30'}
            alert_rule_test:
              - {eval_time: 20m, alertname: JobPushesRefused, exp_alerts: [{exp_labels: {job: a}}]}
              - {eval_time: 20m, alertname: JobExpired, exp_alerts: [{exp_labels: {job: a}}]}
              - {eval_time: 20m, alertname: PushgatewayNotPersisting, exp_alerts: [{exp_labels: {instance: a}}]}
              - {eval_time: 20m, alertname: PushgatewayStateDamaged, exp_alerts: [{exp_labels: {instance: a}}]}
              - {eval_time: 20m, alertname: PushgatewayLimitsRefuse, exp_alerts: [{exp_labels: {instance: a, limit: groups}}]}
              - {eval_time: 20m, alertname: PushgatewayHidesFamilies, exp_alerts: [{exp_labels: {instance: a}}]}
              - {eval_time: 20m, alertname: PushgatewayWebConfigRefused, exp_alerts: [{exp_labels: {instance: a}}]}
        """;

    [Fact]
    public async Task They_are_good_and_fire_when_they_should()
    {
        var promtool = Tool.Require("promtool", "prometheus");
        var rules = RulesIn("src/Exposition.Gateway/docs/operating.md");
        Assert.All(
            Alert().Matches(rules),
            alert => Assert.Contains("alertname: " + alert.Groups[1].Value, Cases, StringComparison.Ordinal));
        var directory = Directory.CreateTempSubdirectory("exposition-rules-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "rules.yml"), rules);
            await File.WriteAllTextAsync(Path.Combine(directory, "test.yml"), Cases);
            foreach (var (command, file) in new[] { ("check", "rules.yml"), ("test", "test.yml") })
            {
                var result = await Tool.RunAsync(promtool, [command, "rules", Path.Combine(directory, file)]);
                Assert.True(result.ExitCode == 0, result.Output + result.Errors);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_readme_shows_the_first_of_them() =>
        Assert.StartsWith(RulesIn("README.md"), RulesIn("src/Exposition.Gateway/docs/operating.md"), StringComparison.Ordinal);

    private static string RulesIn(string document) => Assert.Single(
        Block().Matches(File.ReadAllText(Path.Combine(Checkout.Root, document))).Select(match => match.Groups[1].Value),
        block => block.StartsWith("groups:", StringComparison.Ordinal));

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();
}
