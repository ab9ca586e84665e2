using System.Net.Http.Headers;
using System.Text;
using Exposition.Formats;
using Exposition.Pusher;

namespace Exposition.Testing.Tests;

/// <summary>What a test is told of pushes, and what it may order, over real sockets.</summary>
public sealed class TestGatewayTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_push_is_recorded_with_its_group_samples_headers_and_answer()
    {
        var time = new ManualTime();
        await using TestGateway gateway = await TestGateway.StartAsync(options => options.Time = time, Cancelled);

        Assert.Equal(
            HttpStatusCode.OK, await PutAsync(gateway, "metrics/job/etl/path@base64/L3Nydg/n/a%2Fb", "rows{table=\"t\"} 3\nup 1\n"));

        RecordedPush push = Assert.Single(gateway.Pushes);
        Assert.Equal(("PUT", "/metrics/job/etl/path@base64/L3Nydg/n/a%2Fb"), (push.Method, push.Target));
        Assert.Equal((200, true), (push.Status, push.IsStored));
        Assert.Equal(("etl", "/srv", "a/b"), (push.Job, push.Grouping["path"], push.Grouping["n"]));
        Assert.Equal(["rows{table=\"t\"} 3", "up 1"], push.Samples.Select(static sample => sample.ToString()));
        Assert.Equal(("text/plain; charset=utf-8", null), (push.Headers["content-type"], push.Reason));
        Assert.Equal(time.GetUtcNow(), push.ReceivedAt);
        Assert.Equal(3, gateway.Value("rows{job=\"etl\",table=\"t\"}"));
    }

    [Fact]
    public async Task A_refused_push_is_recorded_with_its_reason_and_a_delete_without_samples()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(gateway, "metrics/job/a", "up x\n"));
        using HttpClient client = new(gateway.CreateHandler());
        using HttpResponseMessage deleted = await client.DeleteAsync(new Uri("http://elsewhere.example/metrics/job/a"), Cancelled);

        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Contains("expected float as value", gateway.Pushes[0].Reason, StringComparison.Ordinal);
        Assert.False(gateway.Pushes[0].IsStored);
        Assert.Equal(("DELETE", 0), (gateway.Pushes[1].Method, gateway.Pushes[1].Samples.Count));
    }

    [Fact]
    public async Task Who_has_the_answer_finds_the_push_recorded()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);
        for (int i = 1; i <= 300; i++)
        {
            await PutAsync(gateway, "metrics/job/a", i % 2 == 0 ? "up 1\n" : "up x\n");
            Assert.Equal(i, gateway.Pushes.Count);
        }
    }

    [Fact]
    public async Task A_packed_body_is_recorded_unpacked()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);
        using HttpClient client = new() { BaseAddress = gateway.Uri };
        using var body = new ByteArrayContent(Gzip.Pack(Encoding.UTF8.GetBytes("up 1\n")));
        body.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage response = await client.PostAsync(new Uri("metrics/job/a", UriKind.Relative), body, Cancelled);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("up 1", Assert.Single(Assert.Single(gateway.Pushes).Samples).ToString());
    }

    [Fact]
    public async Task Whoever_waits_is_given_the_push_that_matches_before_or_after()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);
        Task<RecordedPush> waiting = gateway.WaitForPushAsync(static push => push.Job == "b", cancellationToken: Cancelled);
        await PutAsync(gateway, "metrics/job/a", "up 1\n");
        Assert.False(waiting.IsCompleted);
        await PutAsync(gateway, "metrics/job/b", "up 1\n");

        Assert.Equal("b", (await waiting).Job);
        Assert.Equal("a", (await gateway.WaitForPushAsync(cancellationToken: Cancelled)).Job);
        TimeoutException thrown = await Assert.ThrowsAsync<TimeoutException>(() => gateway.WaitForPushAsync(
            static push => push.Job == "c", TimeSpan.FromMilliseconds(1), Cancelled));
        Assert.Contains("PUT /metrics/job/b 200", thrown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FormatException>(
            () => gateway.WaitForPushAsync(static _ => throw new FormatException(), cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_pusher_comes_through_failures_and_dropped_connections_and_says_what_it_cannot_repeat()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);
        using HttpClient http = new(gateway.CreateHandler());
        var client = new PushgatewayClient(http, new PushgatewayClientOptions
        {
            Endpoint = new Uri("http://pushgateway:9091"),
            Retry = new PushRetryOptions { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(2) },
        });
        gateway.FailNext(HttpStatusCode.ServiceUnavailable);
        gateway.DropNext();
        gateway.DelayNext(TimeSpan.FromMilliseconds(1));

        await client.SendAsync(new PushRequest(new PushGroup("job"), "up 1\n"u8.ToArray(), "text/plain"), Cancelled);

        Assert.Equal([503, 0, 200], gateway.Pushes.Select(static push => push.Status));
        Assert.Equal(1, gateway.Value("up{job=\"job\"}"));
        gateway.FailNext(HttpStatusCode.BadRequest, reason: "not on Mondays");
        PushgatewayException refused = await Assert.ThrowsAsync<PushgatewayException>(
            () => client.SendAsync(new PushRequest(new PushGroup("job"), "up 2\n"u8.ToArray(), "text/plain"), Cancelled));
        Assert.Equal(("not on Mondays", false, 4), (refused.Reason, refused.IsTransient, gateway.Pushes.Count));
        Assert.Equal(1, gateway.Value("up{job=\"job\"}"));
    }

    [Fact]
    public async Task Limits_and_the_clock_are_those_of_the_test()
    {
        var time = new ManualTime();
        await using TestGateway gateway = await TestGateway.StartAsync(options =>
        {
            options.Time = time;
            options.MaxRecordedPushes = 2;
            options.ConfigureEngine = static engine =>
            {
                engine.MaxGroups = 2;
                engine.ExpiryRules.Add(Engine.ExpiryRule.Parse("1m"));
            };
        }, Cancelled);
        foreach (string job in (string[])["a", "b", "c"])
        {
            await PutAsync(gateway, "metrics/job/" + job, "up 1\n");
        }

        Assert.Equal([200, 507], gateway.Pushes.Select(static push => push.Status));
        Assert.Equal(1, gateway.Value("up{job=\"a\"}"));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(gateway.Scrape().Find("up{job=\"a\"}"));
        Assert.Equal(1, gateway.Value("push_expired{job=\"a\"}"));
    }

    [Fact]
    public async Task A_scrape_of_any_application_is_read_in_each_format()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(
            static options => options.ConfigureEngine = static engine => engine.EnableOpenMetrics = true, Cancelled);
        await PutAsync(gateway, "metrics/job/a", "# TYPE up gauge\nup 1\n");
        foreach (string accept in (string[])["text/plain", "application/openmetrics-text; version=1.0.0",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"])
        {
            using HttpClient client = new() { BaseAddress = gateway.Uri };
            client.DefaultRequestHeaders.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));

            ScrapedMetrics metrics = await ScrapedMetrics.GetAsync(client, cancellationToken: Cancelled);

            Assert.Equal(1, metrics.Value("up{job=\"a\"}"));
            Assert.Equal(MetricType.Gauge, metrics.Single(static sample => sample.Name == "up").Type);
        }
    }

    [Fact]
    public async Task Orders_that_mean_nothing_are_refused()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: Cancelled);

        Assert.Throws<ArgumentOutOfRangeException>(() => gateway.FailNext(HttpStatusCode.OK));
        Assert.Throws<ArgumentOutOfRangeException>(() => gateway.DropNext(0));
    }

    private static async Task<HttpStatusCode> PutAsync(TestGateway gateway, string path, string text)
    {
        using HttpClient client = new() { BaseAddress = gateway.Uri };
        using var body = new StringContent(text);
        using HttpResponseMessage response = await client.PutAsync(new Uri(path, UriKind.Relative), body, Cancelled);
        return response.StatusCode;
    }
}
