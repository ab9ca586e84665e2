using System.Diagnostics;
using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Replicated;

/// <summary>A Prometheus that scrapes whichever gateway the balancer gives it, under one target.</summary>
internal sealed class BalancedPrometheus : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("exposition-balanced");
    private readonly HttpClient _client;
    private readonly int _port = ChildProcess.FreePort();
    private ChildProcess? _process;

    private BalancedPrometheus() => _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/") };

    public static async Task<BalancedPrometheus> StartAsync(string program, int balancer)
    {
        var started = new BalancedPrometheus();
        var file = Path.Combine(started._folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(file, $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: pushgateway
                honor_labels: true
                static_configs: [{targets: ["127.0.0.1:{{balancer}}"]}]
            """);
        started._process = ChildProcess.Start([program, $"--config.file={file}", $"--web.listen-address=127.0.0.1:{started._port}",
            $"--storage.tsdb.path={Path.Combine(started._folder.FullName, "data")}"]);
        await started._process.WaitUntilReadyAsync(new Uri(started._client.BaseAddress!, "-/ready"), s_limit);
        return started;
    }

    /// <summary>In the end it has what the gateways show, and never took two states of a moment for one: no sample was refused.</summary>
    public async Task ShowsAsync(string job, ReplicatedGateways all)
    {
        var expected = (await all.Ready[0].ScrapeAsync()).With($"job=\"{job}\"")
            .Where(static s => s.Key.StartsWith("replicated_value", StringComparison.Ordinal)).Select(static s => s.Value).ToArray();
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(250))
        {
            var found = await ValuesAsync($"replicated_value{{job=\"{job}\"}}");
            if (found.Order().SequenceEqual(expected.Order()))
            {
                break;
            }

            Assert.True(watch.Elapsed < s_limit,
                $"Prometheus has {string.Join(' ', found)} of {job}, the gateways {string.Join(' ', expected)}");
        }

        Assert.DoesNotContain("out-of-order", _process!.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("duplicate", _process.Output, StringComparison.OrdinalIgnoreCase);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private async Task<double[]> ValuesAsync(string query)
    {
        var path = new Uri($"api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative);
        using var answer = JsonDocument.Parse(await _client.GetStringAsync(path));
        return [.. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(static sample => double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))];
    }
}
