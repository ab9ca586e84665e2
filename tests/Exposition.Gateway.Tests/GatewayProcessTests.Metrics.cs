using System.Net;
using System.Text.RegularExpressions;

namespace Exposition.Gateway.Tests;

public partial class GatewayProcessTests
{
    /// <summary>A program that has all switched on, and has seen each kind of request, shows what metrics.md lists.</summary>
    [Fact]
    public async Task Metrics_are_those_of_the_document()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /proc");
        string directory = Directory.CreateTempSubdirectory("exposition-metrics").FullName;
        try
        {
            string config = Path.Combine(directory, "web.yml");
            await File.WriteAllTextAsync(config, "http_server_config: { headers: { Strict-Transport-Security: max-age=1 } }\n");
            string state = Path.Combine(directory, "state");
            using Gateway gateway = await Gateway.StartAsync("--persistence.file=" + state, "--web.config.file=" + config);
            string first = await gateway.Client.GetStringAsync("metrics");
            foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Post })
            {
                using var push = new HttpRequestMessage(method, "metrics/job/j") { Content = new StringContent("a 1\n") };
                push.Headers.Add("Exposition-Expire-After", "1ms");
                Assert.Equal(HttpStatusCode.OK, (await gateway.Client.SendAsync(push)).StatusCode);
            }

            await gateway.Client.GetStringAsync("-/healthy");
            string last;
            using var patience = new CancellationTokenSource(s_patience);
            do
            {
                last = await gateway.Client.GetStringAsync("metrics", patience.Token);
            }
            while (!last.Contains("\npush_expired{", StringComparison.Ordinal));

            DocumentPart.IsCurrent("metrics.md", "metrics",
            [
                "| name | type | labels | help |", "|---|---|---|---|",
                .. Families(last).Select(static family => $"| `{family.Name}` | {family.Type} | {Labels(family)} | {family.Help} |"),
            ]);
            DocumentPart.IsCurrent("metrics.md", "label values",
                ["| family, label | values |", "|---|---|", .. Families(first).SelectMany(Values)]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static IEnumerable<Family> Families(string scrape) =>
        from block in scrape.Split("# HELP ", StringSplitOptions.RemoveEmptyEntries)
        let lines = block.Split('\n')
        let name = lines[0].Split(' ')[0]
        where name.StartsWith("push", StringComparison.Ordinal) || name.StartsWith("process_", StringComparison.Ordinal)
        let labels = lines.Skip(2).SelectMany(static line => Label().Matches(line))
        select new Family(name, lines[1].Split(' ')[3], lines[0][(name.Length + 1)..],
            [.. labels.Select(static label => (label.Groups[1].Value, label.Groups[2].Value))]);

    private static string Labels(Family family) =>
        family.Name.StartsWith("push_", StringComparison.Ordinal)
            ? "those of the group"
            : string.Join(", ", family.Labels.Select(static label => $"`{label.Name}`").Distinct());

    private static IEnumerable<string> Values(Family family) =>
        from label in family.Labels
        where label.Name is "reason" or "limit" or "door"
        group label.Value by label.Name into values
        select $"| `{family.Name}`, `{values.Key}` | {string.Join(", ", values.Select(static value => $"`{value}`"))} |";

    private sealed record Family(string Name, string Type, string Help, List<(string Name, string Value)> Labels);

    [GeneratedRegex("([a-z_]+)=\"([^\"]*)\"")]
    private static partial Regex Label();
}
