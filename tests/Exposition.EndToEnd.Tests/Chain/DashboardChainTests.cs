using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>Whatever the dashboard and the rules ask for, a real Prometheus that scrapes a gateway in use has an answer.</summary>
public sealed class DashboardChainTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);
    private static readonly string s_monitoring = Path.Combine(Checkout.Root, "src/Exposition.Gateway/monitoring");

    [Fact]
    public async Task Each_panel_shows_something()
    {
        var curl = Tool.Require("curl", "curl");
        var directory = Directory.CreateTempSubdirectory("exposition-dashboard-").FullName;
        try
        {
            await using var gateway = await GatewayProcess.StartAsync(
                "--persistence.file=" + Path.Combine(directory, "state.db"), "--push.expect={job=\"late\"}=1s",
                "--limit.series-per-push=3");
            await using var webhook = await WebhookReceiver.StartAsync();
            await using var monitoring = await Monitoring.StartAsync(
                gateway, webhook.Address, await File.ReadAllTextAsync(Path.Combine(s_monitoring, "rules.yml")));
            await PushAsync(curl, gateway, "late", "a 1\n");
            List<(string Panel, string Query)> left = [.. Queries()];
            var end = DateTime.UtcNow + s_limit;
            for (var i = 0; left.Count > 0 && DateTime.UtcNow < end; i++)
            {
                // One that is stored, one in another format of the same, and one for each kind of refusal.
                await PushAsync(curl, gateway, "job", $"a {i}\n");
                await PushAsync(curl, gateway, "job", "# TYPE a counter\n# TYPE a gauge\na 1\n");
                await PushAsync(curl, gateway, "job", "a{x=\"1\"} 1\na{x=\"2\"} 1\na{x=\"3\"} 1\na{x=\"4\"} 1\n");
                await Tool.RunAsync(curl, ["-sS", new Uri(gateway.Address, "nothing").ToString()]);
                await Task.Delay(500);
                List<(string, string)> without = [];
                foreach (var query in left)
                {
                    if (!await HasAnswerAsync(monitoring, query.Query))
                    {
                        without.Add(query);
                    }
                }

                left = without;
            }

            Assert.True(left.Count == 0, string.Join('\n', left) + "\n" + monitoring.Log);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task PushAsync(string curl, GatewayProcess gateway, string job, string body) => await Tool.RunAsync(
        curl, ["-sS", "-X", "PUT", "--data-binary", "@-", new Uri(gateway.Address, "metrics/job/" + job).ToString()], Tool.Body(body));

    private static List<(string Panel, string Query)> Queries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_monitoring, "dashboards/pushgateway.json")));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               from target in panel.GetProperty("targets").EnumerateArray()
               let query = target.GetProperty("expr").GetString()!

               // There may be no limit here, and the runtime's are on a path of their own only.
               where !query.Contains("process_memory_limit_bytes", StringComparison.Ordinal)
                   && !query.Contains("dotnet_", StringComparison.Ordinal)
               select (panel.GetProperty("title").GetString()!,
                   query.Replace("$instance", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "10s", StringComparison.Ordinal)),
        ];
    }

    private static async Task<bool> HasAnswerAsync(Monitoring monitoring, string query)
    {
        using var client = new HttpClient();
        var answer = await client.GetStringAsync(new Uri(monitoring.Prometheus, "api/v1/query?query=" + Uri.EscapeDataString(query)));
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
    }
}
