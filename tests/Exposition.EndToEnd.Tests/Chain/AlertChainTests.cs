using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// What our users run, from end to end, with the rules that we ship: a job pushes, Prometheus, which asks the gateway for its targets,
/// scrapes and answers for the value, the job stops, the alert for jobs that are overdue goes through Alertmanager to a webhook, the job
/// comes back, the alert resolves.
/// </summary>
public sealed class AlertChainTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Job_that_stops_pushing_raises_an_alert_that_ends_when_it_pushes_again()
    {
        var curl = Tool.Require("curl", "curl");
        await using var gateway = await GatewayProcess.StartAsync("--push.expect={job=\"nightly_backup\"}=10s");
        await using var webhook = await WebhookReceiver.StartAsync();
        await using var monitoring = await Monitoring.StartAsync(
            gateway, webhook.Address,
            await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "src/Exposition.Gateway/monitoring/rules.yml")),
            asksForTargets: true);

        // The job runs: longer than the rule's limit, so that an alert now would be wrong.
        for (var second = 0; second < 12; second++)
        {
            await PushAsync(curl, gateway, 42 + second);
            await Task.Delay(1000);
        }

        var sample = await UntilAsync(monitoring, async () => await QueryAsync(
            monitoring, "backup_rows{job=\"nightly_backup\"}") is { } found && found.Value == "53" ? found : null,
            "Prometheus knows the last pushed value");
        Assert.Equal(new Dictionary<string, string> { ["__name__"] = "backup_rows", ["job"] = "nightly_backup", ["table"] = "users" },
            sample.Labels);
        Assert.Equal("1", (await QueryAsync(monitoring, "up{job=\"pushgateway\"}"))?.Value);
        Assert.Empty(webhook.Received);

        // It stops.
        var firing = await UntilAsync(
            monitoring, () => Task.FromResult(webhook.Received.FirstOrDefault(alert => alert.Status == "firing")), "an alert fires");
        Assert.Equal("PushOverdue", firing.Labels["alertname"]);
        Assert.Equal("nightly_backup", firing.Labels["job"]);
        Assert.Equal("warning", firing.Labels["severity"]);

        // It comes back.
        await PushAsync(curl, gateway, 100);
        await UntilAsync(
            monitoring, () => Task.FromResult(webhook.Received.FirstOrDefault(alert => alert.Status == "resolved")), "the alert ends");
        Assert.DoesNotContain("err=", monitoring.Log, StringComparison.Ordinal);
    }

    private static async Task PushAsync(string curl, GatewayProcess gateway, int rows)
    {
        var url = new Uri(gateway.Address, "metrics/job/nightly_backup").ToString();
        await Tool.SucceedAsync(curl, ["-sSf", "-X", "PUT", "--data-binary", "@-", url],
            Tool.Body($"# TYPE backup_rows gauge\nbackup_rows{{table=\"users\"}} {rows}\n"));
    }

    private static async Task<InstantValue?> QueryAsync(Monitoring monitoring, string query)
    {
        using var client = new HttpClient();
        using var document = JsonDocument.Parse(
            await client.GetStringAsync(new Uri(monitoring.Prometheus, "api/v1/query?query=" + Uri.EscapeDataString(query))));
        var result = document.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0
            ? null
            : new InstantValue(
                result[0].GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
                result[0].GetProperty("value")[1].GetString()!);
    }

    private static async Task<T> UntilAsync<T>(Monitoring monitoring, Func<Task<T?>> look, string what)
        where T : class
    {
        var end = DateTime.UtcNow + s_limit;
        while (DateTime.UtcNow < end)
        {
            if (await look() is { } found)
            {
                return found;
            }

            await Task.Delay(100);
        }

        Assert.Fail($"not within {s_limit.TotalSeconds} s: {what}\n{monitoring.Log}");
        return null!;
    }

    private sealed record InstantValue(Dictionary<string, string> Labels, string Value);
}
