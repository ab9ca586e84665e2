using System.Net;
using System.Net.Http.Headers;
using Exposition.Formats;

namespace Exposition.Gateway.Tests;

/// <summary>The samples are compiled and run as they lie in the tree, with its projects. PackageTests compile them with packages.</summary>
[Collection(Builds.Name)]
public sealed class SamplesTests : IDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-samples").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_file_with_most_series_is_read()
    {
        string sample = await BuildAsync("read-a-file");
        string good = Write("good", "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n");
        ToolResult result = await Tool.RunAsync("dotnet", ["run", "--no-build", sample, "--", good]);
        Assert.Equal(new ToolResult(0, "       2 a\n       1 b\n", ""), result);
        string bad = Write("bad", "a 1\nb x\n");
        result = await Tool.RunAsync("dotnet", ["run", "--no-build", sample, "--", bad]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("line 2", result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await Tool.RunAsync("dotnet", ["run", "--no-build", sample])).ExitCode);
    }

    [Fact]
    public async Task The_minimal_host_takes_pushes_and_shows_them()
    {
        (ChildProcess host, HttpClient client) = await StartAsync("minimal-host", "");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client));
            string scrape = await client.GetStringAsync("metrics");
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", scrape, StringComparison.Ordinal);
            Assert.Contains("pushgateway_engine_requests_total{door=\"raw\"} ", scrape, StringComparison.Ordinal);
            Assert.DoesNotContain("pushgateway_engine_requests_total{door=\"raw\"} 0\n", scrape, StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task The_host_with_authorization_asks_for_its_key()
    {
        (ChildProcess host, HttpClient client) = await StartAsync("host-with-authorization", "healthz", "--key", "s3cret");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(client));
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("metrics")).StatusCode);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret2");
            Assert.Equal(HttpStatusCode.Unauthorized, await PushAsync(client));
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "s3cret");
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client));
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", await client.GetStringAsync("metrics"), StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task Two_engines_keep_what_is_pushed_apart_over_a_restart()
    {
        (ChildProcess host, HttpClient client) = await StartAsync(
            "two-engines", "healthz", "--state", _directory, "--Batch:MaxGroups", "1");
        await using (host)
        using (client)
        {
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "batch/"));
            Assert.Equal(HttpStatusCode.InsufficientStorage, await PushAsync(client, "batch/", job: "other"));
            Assert.Equal(HttpStatusCode.OK, await PushAsync(client, "edge/", job: "other"));
            Assert.Equal(0, await host.StopAsync());
        }

        (host, client) = await StartAsync("two-engines", "healthz", "--state", _directory);
        await using (host)
        using (client)
        {
            string batch = await client.GetStringAsync("batch/metrics");
            Assert.Contains("rows{instance=\"\",job=\"backup\"} 3\n", batch, StringComparison.Ordinal);
            Assert.DoesNotContain("job=\"other\"", batch, StringComparison.Ordinal);
            Assert.Contains("rows{instance=\"\",job=\"other\"} 3\n", await client.GetStringAsync("edge/metrics"), StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Fact]
    public async Task The_worker_writes_what_it_stores()
    {
        string sample = await BuildAsync("worker");
        string path = Path.Combine(_directory, "worker.prom");
        Assert.Equal(new ToolResult(0, "42 rows\n", ""), await Tool.RunAsync("dotnet", ["run", "--no-build", sample, "--", path]));
        Assert.Contains("rows{instance=\"db1\",job=\"import\",table=\"users\"} 42\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_job_says_how_it_went()
    {
        (ChildProcess host, HttpClient client) = await StartAsync("minimal-host", "");
        await using (host)
        using (client)
        {
            string sample = await BuildAsync("job");
            string gateway = client.BaseAddress!.ToString();
            Assert.Equal(new ToolResult(0, "", ""), await Tool.RunAsync("dotnet", ["run", "--no-build", sample, "--", gateway]));
            string scrape = await client.GetStringAsync("metrics");
            Assert.Contains("job_success{instance=\"\",job=\"nightly_backup\",path=\"/srv/data\"} 1\n", scrape, StringComparison.Ordinal);
            Assert.Contains("job=\"nightly_backup\",path=\"/srv/data\",table=\"users\"} 42\n", scrape, StringComparison.Ordinal);
            Assert.Equal(0, await host.StopAsync());
        }
    }

    [Theory]
    [InlineData("text", "text/plain")]
    [InlineData("openmetrics", "application/openmetrics-text")]
    [InlineData("protobuf", "application/vnd.google.protobuf")]
    public async Task What_is_written_is_read(string format, string contentType)
    {
        string sample = await BuildAsync("write-a-file");
        string path = Path.Combine(_directory, format);
        ToolResult result = await Tool.RunAsync("dotnet", ["run", "--no-build", sample, "--", path, format]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith(contentType, result.Output, StringComparison.Ordinal);
        IReadOnlyList<MetricSample> samples = ExpositionText.Parse(File.ReadAllBytes(path), result.Output.Trim(), null);
        Assert.Equal(17, samples.First(static s => s.Name == "http_requests_total").Value);
        Assert.Equal(18, samples.First(static s => s.Name == "request_seconds_count").Value);
    }

    [Fact]
    public async Task The_test_of_a_job_sees_what_it_pushes()
    {
        string sample = await BuildAsync("test-a-job");
        ToolResult result = await Tool.RunAsync("dotnet", ["run", "--no-build", sample]);
        Assert.Equal(new ToolResult(0, "PUT of import, rows 3, after 503\n", ""), result);
    }

    private static async Task<HttpStatusCode> PushAsync(HttpClient client, string prefix = "", string job = "backup") =>
        (await client.PutAsync($"{prefix}metrics/job/{job}", new StringContent("rows 3\n"))).StatusCode;

    private static async Task<(ChildProcess Host, HttpClient Client)> StartAsync(string sample, string ready, params string[] arguments)
    {
        string path = await BuildAsync(sample);
        var address = new Uri($"http://127.0.0.1:{ChildProcess.FreePort()}/");
        ChildProcess host = ChildProcess.Start(["dotnet", "run", "--no-build", path, "--", "--urls", address.ToString(), .. arguments]);
        await host.WaitUntilReadyAsync(new Uri(address, ready), s_startLimit);
        return (host, new HttpClient { BaseAddress = address });
    }

    private static async Task<string> BuildAsync(string sample)
    {
        string path = Samples.PathOf(sample);
        string output = await Tool.SucceedAsync("dotnet", ["build", path, "-nologo", "-v", "quiet", "-p:NuGetAudit=false"]);
        Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
        return path;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
