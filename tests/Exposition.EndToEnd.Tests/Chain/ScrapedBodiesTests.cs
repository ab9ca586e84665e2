using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// Bodies that the Pushgateway refuses and Prometheus scrapes. A real Prometheus scrapes each from a file server, and from the gateway that
/// it was pushed to: the same samples.
/// </summary>
public sealed class ScrapedBodiesTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    // By job. Their families begin with "seen_".
    private static readonly Dictionary<string, string> s_bodies = new()
    {
        ["repeated"] =
            "# HELP seen_r x\n# TYPE seen_r gauge\nseen_r{a=\"1\"} 1\n# HELP seen_r y\n# TYPE seen_r gauge\nseen_r{a=\"2\"} 2\n# TYPE "
            + "seen_r counter\nseen_r{a=\"3\"} 3\n",
        ["late"] = "seen_l 1\n# TYPE seen_l gauge\nseen_lh_bucket{le=\"1\"} 1\nseen_lh_bucket{le=\"+Inf\"} 2\nseen_lh_sum "
            + "3\nseen_lh_count 2\n# TYPE seen_lh histogram\n",
        ["late_summary"] = "seen_s{quantile=\"0.5\"} 1\n# TYPE seen_s summary\nseen_s_sum 2\nseen_s_count 3\n",
        ["unfitting"] = "seen_u 1\n# TYPE seen_u histogram\nseen_u_count 2\n",
        ["go_ethereum"] = "# TYPE seen_g_count counter\nseen_g_count 33657\n\n# TYPE seen_g summary\nseen_g {quantile=\"0.5\"} 0\n",
        ["windows"] = "seen_w{path=\"C:\\Program Files\\App\"} 1\nseen_w{path=\"g\\u003c/w\"} 2\n# HELP seen_w C:\\Temp\\\n",
        ["uncounted"] = "# TYPE seen_h histogram\nseen_h_bucket{le=\"1\"} 1\nseen_h_bucket{le=\"2\"} 5\nseen_h_sum 4\n",
        ["zero_count"] = "# TYPE seen_z histogram\nseen_z_bucket{le=\"1\"} 1\nseen_z_bucket{le=\"2\"} 5\nseen_z_sum 4\nseen_z_count 0\n",
        ["unended"] = "# TYPE seen_e gauge\nseen_e 12",
    };

    [Fact]
    public async Task Prometheus_finds_the_same_samples_behind_a_push_as_in_a_file()
    {
        var prometheus = Tool.Require("prometheus", "prometheus");
        await using var files = Files(out var filesPort);
        await files.StartAsync();
        await using var gateway = await GatewayProcess.StartAsync();
        foreach (var (job, body) in s_bodies)
        {
            using var answer = await gateway.Client.PutAsync(new Uri("metrics/job/" + job, UriKind.Relative), new StringContent(body));
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{job}: {await answer.Content.ReadAsStringAsync()}");
        }

        var directory = Directory.CreateTempSubdirectory("exposition-scraped-").FullName;
        var port = ChildProcess.FreePort();
        var configuration = Path.Combine(directory, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, "global: {scrape_interval: 1s}\nscrape_configs:\n"
            + $"  - {{job_name: gateway, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{gateway.Port}'], labels: {{from: push}}}}]}}\n"
            + string.Concat(
                s_bodies.Keys.Select(
                job => $"  - {{job_name: {job}, metrics_path: /{job}, static_configs: [{{targets: ['127.0.0.1:{filesPort}'], labels: {{from: file}}}}]}}\n")));
        await using var process = ChildProcess.Start(
            [prometheus, "--config.file=" + configuration, "--storage.tsdb.path=" + Path.Combine(directory, "data"),
            $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], directory);
        var address = new Uri($"http://127.0.0.1:{port}/");
        await process.WaitUntilReadyAsync(new Uri(address, "-/ready"), s_limit);

        var end = DateTime.UtcNow + s_limit;
        while (await CountAsync(address, "up == 1") < s_bodies.Count + 1)
        {
            Assert.True(DateTime.UtcNow < end, $"not all were scraped\n{process.Output}");
            await Task.Delay(200);
        }

        var fromFiles = await SamplesAsync(address, "file");
        var fromGateway = await SamplesAsync(address, "push");
        Assert.Equal(25, fromFiles.Count);

        // What the gateway adds, as the Pushgateway does, is the sum of a summary or histogram that was pushed without one.
        Assert.Equal(fromFiles, fromGateway.Where(sample => fromFiles.ContainsKey(sample.Key) || sample.Value != "0"
            || !sample.Key.Contains("_sum", StringComparison.Ordinal)).ToDictionary());
        Directory.Delete(directory, recursive: true);
    }

    private static WebApplication Files(out int port)
    {
        port = ChildProcess.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var application = builder.Build();
        application.MapGet("/{job}", (string job) => Results.Text(s_bodies[job], "text/plain; version=0.0.4"));
        return application;
    }

    private static async Task<int> CountAsync(Uri address, string query) => (await ResultAsync(address, query)).GetArrayLength();

    private static async Task<JsonElement> ResultAsync(Uri address, string query)
    {
        using var client = new HttpClient();
        using var document = JsonDocument.Parse(
            await client.GetStringAsync(new Uri(address, "api/v1/query?query=" + Uri.EscapeDataString(query))));
        return document.RootElement.GetProperty("data").GetProperty("result").Clone();
    }

    // Names and labels but for those that say whence it came, and the value.
    private static async Task<SortedDictionary<string, string>> SamplesAsync(Uri address, string from)
    {
        var samples = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var sample in (await ResultAsync(address, $"{{__name__=~\"seen_.*\",from=\"{from}\"}}")).EnumerateArray())
        {
            var labels = sample.GetProperty("metric").EnumerateObject().Where(label => label.Name is not ("from" or "instance"))
                .OrderBy(label => label.Name, StringComparer.Ordinal);
            samples.Add(string.Join(',', labels.Select(label => $"{label.Name}={label.Value.GetString()}")), sample.GetProperty("value")[1]
                .GetString()!);
        }

        return samples;
    }
}
