using System.Text.RegularExpressions;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>The alert that README shows is a good rule, and fires when it should and not before.</summary>
public sealed partial class AlertRulesTests
{
    // One minute a step: 27 hours are 1620.
    private const string Cases = """
        rule_files: [rules.yml]
        evaluation_interval: 1m
        tests:
          - name: a job that has stopped
            interval: 1m
            input_series:
              - {series: 'push_time_seconds{job="nightly_backup"}', values: '0x1700'}
            alert_rule_test:
              - {eval_time: 25h, alertname: JobStopped, exp_alerts: []}
              - eval_time: 27h
                alertname: JobStopped
                exp_alerts: [{exp_labels: {job: nightly_backup}, exp_annotations: {summary: nightly_backup has not pushed for 1d 3h 0m 0s}}]
        """;

    [Fact]
    public async Task It_is_good_and_fires_when_it_should()
    {
        var promtool = Tool.Require("promtool", "prometheus");
        var rules = RulesIn("README.md");
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

    private static string RulesIn(string document) => Assert.Single(
        Block().Matches(File.ReadAllText(Path.Combine(Checkout.Root, document))).Select(match => match.Groups[1].Value),
        block => block.StartsWith("groups:", StringComparison.Ordinal));

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
