using System.Net;
using System.Net.Http.Headers;

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

    private static async Task<HttpStatusCode> PushAsync(HttpClient client) =>
        (await client.PutAsync("metrics/job/backup", new StringContent("rows 3\n"))).StatusCode;

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
