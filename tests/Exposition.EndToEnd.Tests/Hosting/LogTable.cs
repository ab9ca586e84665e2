namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>A thing that happens, and the line about it.</summary>
/// <param name="Level">The level of the line.</param>
/// <param name="Message">Its text.</param>
/// <param name="Attributes">Its attributes, in order; a regular expression.</param>
/// <param name="Do">Lets it happen.</param>
internal sealed record Happening(string Level, string Message, string Attributes, Func<LogTable, Task> Do);

/// <summary>All that is logged of what clients and operators do, for a gateway with TLS, users, limits and a file.</summary>
internal sealed class LogTable(GatewayProcess gateway, Func<HttpClient> connect, Func<byte[], Task> sendBelowTls)
{
    private const string From = "logged_source=127\\.0\\.0\\.1:\\d+";
    private const string Clash = "pushed metrics are invalid or inconsistent with existing metrics";

    /// <summary>The levels and further attributes that the Pushgateway's own lines have, by their text.</summary>
    public static Dictionary<string, (string Level, string[] Attributes)> Reference { get; } = new()
    {
        ["failed to parse text"] = ("debug", ["logged_source", "err"]),
        [Clash] = ("error", ["method", "logged_source", "err"]),
        ["failed to parse URL"] = ("debug", ["url", "err"]),
        ["job name is required"] = ("debug", []),
        ["invalid base64 encoding in job name"] = ("debug", ["err"]),
        ["start wiping metric store"] = ("debug", []),
        ["error persisting metrics"] = ("error", ["err"]),
        ["received termination request via web service, exiting gracefully..."] = ("warn", []),
        ["HTTP server stopped"] = ("info", []),
    };

    /// <summary>All happenings, in order; the last one ends the gateway.</summary>
    public static Happening[] All { get; } =
    [
        new("debug", "push", $"method=PUT {From} group=\"{{job=\\\\\"a\\\\\"}}\" status=200 reason=stored",
            static t => t.PutAsync("a", "x 1\n")),
        new("debug", "push", $"method=DELETE {From} group=\"{{job=\\\\\"d\\\\\"}}\" status=202 reason=accepted",
            static t => t.SendAsync(HttpMethod.Delete, "metrics/job/d")),
        new("debug", "request", $"method=GET {From} path=/metrics status=200 reason=scrape",
            static t => t.SendAsync(HttpMethod.Get, "metrics")),
        new("debug", "request", $"method=GET {From} path=/api/v1/status status=200 reason=api/v1/status",
            static t => t.SendAsync(HttpMethod.Get, "api/v1/status")),
        new("debug", "failed to parse text", $"method=PUT {From} err=\"text format parsing error in line 1.*\" group=.* status=400 "
            + "reason=malformed", static t => t.PutAsync("m", "nonsense\n")),
        new("error", Clash,
            $"method=PUT {From} err=\"{Clash}: .* is not a UNTYPED: pushed as COUNTER, but group {{job=\\\\\"a\\\\\"}} has it "
            + "as UNTYPED\" group=\"{job=\\\\\"c\\\\\"}\" status=400 reason=inconsistent",
            static t => t.PutAsync("c", "# TYPE x counter\nx 1\n")),
        new("debug", "failed to parse URL",
            $"method=PUT {From} err=\"odd number of components.*\" url=/metrics/job/a/b status=400 reason=path",
            static t => t.PutAsync("a/b", "x 1\n")),
        new("debug", "invalid base64 encoding in job name",
            $"method=PUT {From} err=\"invalid base64.*\" url=/metrics/job@base64/%25 status=400 reason=path",
            static t => t.SendAsync(HttpMethod.Put, "metrics/job@base64/%25", "x 1\n")),
        new("debug", "job name is required",
            $"method=PUT {From} err=\"job name is required\" url=\"/metrics/job@base64/=\" status=400 reason=path",
            static t => t.SendAsync(HttpMethod.Put, "metrics/job@base64/=", "x 1\n")),
        new("debug", "push refused", $"method=PUT {From} err=.* group=.* status=400 reason=encoding",
            static t => t.SendAsync(HttpMethod.Put, "metrics/job/z", "no gzip", ("Content-Encoding", "gzip"))),
        new("warn", "push refused by a limit", $"method=PUT {From} err=\"request body too large.*\" group=.* path=/metrics/job/l status=413 reason=body-bytes",
            static t => t.PutAsync("l", new string('x', 200_000))),
        new("warn", "push refused by a limit", $"method=PUT {From} err=.* group=.* path=/metrics/job/l status=413 reason=series-per-push",
            static t => t.PutAsync("l", string.Concat(Enumerable.Range(0, 150).Select(static i => $"y{i} 1\n")))),
        new("warn", "refused by a limit", $"{From} err=\"request target too long.*\" path=\"/a+... \\(\\d+ bytes\\)\" reason=target-bytes",
            static t => t.SendAsync(HttpMethod.Get, new string('a', 5_000))),
        new("debug", "request refused", $"method=GET {From} err=\"404 page not found\" path=/nowhere status=404 reason=not_found",
            static t => t.SendAsync(HttpMethod.Get, "nowhere")),
        new("debug", "request refused", $"method=GET {From} err=\"match\\[\\] 1: .*\" path=\"/metrics\\?match.*\" status=400 reason=query",
            static t => t.SendAsync(HttpMethod.Get, "metrics?match[]=up")),
        new("debug", "request refused", $"method=GET {From} err=\"Only POST or PUT requests allowed.\" path=/-/quit status=405 reason=method",
            static t => t.SendAsync(HttpMethod.Get, "-/quit")),
        new("debug", "request refused", $"method=PUT {From} err=\"nothing was deleted: .*\" path=.* status=409 reason=conflict",
            static t => t.SendAsync(HttpMethod.Put, "api/v1/admin/wipe?expect=77")),
        new("debug", "request refused", $"method=PATCH {From} err=\"Method Not Allowed\" path=/metrics status=405 reason=method",
            static t => t.SendAsync(HttpMethod.Patch, "metrics")),
        new("debug", "request refused", $"method=PUT {From} err=.* path=/metrics/job/o status=403 reason=cross_site",
            static t => t.SendAsync(HttpMethod.Put, "metrics/job/o", "x 1\n", ("Origin", "https://evil.example"))),
        new("warn", "request refused", $"method=GET {From} err=\"no credentials\" path=/metrics status=401 reason=unauthorized",
            static t => t.LogInAsync(null)),
        new("warn", "request refused", $"method=GET {From} err=\"wrong password of user ana\" path=/metrics status=401 reason=unauthorized",
            static t => t.LogInAsync("ana:guess")),
        new("warn", "request refused", $"method=GET {From} err=\"unknown credentials\" path=/metrics status=401 reason=unauthorized",
            static t => t.LogInAsync("hunter2:")),
        new("warn", "TLS handshake failed", $"{From} err=.* reason=\\w+", static t => t.BreakHandshakeAsync()),
        new("debug", "start wiping metric store", "reason=wipe", static _ => Task.CompletedTask),
        new("info", "metric store wiped", $"{From} user=ana groups=\\d+", static t => t.SendAsync(HttpMethod.Put, "api/v1/admin/wipe")),
        new("info", "snapshot written", $"{From} user=ana file=\\S+ groups=0",
            static t => t.SendAsync(HttpMethod.Put, "api/v1/admin/snapshot")),
        new("error", "error persisting metrics", "file=\\S+ groups=1 err=.*", static t => t.FailToPersistAsync()),
        new("warn", "received termination request via web service, exiting gracefully...", $"{From} user=ana",
            static t => t.SendAsync(HttpMethod.Put, "-/quit")),
        new("info", "HTTP server stopped", "", static _ => Task.CompletedTask),
    ];

    private Task PutAsync(string job, string body) => SendAsync(HttpMethod.Put, "metrics/job/" + job, body);

    private async Task SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : new ByteArrayContent(Tool.Body(body));
        foreach (var (name, value) in headers)
        {
            _ = name.StartsWith("Content-", StringComparison.Ordinal)
                ? request.Content!.Headers.TryAddWithoutValidation(name, value)
                : request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await gateway.Client.SendAsync(request);
        await answer.Content.ReadAsByteArrayAsync();
    }

    private async Task LogInAsync(string? credentials)
    {
        using var client = connect();
        client.DefaultRequestHeaders.Authorization = credentials is null ? null
            : new System.Net.Http.Headers.AuthenticationHeaderValue("Basic", Convert.ToBase64String(Tool.Body(credentials)));
        using var answer = await client.GetAsync(new Uri(gateway.Address, "metrics"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private Task BreakHandshakeAsync() => sendBelowTls(Secure.OldHello.Bytes);

    // The system lets the process write no long files for a while.
    private async Task FailToPersistAsync()
    {
        var prlimit = Tool.Require("prlimit", "util-linux");
        var id = gateway.ProcessId.ToString(CultureInfo.InvariantCulture);
        await Tool.SucceedAsync(prlimit, ["--pid", id, "--fsize=4096:"]);
        await PutAsync("kept", "x 1\n");
        for (var i = 0; i < 1200 && (await MetricAsync("pushgateway_persistence_failures_total")) == 0; i++)
        {
            await Task.Delay(50);
        }

        await Tool.SucceedAsync(prlimit, ["--pid", id, "--fsize=unlimited:"]);
    }

    private async Task<double> MetricAsync(string name) => (await gateway.ScrapeAsync()).Value(name);
}
