namespace Exposition.EndToEnd.Tests.Durable;

/// <summary>The state of a real Pushgateway is taken over.</summary>
public class MigrationTests
{
    [Fact]
    public async Task A_scrape_after_the_move_is_what_it_was_before()
    {
        Assert.SkipWhen(ServerCommand.IsReplaced, "a feature of this program");
        var reference = Environment.GetEnvironmentVariable("EXPOSITION_PUSHGATEWAY")
            ?? Tool.Require("prometheus-pushgateway", "prometheus-pushgateway");
        var directory = Directory.CreateTempSubdirectory("exposition-migration");
        try
        {
            var file = Path.Combine(directory.FullName, "data");
            var before = await FillAsync(reference, file);
            var original = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

            await using (var gateway = await GatewayProcess.StartAsync($"--persistence.file={file}"))
            {
                Assert.Equal(before, Pushed(await gateway.ScrapeAsync()));
                using var response = await gateway.Client.DeleteAsync(
                    new Uri("metrics/job/posted", UriKind.Relative), TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
                Assert.Equal(0, await gateway.StopAsync());
            }

            var kept = Assert.Single(
                Directory.GetFiles(directory.FullName), static f => f.Contains(".pushgateway-", StringComparison.Ordinal));
            Assert.Equal(original, await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken));
            await using var again = await GatewayProcess.StartAsync($"--persistence.file={file}");
            Assert.Equal(before.Where(static line => !line.Contains("posted", StringComparison.Ordinal)
                && !line.Contains(" only_posted", StringComparison.Ordinal)), Pushed(await again.ScrapeAsync()));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<string[]> FillAsync(string reference, string file)
    {
        var port = ChildProcess.FreePort();
        var address = new Uri($"http://127.0.0.1:{port}/");
        await using var process = ChildProcess.Start([reference, $"--web.listen-address=127.0.0.1:{port}", $"--persistence.file={file}"]);
        await process.WaitUntilReadyAsync(new Uri(address, "-/ready"), TimeSpan.FromSeconds(20));
        using var client = new HttpClient { BaseAddress = address };
        await PushAsync(client, "metrics/job/all/instance/i1", """
            # HELP a_total Help with \\ and \n.
            # TYPE a_total counter
            a_total{x="1"} 3
            a_total{x="2\n\"q"} 1e+21
            # TYPE h histogram
            h_bucket{le="1"} 2
            h_bucket{le="+Inf"} 3
            h_sum 4.5
            h_count 3
            # TYPE s summary
            s{quantile="0.5"} NaN
            s{quantile="0.9"} +Inf
            s_sum 1
            s_count 2
            u 5

            """);
        await PushAsync(client, "metrics/job@base64/YS9i/empty@base64/=", "b -0.5\nu 7\n");
        await PushAsync(client, "metrics/job/posted", "only_posted{x=\"ä\"} 1\n");
        await PushAsync(client, "metrics/job/posted", "only_posted_later 2\n");
        await PushAsync(client, "metrics/job/refused", "b 1 1234\n", HttpStatusCode.BadRequest);
        for (var i = 0; i < 500; i++)
        {
            await PushAsync(client, $"metrics/job/many/instance/i{i}", $"m{{n=\"{i}\"}} {i}\n");
        }

        var scraped = Scraped.Parse(
            await client.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal(0, await process.StopAsync());
        return Pushed(scraped);
    }

    private static async Task PushAsync(HttpClient client, string path, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var response = await client.PostAsync(
            new Uri(path, UriKind.Relative), new StringContent(body), TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
    }

    // All lines of pushed families, comments among them; the servers' own families differ.
    private static string[] Pushed(Scraped scraped) =>
        [.. scraped.Lines.Where(static line => !IsOwn(line.StartsWith("# ", StringComparison.Ordinal) ? line.Split(' ')[2] : line))
            .Order(StringComparer.Ordinal)];

    private static bool IsOwn(string name) =>
        name.StartsWith("go_", StringComparison.Ordinal) || name.StartsWith("process_", StringComparison.Ordinal)
        || name.StartsWith("pushgateway_", StringComparison.Ordinal) || name.StartsWith("promhttp_", StringComparison.Ordinal);
}
