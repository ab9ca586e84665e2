using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Each limit is hit once, and is seen then: what it is, how much of it is in use, and that it has refused something.</summary>
public sealed class EachLimitTests
{
    private static readonly string s_much = string.Concat(Enumerable.Range(0, 40_000)
        .Select(static i => $"much{{label=\"a long value that fills the buffers of sockets, number {i:D8}, and goes on and on\"}} {i}\n"));

    private static readonly List<IDisposable> s_held = [];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // How each is hit. Flags beside that of the limit follow it.
    private static readonly Dictionary<string, Hit> s_hits = new()
    {
        ["api-readers"] = new("1", static g => HoldAsync(g, "/api/v1/metrics", much: true)),
        ["body-bytes"] = new("100", static g => SendAsync(g, Put("a", new string('#', 101))), IsKept: true),
        ["body-rate"] = new("1000", static g => DripAsync(g), IsKept: true, "--limit.body-timeout=2s"),
        ["body-timeout"] = new("2s", static g => SendAsync(g, Put("a", "a 1\n")[..^2]), IsKept: true),
        ["bundle-cache-bytes"] = new("4KiB", static g => ScrapeMuchAsync(g)),
        ["connections"] = new("4", static g => ConnectAsync(g, 12)),
        ["decode-ratio"] = new("2", static g => PackedAsync(g, 4 << 20), IsKept: true),
        ["decoded-bytes"] = new("5000", static g => PackedAsync(g, 5001), IsKept: true),
        ["group-bytes"] = new("1000", static g => SendAsync(g, Put("a", new string('a', 1000) + " 1\n")), IsKept: true),
        ["grouping-key-bytes"] = new("50", static g => SendAsync(g, Put(new string('x', 100), "a 1\n")), IsKept: true),
        ["grouping-name-sets"] = new("1", static g => SendAsync(g, Put("a", "a 1\n"), Put("a/b/c", "a 1\n")), IsKept: true),
        ["groups"] = new("1", static g => SendAsync(g, Put("a", "a 1\n"), Put("b", "b 1\n")), IsKept: true),
        ["head-bytes"] = new("1KiB", static g => SendAsync(g, Get("/metrics", "X: " + new string('x', 2000))), IsKept: true),
        ["head-timeout"] = new("2s", static g => SendAsync(g, "PUT /metrics/job/a HTTP/1.1\r\nHo"), IsKept: true),
        ["headers"] = new("3", static g => SendAsync(g, Get("/metrics", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4")), IsKept: true),
        ["held-bytes"] = new("1", static async g =>
        {
            await HoldAsync(g, "/metrics", much: true, others: 0);
            await SendAsync(g, Put("much", "a 1\n"), Put("other", "a 1\n"));
        }),
        ["idle-timeout"] = new("1s", static g => SendAsync(g, ""), IsKept: true),
        ["inflight-bytes"] = new("64KiB", static g => BeginAsync(g, 8), IsKept: false, "--limit.body-timeout=3s"),
        ["label-value-bytes"] = new("5", static g => SendAsync(g, Put("a", "a{b=\"123456\"} 1\n")), IsKept: true),
        ["otlp-attributes"] = new("1", static g => SendAsync(g, Otlp(Point("\"attributes\":[{\"key\":\"a\"},{\"key\":\"b\"}]"))),
            IsKept: true, "--web.enable-otlp"),
        ["otlp-resources"] = new("1", static g => SendAsync(g, Otlp(Point("") + "," + Point("", "b"))), IsKept: true, "--web.enable-otlp"),
        ["page-readers"] = new("1", static g => HoldAsync(g, "/?group=am9i_211Y2g&as=text", much: true)),   // job="much"
        ["password-checks"] = new("1", static g => GuessAsync(g, 16)),
        ["push-ids"] = new("2", static g => SendAsync(g, [.. Enumerable.Range(0, 4).Select(static i => Add($"Exposition-Push-Id: {i}"))]),
            IsKept: true),
        ["pushes-per-second"] = new("2", static g => SendAsync(g, [.. Enumerable.Repeat(Put("a", "a 1\n"), 5)]), IsKept: true),
        ["queued-bodies"] = new("1", static g => QueueAsync(g, 16)),
        ["rendered-bytes"] = new("1000", static g => SendAsync(g, Put("a/b/" + new string('x', 1200), "a 1\n")), IsKept: true),
        ["replication-appends"] = new("1", static g => PushAtOnceAsync(g)),
        ["replication-bytes"] = new("1", static g => PushAtOnceAsync(g)),
        ["scrape-duration"] = new("1s", static g => HoldAsync(g, "/metrics", much: true, others: 0), IsKept: true),
        ["scrape-rate"] = new("1MiB", static g => HoldAsync(g, "/metrics", much: true, others: 0), IsKept: true),
        ["scrapes"] = new("1", static g => HoldAsync(g, "/metrics", much: true)),
        ["searches"] = new("1", static g => SearchAsync(g, 160), IsKept: false, "--limit.api-readers=0"),
        ["series-per-group"] = new("2", static g => SendAsync(
            g, Post("Exposition-Push-Mode: series", "a{b=\"1\"} 1\na{b=\"2\"} 1\n"),
            Post("Exposition-Push-Mode: series", "a{b=\"3\"} 1\n")),
            IsKept: true),
        ["series-per-push"] = new("2", static g => SendAsync(g, Put("a", "a 1\nb 1\nc 1\n")), IsKept: true),
        ["shape-cache-bytes"] = new("1KiB", static g => SendAsync(g, [.. Enumerable.Repeat(Put("a", Series(24)), 4)])),
        ["sources"] = new("1", static g => SendAsync(
            g, [.. Enumerable.Range(0, 2).Select(
                static i => Post($"Exposition-Push-Mode: cumulative\r\nExposition-Source: {i}", "a 1\n"))]),
            IsKept: true),
        ["stored-bytes"] = new("1000", static g => SendAsync(g, Put("a", new string('a', 1000) + " 1\n"))),
        ["target-bytes"] = new("500", static g => SendAsync(g, Put(new string('x', 600), "a 1\n")), IsKept: true),
    };

    public static TheoryData<string> Limits => [.. Documented()];

    [Fact]
    public void There_is_a_way_to_hit_each() => Assert.Equal(Documented().Order(), s_hits.Keys.Order());

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task A_limit_that_was_hit_is_seen(string limit)
    {
        Hit hit = s_hits[limit];
        var config = Path.GetTempFileName();
        await using var engine = limit.StartsWith("replication-", StringComparison.Ordinal) ? await NatsServer.StartAsync() : null;
        string[] shared = engine is null ? []
            : [$"--replication.url={engine.Address.OriginalString}", "--replication.replicas=1"];
        string[] login = limit == "password-checks" ? ["--web.config.file=" + config] : [];
        await using var gateway = await GatewayProcess.StartAsync([$"--limit.{limit}={hit.Value}", .. hit.Flags, .. login, .. shared]);
        var refusals = $"pushgateway_limit_refusals_total{{limit=\"{limit}\"}}";
        var usage = $"pushgateway_limit_usage{{limit=\"{limit}\"}}";
        if (login.Length == 0)
        {
            var before = await gateway.ScrapeAsync();
            Assert.Equal(0, before.Value(refusals));
        }
        else
        {
            // The start is waited for without them.
            await File.WriteAllTextAsync(config, $"basic_auth_users:\n  user: {BCrypt.Net.BCrypt.HashPassword("password", 10)}\n");
            while (await IsOpenAsync(gateway))
            {
                await Task.Delay(50);
            }
        }

        await hit.Make(gateway);
        using var client = new HttpClient { BaseAddress = gateway.Address, Timeout = s_patience };
        if (login.Length > 0)
        {
            client.DefaultRequestHeaders.Authorization = Basic("password");
        }

        Scraped seen;
        var until = DateTime.UtcNow + s_patience;
        do
        {
            await Task.Delay(50);
            seen = Scraped.Parse(await client.GetStringAsync(new Uri("metrics", UriKind.Relative)));
        }
        while (seen.Value(refusals) == 0 && DateTime.UtcNow < until);
        Assert.True(seen.Value(refusals) > 0, $"nothing was refused:\n{gateway.Log}");
        var value = seen.Value($"pushgateway_limit{{limit=\"{limit}\"}}");
        Assert.True(value > 0);
        Assert.True(seen.Value(usage) >= (hit.IsKept ? value : 0), $"{seen.Value(usage)} of {value} are in use");
        File.Delete(config);
        s_held.ForEach(static held => held.Dispose());
        s_held.Clear();
    }

    private static IEnumerable<string> Documented() =>
        File.ReadLines(Path.Combine(Checkout.Root, "src/Exposition.Gateway/docs/limits.md"))
            .SkipWhile(static line => !line.StartsWith("<!-- limits", StringComparison.Ordinal))
            .TakeWhile(static line => line != "<!-- end -->")
            .Where(static line => line.StartsWith("| `", StringComparison.Ordinal)).Select(static line => line.Split('`')[1]);

    private static string Otlp(string resources) => "POST /v1/metrics HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        + $"Content-Length: {resources.Length + 22}\r\n\r\n{{\"resourceMetrics\":[{resources}]}}";

    private static string Point(string fields, string service = "a") =>
        "{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
        + $"\"stringValue\":\"{service}\"}}}}]}},\"scopeMetrics\":[{{\"metrics\":[{{\"name\":\"m\",\"gauge\":{{\"dataPoints\":["
        + $"{{\"asInt\":1{(fields.Length > 0 ? "," : "")}{fields}}}]}}}}]}}]}}";

    private static string Put(string job, string body) =>
        $"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Post(string headers, string body) =>
        $"POST /metrics/job/a HTTP/1.1\r\nHost: h\r\n{headers}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Add(string header) => Post("Exposition-Push-Mode: add\r\n" + header, "# TYPE a counter\na 1\n");

    private static string Get(string path, string headers) => $"GET {path} HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n";

    private static string Series(int count) => string.Concat(Enumerable.Range(0, count).Select(static i => (char)('a' + i) + " 1\n"));

    private static AuthenticationHeaderValue Basic(string password) =>
        new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("user:" + password)));

    private static async Task<bool> IsOpenAsync(GatewayProcess gateway)
    {
        using var answer = await gateway.Client.GetAsync(new Uri("metrics", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.OK;
    }

    private static async Task<Socket> OpenAsync(GatewayProcess gateway)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Port);
        return socket;
    }

    // One after the other; of each the start of the answer is waited for, or the end.
    private static async Task SendAsync(GatewayProcess gateway, params string[] requests)
    {
        using var patience = new CancellationTokenSource(s_patience);
        var buffer = new byte[4096];
        foreach (var request in requests)
        {
            using var socket = await OpenAsync(gateway);
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(request), patience.Token);
                await socket.ReceiveAsync(buffer, patience.Token);
            }
            catch (SocketException)
            {
                // It was closed before all was sent.
            }
        }
    }

    private static async Task DripAsync(GatewayProcess gateway)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var socket = await OpenAsync(gateway);
        await socket.SendAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"u8.ToArray(), patience.Token);
        var answer = socket.ReceiveAsync(new byte[4096], patience.Token).AsTask();
        while (!answer.IsCompleted)
        {
            await socket.SendAsync("#"u8.ToArray(), patience.Token);
            await Task.WhenAny(answer, Task.Delay(200, patience.Token));
        }
    }

    private static async Task PackedAsync(GatewayProcess gateway, int bytes)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.ASCII.GetBytes(new string('#', bytes)));
        }

        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        using var answer = await gateway.Client.PutAsync(new Uri("metrics/job/a", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    private static async Task PushMuchAsync(GatewayProcess gateway)
    {
        using var much = new StringContent(s_much);
        using var answer = await gateway.Client.PutAsync(new Uri("metrics/job/much", UriKind.Relative), much);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        for (var i = 0; i < 200; i++)
        {
            using var little = new StringContent($"little{{n=\"{i}\",what=\"{new string('x', 1000)}\"}} 1\n");
            using var stored = await gateway.Client.PutAsync(new Uri($"metrics/job/little{i}", UriKind.Relative), little);
        }
    }

    private static async Task ScrapeMuchAsync(GatewayProcess gateway)
    {
        await PushMuchAsync(gateway);
        using var scrape = new HttpRequestMessage(HttpMethod.Get, new Uri("metrics", UriKind.Relative));
        scrape.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var answer = await gateway.Client.SendAsync(scrape);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // Readers who do not read; the second is one more than there are seats.
    private static async Task HoldAsync(GatewayProcess gateway, string path, bool much, int others = 1)
    {
        if (much)
        {
            await PushMuchAsync(gateway);
        }

        for (var i = 0; i <= others; i++)
        {
            var socket = await OpenAsync(gateway);
            s_held.Add(socket);
            await socket.SendAsync(Encoding.ASCII.GetBytes(Get(path, "X: 1")));
            await socket.ReceiveAsync(new byte[1]);
        }
    }

    private static async Task ConnectAsync(GatewayProcess gateway, int count)
    {
        for (var i = 0; i < count; i++)
        {
            s_held.Add(await OpenAsync(gateway));
        }
    }

    // Bodies of which half has come, more than there is memory for.
    private static async Task BeginAsync(GatewayProcess gateway, int count)
    {
        using var patience = new CancellationTokenSource(s_patience);
        for (var i = 0; i < count; i++)
        {
            var socket = await OpenAsync(gateway);
            s_held.Add(socket);
            await socket.SendAsync(Encoding.ASCII.GetBytes(Put("a" + i, new string('#', 200_000))[..100_000]), patience.Token);
        }
    }

    private static Task GuessAsync(GatewayProcess gateway, int count) => Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
    {
        using var guess = new HttpRequestMessage(HttpMethod.Get, new Uri("metrics", UriKind.Relative));
        guess.Headers.Authorization = Basic($"wrong {i}");
        using var answer = await gateway.Client.SendAsync(guess);
    }));

    private static Task QueueAsync(GatewayProcess gateway, int count) => Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
    {
        using var content = new StringContent(new string('\n', 6 << 20));
        using var answer = await gateway.Client.PutAsync(new Uri($"metrics/job/queued{i}", UriKind.Relative), content);
    }));

    // More than may wait for the log, of different groups, until one is refused.
    private static async Task PushAtOnceAsync(GatewayProcess gateway)
    {
        var until = DateTime.UtcNow + s_patience;
        HttpStatusCode[] answers;
        do
        {
            answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
            {
                using var body = new StringContent("a 1\n");
                using var answer = await gateway.Client.PutAsync(new Uri($"metrics/job/j{i}", UriKind.Relative), body);
                return answer.StatusCode;
            }));
        }
        while (!answers.Contains(HttpStatusCode.ServiceUnavailable) && DateTime.UtcNow < until);
    }

    // Expressions over long labels: each takes so long that who comes last waits in vain.
    private static async Task SearchAsync(GatewayProcess gateway, int count)
    {
        for (var i = 0; i < 100; i++)
        {
            using var body = new StringContent("a 1\n");
            using var stored = await gateway.Client.PutAsync(
                new Uri($"metrics/job/j{i}/x/{new string('a', 7000)}", UriKind.Relative), body);
            Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
        }

        var selectors = string.Join('&', Enumerable.Range(0, 16).Select(static i => $"match[]={{x=~\"(.*a.*b){{4}}.*{i}\"}}"));
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var answer = await gateway.Client.GetAsync(new Uri("api/v1/groups?" + selectors, UriKind.Relative));
        }));
    }

    // IsKept: that it was hit shows in what is in use afterwards, too.
    private sealed record Hit(string Value, Func<GatewayProcess, Task> Make, bool IsKept = false, params string[] Flags);
}
