using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Exposition.Load.Simulation;

/// <summary>A Prometheus that scrapes the gateway beside the cluster, in a directory that is deleted at the end.</summary>
internal sealed class RealPrometheus : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-prometheus").FullName;
    private readonly Process _process;
    private readonly HttpClient _client;

    /// <summary>Starts it.</summary>
    /// <param name="program">The file.</param>
    /// <param name="target">The port of the gateway.</param>
    /// <param name="interval">From one scrape to the next.</param>
    public RealPrometheus(string program, int target, TimeSpan interval)
    {
        int port = FreePort();
        string seconds = Math.Max(1, (int)interval.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string configuration = Path.Combine(_directory, "prometheus.yml");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            global: { scrape_interval: {{seconds}}s, scrape_timeout: {{seconds}}s }
            scrape_configs:
              - { job_name: gateway, honor_labels: true, static_configs: [ { targets: [ "127.0.0.1:{{target}}" ] } ] }
            """));
        var start = new ProcessStartInfo(program,
        [
            "--config.file=" + configuration, "--storage.tsdb.path=" + Path.Combine(_directory, "data"),
            string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--log.level=error",
        ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    /// <summary>What it has seen: whether the gateway is up, how many scrapes there were and how long the longest took, and how many series
    /// the last one had.</summary>
    public async Task<string> TellAsync(TimeSpan duration)
    {
        try
        {
            return await SeenAsync(duration);
        }
        catch (HttpRequestException e)
        {
            return "could not be asked: " + e.Message;
        }
    }

    private async Task<string> SeenAsync(TimeSpan duration)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (int)duration.TotalSeconds) + 5}s");
        double? up = await QueryAsync("up");
        double? scrapes = await QueryAsync($"count_over_time(up[{range}])");
        double? failed = await QueryAsync($"count_over_time((up == 0)[{range}:1s])");
        double? longest = await QueryAsync($"max_over_time(scrape_duration_seconds[{range}])");
        double? samples = await QueryAsync("scrape_samples_scraped");
        return string.Create(CultureInfo.InvariantCulture,
            $"up {up ?? 0:0}, {scrapes ?? 0:0} scrapes, seconds in which it was not up: {failed ?? 0:0}, longest {longest * 1000 ?? 0:0} ms, {samples ?? 0:#,0} series in the last one");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    // The one value of a query; null if there is none.
    private async Task<double?> QueryAsync(string query)
    {
        using HttpResponseMessage answer = await _client.GetAsync(
            new Uri("/api/v1/query?query=" + Uri.EscapeDataString(query), UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        JsonElement result = json.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? null
            : double.Parse(result[0].GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
