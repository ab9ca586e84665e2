using System.Text;

namespace Exposition.Testing.Tests;

/// <summary>What the documents show is compiled and run here, as it stands there.</summary>
public sealed class SampleTests
{
    [Fact]
    public void The_readme_shows_what_runs_here() =>
        ReadmeSamples.AreIn("tests/Exposition.Testing.Tests/SampleTests.cs", "src/Exposition.Testing/README.md");

    [Fact]
    public async Task A_job_is_tested()
    {
        CancellationToken token = TestContext.Current.CancellationToken;   // of xunit.v3
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: token);
        await RunTheJobAsync(gateway.Uri, token);

        RecordedPush push = await gateway.WaitForPushAsync(push => push.Job == "nightly_backup", cancellationToken: token);
        Assert.Equal("/srv", push.Grouping["path"]);
        Assert.Equal(3, gateway.Value("backup_rows{job=\"nightly_backup\"}"));
    }

    [Fact]
    public async Task An_application_is_tested()
    {
        using var client = new HttpClient(new Application()) { BaseAddress = new Uri("http://application") };

        ScrapedMetrics metrics = await ScrapedMetrics.GetAsync(client, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, metrics.Value("http_requests_received_total{code=\"200\"}"));
    }

    private static async Task RunTheJobAsync(Uri gateway, CancellationToken cancellation)
    {
        using HttpClient client = new() { BaseAddress = gateway };
        using var body = new StringContent("backup_rows 3\n");
        using HttpResponseMessage response = await client.PutAsync(
            new Uri("metrics/job/nightly_backup/path@base64/L3Nydg", UriKind.Relative), body, cancellation);
        response.EnsureSuccessStatusCode();
    }

    private sealed class Application : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(
                    "# TYPE http_requests_received_total counter\nhttp_requests_received_total{code=\"200\",method=\"GET\"} 1\n",
                    Encoding.UTF8, "text/plain"),
            });
    }
}
