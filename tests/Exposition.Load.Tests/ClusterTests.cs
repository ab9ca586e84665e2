using Exposition.Load.Cases;
using Exposition.Load.Simulation;
using Exposition.Load.Wire;
using Exposition.Testing;

namespace Exposition.Load.Tests;

/// <summary>A small cluster against the real engine.</summary>
public sealed class ClusterTests
{
    private static readonly ClusterOptions s_options = new()
    {
        TaskManagers = 6,
        Duration = TimeSpan.FromSeconds(5),
        Interval = TimeSpan.FromSeconds(0.1),
        RestartEvery = TimeSpan.FromSeconds(0.05),
        ScrapeInterval = TimeSpan.FromSeconds(0.5),
        Slots = 1,
    };

    [Fact]
    public async Task Restarted_task_managers_push_under_new_names_and_all_values_are_exposed()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        ClusterResult result = await new Cluster(gateway.Uri.Port, s_options).RunAsync();
        Assert.Empty(result.Errors);
        Assert.False(result.IsWrong, result.Verified);
        Assert.InRange(result.Restarts, 1, int.MaxValue);
        Assert.InRange(result.Scrapes.Count, 1, int.MaxValue);
        Assert.Equal(gateway.Pushes.Count, result.Pushes.Count);

        // A name for each that has pushed, and one more for each restart.
        int pushers = gateway.Pushes.Select(static push => push.Samples[0].Labels["host"]).Distinct().Count();
        Assert.Equal(result.Restarts + pushers, gateway.Pushes.Select(static push => push.Job).Distinct().Count());
    }

    [Fact]
    public async Task A_push_that_fails_makes_the_result_wrong()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        gateway.FailNext(HttpStatusCode.ServiceUnavailable);
        ClusterResult result = await new Cluster(gateway.Uri.Port, s_options with { Duration = TimeSpan.FromSeconds(1) }).RunAsync();
        Assert.True(result.IsWrong);
        Assert.Contains("answered with 503", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_is_not_the_last_pushed_one_is_found()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using var connection = new PushConnection(gateway.Uri.Port);
        byte[] pushed = "a{x=\"1\"} 1\nb 2\n"u8.ToArray();
        string head = $"PUT /metrics/job/j/instance/i HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {pushed.Length}\r\n\r\n";
        Assert.Equal(200, connection.Send(System.Text.Encoding.ASCII.GetBytes(head), pushed));
        using var scraper = new Scraper(gateway.Uri.Port, "/metrics");
        foreach (ScrapeKind kind in Enum.GetValues<ScrapeKind>())
        {
            Scraped scrape = await scraper.ScrapeAsync(kind, TestContext.Current.CancellationToken);
            Assert.Equal(("2 values", false), Verification.OfScrape(scrape, [new LastPush("j", "i", pushed)]));
            Assert.Equal(
                ("a{instance=\"i\",job=\"j\",x=\"1\",} is 1, pushed was 3", true),
                Verification.OfScrape(scrape, [new LastPush("j", "i", "a{x=\"1\"} 3\n"u8.ToArray())]));
            Assert.Equal(
                ("b{instance=\"k\",job=\"j\",} is not exposed", true),
                Verification.OfScrape(scrape, [new LastPush("j", "k", "b 2\n"u8.ToArray())]));
        }
    }
}
