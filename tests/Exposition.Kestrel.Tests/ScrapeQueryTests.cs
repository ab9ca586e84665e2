using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

/// <summary>match[] and shard in the query of a scrape, at both doors.</summary>
public sealed class ScrapeQueryTests
{
    private static readonly string[] s_everything = ["a", "b", "c"];

    public static TheoryData<string, string> Selections => new()
    {
        { "", "a b c" },
        { "?", "a b c" },
        { "?x=y", "a b c" },
        { "?shards=0/2&match=x&Shard=9", "a b c" },
        { "?%zz=1&=&&a&match%5B=x", "a b c" },
        { "?match[]={}", "a b c" },
        { "?match[]={job=\"a\"}", "a" },
        { "?match%5B%5D=%7Bjob%3D%22a%22%7D", "a" },
        { "?%6datch%5b%5d=%7Bjob%3D~%22a%7Cb%22%7D", "a b" },
        { "?match[]={job=\"a\"}&match[]={job=\"c\"}&match[]={job=\"none\"}", "a c" },
        { "?match[]={+job+!=+\"a\"+}", "b c" },
        { "?match[]={job=\"none\"}", "" },
        { "?match[]={zone=\"\"}", "a b c" },
        { "?shard=0/1", "a b c" },
        { "?shard=0/2", "a" },
        { "?x&shard=1%2F2&x", "b c" },
        { "?shard=1/2&match[]={job=~\"a|c\"}", "c" },
    };

    [Theory]
    [MemberData(nameof(Selections))]
    public async Task Both_doors_answer_with_the_groups_that_are_asked_for(string query, string jobs)
    {
        await using StoreDoors doors = await StartAsync();
        Assert.Equal((0, 1, 1), (Of("a"), Of("b"), Of("c")));
        foreach (int port in doors.Ports)
        {
            string target = "/metrics" + query.Replace("\"", "%22", StringComparison.Ordinal);
            (int status, string text) = await StoreDoors.SendAsync(port, "GET", target, []);
            Assert.Equal(200, status);
            Assert.Equal(jobs.Split(' ', StringSplitOptions.RemoveEmptyEntries), s_everything.Where(
                job => text.Contains($"x{{instance=\"\",job=\"{job}\"}} 1\n", StringComparison.Ordinal)));
            Assert.Equal(jobs.Split(' ', StringSplitOptions.RemoveEmptyEntries), s_everything.Where(
                job => text.Contains($"push_time_seconds{{instance=\"\",job=\"{job}\"}}", StringComparison.Ordinal)));

            // The gateway's own.
            bool own = !query.Contains("atch[]", StringComparison.Ordinal) && !query.Contains("atch%5", StringComparison.OrdinalIgnoreCase)
                && !query.Contains("shard=1", StringComparison.Ordinal);
            own |= query.Contains("match%5B=", StringComparison.Ordinal);
            Assert.Equal(own, text.Contains("pushgateway_http_requests_total", StringComparison.Ordinal));
        }

        static int Of(string job) => Shard.IndexOf(GroupingKey.Create(("job", job)), 2);
    }

    [Theory]
    [InlineData("?match[]=", "match[] 1: selector, character 1: expected '{'")]
    [InlineData("?match[]", "match[] 1: selector, character 1: expected '{'")]
    [InlineData("?match[]=up", "match[] 1: selector, character 1: expected '{'")]
    [InlineData("?match[]=up{job=%22a%22}", "match[] 1: selector, character 1: expected '{'")]
    [InlineData("?match[]={__name__=%22up%22}",
        "match[] 1: selector, character 2: groups are chosen by their labels, not by names of metrics")]
    [InlineData("?match[]={}&match[]={job}", "match[] 2: selector, character 5: expected '=', '!=', '=~' or '!~'")]
    [InlineData("?match[]={job=~%22(%22}", "match[] 1: selector, character 7: regular expression: ")]
    [InlineData("?match[]=%7", "match[] 1: not UTF-8, or a malformed percent escape")]
    [InlineData("?match[]={job=%22%ff%22}", "match[] 1: not UTF-8, or a malformed percent escape")]
    [InlineData("?shard=2/2", "shard: expected I/N with 0 <= I < N <= 1024")]
    [InlineData("?shard=", "shard: expected I/N with 0 <= I < N <= 1024")]
    [InlineData("?shard=0/2&shard=0/2", "shard is given twice")]
    [InlineData("?shard=%zz", "shard: not UTF-8, or a malformed percent escape")]
    public async Task What_asks_for_nothing_that_is_there_is_a_bad_request(string query, string error)
    {
        await using StoreDoors doors = await StartAsync();
        foreach (int port in doors.Ports)
        {
            (int status, string text) = await StoreDoors.SendAsync(port, "GET", "/metrics" + query, []);
            Assert.Equal(400, status);
            Assert.StartsWith(error, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task There_are_16_selectors_at_most()
    {
        await using StoreDoors doors = await StartAsync();
        string most = "/metrics?" + string.Join('&', Enumerable.Repeat("match[]={}", 16));
        foreach (int port in doors.Ports)
        {
            Assert.Equal(200, (await StoreDoors.SendAsync(port, "GET", most, [])).Status);
            Assert.Equal((400, "match[]: more than 16 selectors\n"), await StoreDoors.SendAsync(port, "GET", most + "&match[]={}", []));
        }
    }

    [Theory]
    [InlineData("application/openmetrics-text")]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")]
    [InlineData("text/plain")]
    public async Task Formats_and_gzip_are_negotiated_as_for_any_scrape(string accept)
    {
        await using StoreDoors doors = await StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = System.Net.DecompressionMethods.None });
        foreach (int port in doors.Ports)
        {
            byte[] plain = await GetAsync(client, port, accept, gzip: false);
            byte[] zipped = await GetAsync(client, port, accept, gzip: true);
            Assert.Equal(plain, Gzip.Unpack(zipped));
            Assert.Contains("push_time_seconds", Encoding.Latin1.GetString(plain), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_connection_goes_on_after_a_bad_query()
    {
        await using StoreDoors doors = await StartAsync();
        foreach (int port in doors.Ports)
        {
            string answers = await StoreDoors.ExchangeAsync(port, Encoding.ASCII.GetBytes(
                "GET /metrics?shard=x HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics?shard=0/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            Assert.StartsWith("HTTP/1.1 400 ", answers, StringComparison.Ordinal);
            Assert.Contains("HTTP/1.1 200 ", answers, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_selected_scrape_takes_a_seat_and_a_bad_one_takes_none()
    {
        var engine = new ExpositionEngine(new MetricStore(new StoreOptions()), new ExpositionOptions { MaxScrapes = 1 });
        Assert.Null(engine.Scrapes.TryOpen(Asked(engine, "/metrics?shard=x"), out Answer bad));
        Assert.Equal(400, bad.Status);
        Assert.Equal(0, engine.Readers.Open);
        using (OpenScrape? first = engine.Scrapes.TryOpen(Asked(engine, "/metrics?shard=0/2"), out _))
        {
            Assert.NotNull(first);
            Assert.Equal(1, engine.Readers.Open);

            // The first is the slowest, and ends for the second.
            engine.Scrapes.TryOpen(Asked(engine, "/metrics?match[]={}"), out _)!.Dispose();
            Assert.Equal(1, TwoDoors.Counted(engine, "pushgateway_limit_refusals_total", "scrapes"));
        }

        Assert.Equal(0, engine.Readers.Open);
    }

    [Fact]
    public void Without_our_keys_reading_a_query_allocates_nothing()
    {
        long allocated = long.MaxValue;
        for (int round = 0; round < 20 && allocated > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Assert.True(ScrapeQuery.Of("/metrics"u8) == default && ScrapeQuery.Of("/metrics?a=b&match=%5B&c"u8) == default);
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    private static ScrapeRequest Asked(ExpositionEngine engine, string target) =>
        engine.Scrapes.Understand("text/plain"u8, default, default, Door.Raw, Encoding.UTF8.GetBytes(target));

    private static async Task<StoreDoors> StartAsync()
    {
        StoreDoors doors = await StoreDoors.StartAsync(static options => options.EnableOpenMetrics = true);
        foreach (string job in s_everything)
        {
            Assert.Equal(200, (await StoreDoors.SendAsync(doors.Ports[0], "PUT", "/metrics/job/" + job, "x 1\n"u8.ToArray())).Status);
        }

        return doors;
    }

    private static async Task<byte[]> GetAsync(HttpClient client, int port, string accept, bool gzip)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/metrics?match[]=%7Bjob!=%22a%22%7D");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (gzip)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }

        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(gzip ? ["gzip"] : [], answer.Content.Headers.ContentEncoding);
        Assert.StartsWith(accept.Split(';')[0], answer.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
