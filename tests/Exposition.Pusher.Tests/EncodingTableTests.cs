namespace Exposition.Pusher.Tests;

/// <summary>
/// Each value of the table as a job and as a label, pushed and deleted: it arrives as it is, in its own group, at both of our doors and
/// at Debian's Pushgateway.
/// </summary>
public sealed class EncodingTableTests(LiveGateway live) : IClassFixture<LiveGateway>
{
    [Fact]
    public async Task Ours_takes_all_values_at_both_doors()
    {
        foreach (Uri address in live.Addresses)
        {
            await TakesAllAsync(address);
        }
    }

    [Fact]
    public async Task Debians_takes_all_values()
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        await TakesAllAsync(gateway.Address);
    }

    [Fact]
    public async Task A_refusal_surfaces_its_reason()
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        using var http = new HttpClient();
        foreach (Uri address in live.Addresses.Append(gateway.Address))
        {
            var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = address });
            var request = new PushRequest(new PushGroup("refused"), "rows x\n"u8.ToArray(), "text/plain");
            var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => client.SendAsync(request));
            Assert.Equal(HttpStatusCode.BadRequest, thrown.StatusCode);
            Assert.Contains("expected float as value, got \"x\"", thrown.Reason, StringComparison.Ordinal);
            Assert.Contains(thrown.Reason!, thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Compressed_pushes_are_taken()
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        using var http = new HttpClient();
        foreach (Uri address in live.Addresses.Append(gateway.Address))
        {
            var options = new PushgatewayClientOptions { Endpoint = address, Compression = PushCompression.Gzip, MinimumGzipBytes = 0 };
            var client = new PushgatewayClient(http, options);
            await client.PushAsync(new PushGroup("packed"), new Gauge("packed_rows", 7));
            Assert.False(client.Sender.IsIdentityOnly);
            Assert.Equal(7, Assert.Single(
                await LiveGateway.ScrapeAsync(http, address), static sample => sample.Name == "packed_rows").Value);
        }
    }

    private static async Task TakesAllAsync(Uri address)
    {
        using var http = new HttpClient();
        var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = address, Retry = { MaxAttempts = 1 } });
        Assert.True(Values.All.Count >= 47 && Values.All.Distinct().Count() == Values.All.Count);
        // A value is its own number, so that one that is stored as another is seen.
        var jobs = Values.All.Index().Where(static value => value.Item.Length > 0).ToDictionary(
            static v => v.Item, static v => (double)v.Index);
        var labels = Values.All.Index().ToDictionary(static value => value.Item, static value => (double)value.Index);
        foreach ((string job, double value) in jobs)
        {
            await client.PushAsync(new PushGroup(job), new Gauge("of_job", value));
        }

        foreach ((string label, double value) in labels)
        {
            await client.PushAsync(LabelGroup(label), new Gauge("of_label", value));
        }

        IReadOnlyList<Sample> samples = await LiveGateway.ScrapeAsync(http, address);
        Assert.Equal(jobs, samples.Where(static s => s.Name == "of_job").ToDictionary(static s => s.Label("job"), static s => s.Value));
        Assert.Equal(labels,
            samples.Where(static s => s.Name == "of_label").ToDictionary(static s => s.Label("value"), static s => s.Value));
        Assert.All(samples.Where(static s => s.Name == "of_label"), static s => Assert.Equal("labels", s.Label("job")));
        Assert.All(samples.Where(static s => s.Name == "push_failure_time_seconds"), static s => Assert.Equal(0, s.Value));

        foreach (string job in jobs.Keys)
        {
            await client.DeleteAsync(new PushGroup(job));
        }

        foreach (string label in labels.Keys)
        {
            await client.DeleteAsync(LabelGroup(label));
        }

        samples = await LiveGateway.ScrapeAsync(http, address);
        Assert.DoesNotContain(samples, static s => s.Name is "of_job" or "of_label");
    }

    private static PushGroup LabelGroup(string value) => new PushGroup("labels").With("value", value).With("z", "last");
}
