using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// A real Prometheus on a free port, configured to look at one gateway every second; and a real Alertmanager, where somebody is to be told
/// of alerts.
/// </summary>
public sealed class Monitoring : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-chain-").FullName;
    private readonly List<ChildProcess> _processes = [];

    private Monitoring()
    {
    }

    /// <summary>Prometheus.</summary>
    public Uri Prometheus { get; private set; } = null!;

    /// <summary>What both have logged, for a failure's message.</summary>
    public string Log => string.Join("\n", _processes.Select(process => process.Output));

    /// <summary>Starts both.</summary>
    /// <param name="gateway">What is scraped.</param>
    /// <param name="webhook">Who is told of alerts; null for no Alertmanager.</param>
    /// <param name="rules">A rule file.</param>
    /// <param name="asksForTargets">Whether Prometheus asks the gateway what it is to scrape; else it is told.</param>
    /// <param name="takesNative">Whether Prometheus asks for protobuf, and has native histograms.</param>
    public static async Task<Monitoring> StartAsync(
        GatewayProcess gateway, Uri? webhook = null, string rules = "groups: []", bool asksForTargets = false, bool takesNative = false)
    {
        var prometheus = Tool.Require("prometheus", "prometheus");
        var alertmanager = webhook is null ? "" : Tool.Require("prometheus-alertmanager", "prometheus-alertmanager");
        var monitoring = new Monitoring();
        try
        {
            int? alertmanagerPort = webhook is null ? null : await monitoring.StartAlertmanagerAsync(alertmanager, webhook);
            await monitoring.StartPrometheusAsync(prometheus, gateway.Port, alertmanagerPort, rules, asksForTargets, takesNative);
            return monitoring;
        }
        catch
        {
            await monitoring.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until a query has one result, of which something holds.</summary>
    public async Task UntilAsync(string query, Predicate<double> holds, string expected)
    {
        using var client = new HttpClient();
        var uri = new Uri(Prometheus, "api/v1/query?query=" + Uri.EscapeDataString(query));
        var end = DateTime.UtcNow + s_limit;
        var seen = "";
        while (DateTime.UtcNow < end)
        {
            seen = await client.GetStringAsync(uri);
            using var document = JsonDocument.Parse(seen);
            var result = document.RootElement.GetProperty("data").GetProperty("result");
            if (result.GetArrayLength() == 1
                && holds(double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))
            {
                return;
            }

            await Task.Delay(100);
        }

        Assert.Fail($"{query} is not {expected}: {seen}\n{Log}");
    }

    /// <summary>Waits until a query has one result, which is this.</summary>
    public Task UntilAsync(string query, double expected) =>
        UntilAsync(query, value => value == expected, expected.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task<int> StartAlertmanagerAsync(string program, Uri webhook)
    {
        var port = ChildProcess.FreePort();
        var configuration = Write("alertmanager.yml", $"""
            route:
              receiver: test
              group_by: [alertname, job]
              group_wait: 0s
              group_interval: 1s
              repeat_interval: 1h
            receivers:
              - name: test
                webhook_configs:
                  - url: {webhook}
                    send_resolved: true
            """);
        await RunAsync([
            program, "--config.file=" + configuration, "--storage.path=" + Path.Combine(_directory, "alertmanager"),
            $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
        ], port);
        return port;
    }

    private async Task StartPrometheusAsync(
        string program, int gatewayPort, int? alertmanagerPort, string rules, bool asksForTargets, bool takesNative)
    {
        var port = ChildProcess.FreePort();
        Prometheus = new Uri($"http://127.0.0.1:{port}/");
        var rulesFile = Write("rules.yml", rules);
        var targets = asksForTargets
            ? $$"""http_sd_configs: [{url: "http://127.0.0.1:{{gatewayPort}}/api/v1/targets", refresh_interval: 1s}]"""
            : $$"""static_configs: [{targets: ["127.0.0.1:{{gatewayPort}}"]}]""";
        var configuration = Write("prometheus.yml", $"""
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files: ["{rulesFile}"]
            alerting:
              alertmanagers:
                - static_configs:
                    - targets: [{(alertmanagerPort is null ? "" : $"\"127.0.0.1:{alertmanagerPort}\"")}]
            scrape_configs:
              - job_name: pushgateway
                honor_labels: true
                {targets}
            """);
        await RunAsync([
            program, "--config.file=" + configuration, "--storage.tsdb.path=" + Path.Combine(_directory, "prometheus"),
            $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
            "--enable-feature=exemplar-storage" + (takesNative ? ",native-histograms" : ""),
        ], port);
    }

    private async Task RunAsync(List<string> words, int port)
    {
        var process = ChildProcess.Start(words, _directory);
        _processes.Add(process);
        await process.WaitUntilReadyAsync(new Uri($"http://127.0.0.1:{port}/-/ready"), s_startLimit);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
