using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// A real Prometheus that is told by <c>/api/v1/targets</c> where to scrape, in four parts, and has all series then; and the Python of the
/// documents, which computes the parts.
/// </summary>
public sealed class ShardedScrapeTests
{
    private const int Groups = 100;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Prometheus_finds_four_shards_and_has_all_series()
    {
        var program = Tool.Require("prometheus", "prometheus");
        await using var gateway = await GatewayProcess.StartAsync("--push.expect={job=\"never\"}=1h");
        for (var group = 0; group < Groups; group++)
        {
            using var body = new StringContent($"rows{{table=\"a\"}} {group}\nrows{{table=\"b\"}} 1\n");
            (await gateway.Client.PutAsync(new Uri(gateway.Address, $"metrics/job/batch/host/h{group}"), body)).EnsureSuccessStatusCode();
        }

        var directory = Directory.CreateTempSubdirectory("exposition-shards-").FullName;
        try
        {
            var configuration = Path.Combine(directory, "prometheus.yml");
            await File.WriteAllTextAsync(configuration, $"""
                global:
                  scrape_interval: 1s
                scrape_configs:
                  - job_name: pushgateway
                    honor_labels: true
                    http_sd_configs:
                      - url: {gateway.Address}api/v1/targets?shards=4
                        refresh_interval: 1s
                """);
            var port = ChildProcess.FreePort();
            await using var prometheus = ChildProcess.Start([
                program, "--config.file=" + configuration, "--storage.tsdb.path=" + Path.Combine(directory, "tsdb"),
                $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
            ], directory);
            await prometheus.WaitUntilReadyAsync(new Uri($"http://127.0.0.1:{port}/-/ready"), TimeSpan.FromSeconds(30));
            Dictionary<string, string> expected = new()
            {
                ["count(up == 1)"] = "4",
                ["count(rows)"] = $"{2 * Groups}",
                ["sum(rows{table=\"a\"})"] = $"{Groups * (Groups - 1) / 2}",
                ["count(push_time_seconds)"] = $"{Groups}",
                ["count(push_overdue{job=\"never\"} == 0)"] = "1",
                ["count(pushgateway_build_info)"] = "1",
                ["count(count by (shard) (label_replace(up, \"shard\", \"$1\", \"instance\", \".* shard (.*)\")))"] = "4",
            };
            foreach (var (query, value) in expected)
            {
                await UntilAsync(port, query, value, () => prometheus.Output);
            }

            // What is scraped in parts is what is scraped in one.
            var parts = 0;
            for (var shard = 0; shard < 4; shard++)
            {
                parts += Pushed(await gateway.Client.GetStringAsync(new Uri(gateway.Address, $"metrics?shard={shard}/4")));
            }

            Assert.Equal(Pushed(await gateway.Client.GetStringAsync(new Uri(gateway.Address, "metrics"))), parts);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_python_of_the_documents_computes_the_same_shards()
    {
        var python = Tool.Require("python3", "python3");
        var document = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "src/Exposition.Gateway/docs/operating.md"));
        var start = document.IndexOf("```python\n", StringComparison.Ordinal) + "```python\n".Length;
        var code = document[start..document.IndexOf("```", start, StringComparison.Ordinal)];
        await using var gateway = await GatewayProcess.StartAsync();
        string[][] groups =
            [["job", "a"], ["job", "ä b"], ["job", "flink", "instance", "tm-1", "az", "eu/1"], ["job", "x", "a", "1", "Z", "2"]];
        foreach (var labels in groups)
        {
            using var body = new StringContent("x 1\n");
            var path = string.Join('/', labels.Select(static text => Uri.EscapeDataString(text)));
            (await gateway.Client.PutAsync(new Uri(gateway.Address, "metrics/" + path), body)).EnsureSuccessStatusCode();
            var pairs = string.Join(", ", labels.Chunk(2).Select(static pair => $"\"{pair[0]}\": \"{pair[1]}\""));
            var script = code + $"\nprint(shard({{{pairs}}}, 7))\n";
            var shard = (await Tool.SucceedAsync(python, ["-c", script])).Trim();
            var text = await gateway.Client.GetStringAsync(new Uri(gateway.Address, $"metrics?shard={shard}/7"));
            Assert.Contains($"job=\"{labels[1]}\"", text, StringComparison.Ordinal);
        }
    }

    private static int Pushed(string text) => text.Split('\n').Count(static line => line.StartsWith("rows{", StringComparison.Ordinal)
        || line.StartsWith("push_", StringComparison.Ordinal));

    private static async Task UntilAsync(int port, string query, string value, Func<string> log)
    {
        using var client = new HttpClient();
        var end = DateTime.UtcNow + s_limit;
        var found = "";
        while (DateTime.UtcNow < end)
        {
            using var answer = JsonDocument.Parse(
                await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(query)}")));
            var result = answer.RootElement.GetProperty("data").GetProperty("result");
            found = result.GetArrayLength() == 0 ? "" : result[0].GetProperty("value")[1].GetString();
            if (found == value)
            {
                return;
            }

            await Task.Delay(200);
        }

        Assert.Fail($"{query} is {found}, not {value}\n{log()}");
    }
}
