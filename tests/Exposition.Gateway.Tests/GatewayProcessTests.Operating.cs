using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Exposition.Gateway.Tests;

public partial class GatewayProcessTests
{
    private const string Frames = "X-Frame-Options";

    [Fact]
    public async Task A_hangup_reads_the_web_configuration_and_never_ends_it()
    {
        string file = Path.GetTempFileName();
        try
        {
            await WriteHeaderAsync(file, "deny");
            using Gateway gateway = await Gateway.StartAsync("--web.config.file=" + file);
            Assert.Equal("deny", await FramesAsync(gateway));
            await WriteHeaderAsync(file, "sameorigin");
            await gateway.SignalAsync("HUP");
            await gateway.LoggedAsync("msg=\"web configuration reloaded\"");
            Assert.Equal("sameorigin", await FramesAsync(gateway));
            await File.WriteAllTextAsync(file, "nonsense: [\n", TestContext.Current.CancellationToken);
            await gateway.SignalAsync("HUP");
            await gateway.LoggedAsync("level=warn msg=\"reload refused, the web configuration before it stays in force\"");
            Assert.Equal("sameorigin", await FramesAsync(gateway));
            Assert.Contains("{\"type\":\"WebConfigRefused\",\"since\":\"", await gateway.Client.GetStringAsync("api/v1/status"),
                StringComparison.Ordinal);
            Assert.Equal(0, await gateway.TerminateAsync());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_hangup_without_a_web_configuration_says_so_and_ends_nothing()
    {
        using Gateway gateway = await Gateway.StartAsync();
        await gateway.SignalAsync("HUP");
        await gateway.LoggedAsync("msg=\"nothing to reload: there is no web configuration (--web.config.file)\" by=SIGHUP");
        Assert.Equal("OK", await gateway.Client.GetStringAsync("-/healthy"));
        Assert.Equal(0, await gateway.TerminateAsync());
        Assert.Contains("msg=\"received SIGINT/SIGTERM; exiting gracefully...\" signal=SIGTERM", gateway.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_reloads_if_that_is_enabled()
    {
        string file = Path.GetTempFileName();
        try
        {
            await WriteHeaderAsync(file, "deny");
            using Gateway gateway = await Gateway.StartAsync(
                "--web.config.file=" + file, "--web.enable-lifecycle", "--web.route-prefix=/gw");
            foreach ((HttpMethod method, string value) in (
                (HttpMethod, string)[])[(HttpMethod.Post, "sameorigin"), (HttpMethod.Put, "deny")])
            {
                await WriteHeaderAsync(file, value);
                Assert.Equal((200, "Web configuration reloaded."), await AskAsync(gateway, method, "gw/-/reload"));
                Assert.Equal(value, await FramesAsync(gateway, "gw/"));
            }

            await File.WriteAllTextAsync(file, "nonsense: [\n", TestContext.Current.CancellationToken);
            (int status, string body) = await AskAsync(gateway, HttpMethod.Post, "gw/-/reload");
            Assert.Equal(500, status);
            Assert.StartsWith("Reload refused, the web configuration before it stays in force: ", body, StringComparison.Ordinal);
            Assert.Equal((405, "Only POST or PUT requests allowed."), await AskAsync(gateway, HttpMethod.Get, "gw/-/reload"));
            using var foreign = new HttpRequestMessage(HttpMethod.Post, "gw/-/reload");
            foreign.Headers.Add("Origin", "https://other.example");
            Assert.Equal(403, (int)(await gateway.Client.SendAsync(foreign, TestContext.Current.CancellationToken)).StatusCode);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_request_reloads_nothing_where_that_is_not_enabled_or_there_is_nothing()
    {
        using (Gateway closed = await Gateway.StartAsync())
        {
            Assert.Equal((403, "Lifecycle API is not enabled."), await AskAsync(closed, HttpMethod.Post, "-/reload"));
        }

        using Gateway gateway = await Gateway.StartAsync("--web.enable-lifecycle");
        Assert.Equal((200, "Nothing to reload: there is no web configuration."), await AskAsync(gateway, HttpMethod.Put, "-/reload"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Probes_need_credentials_and_count_for_the_rate_unless_told_otherwise(bool open)
    {
        string file = Path.GetTempFileName();
        try
        {
            string hash = BCrypt.Net.BCrypt.HashPassword("s3cret", 4);
            await File.WriteAllTextAsync(file, $"basic_auth_users:\n  ana: {hash}\nrate_limit:\n  interval: 1h\n  burst: 5\n",
                TestContext.Current.CancellationToken);
            using Gateway gateway = await Gateway.StartAsync(
                ["--web.config.file=" + file, "--web.route-prefix=/gw", .. open ? ["--web.health-without-auth"] : (string[])[]]);
            foreach (string probe in (string[])["gw/-/healthy", "gw/-/ready?x=1", "gw/-/health%79"])
            {
                Assert.Equal(open ? (200, "OK") : (401, "Unauthorized\n"), await AskAsync(gateway, HttpMethod.Get, probe));
            }

            Assert.Equal((open ? 200 : 401, ""), await AskAsync(gateway, HttpMethod.Head, "gw/-/healthy"));

            // Nothing else passes, whatever it looks like.
            foreach ((HttpMethod method, string path) in ((HttpMethod, string)[])[(HttpMethod.Get, "gw/-/healthy/"),
                (HttpMethod.Post, "gw/-/healthy"), (HttpMethod.Get, "-/healthy"), (HttpMethod.Get, "gw/metrics?/-/healthy")])
            {
                Assert.Contains((await AskAsync(gateway, method, path)).Status, (int[])[401, 429]);
            }

            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(open ? 200 : 429, (await AskAsync(gateway, HttpMethod.Get, "gw/-/ready")).Status);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_refused_login_names_a_realm_and_a_scraper_is_told_by_its_name()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"basic_auth_users:\n  ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}\n",
                TestContext.Current.CancellationToken);
            using Gateway gateway = await Gateway.StartAsync("--web.config.file=" + file);
            using HttpResponseMessage refused = await gateway.Client.GetAsync("metrics", TestContext.Current.CancellationToken);
            Assert.Equal("Basic realm=\"pushgateway\", charset=\"UTF-8\"", refused.Headers.WwwAuthenticate.ToString());
            gateway.Client.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String("ana:s3cret"u8));
            await gateway.Client.GetStringAsync("metrics");
            string status;
            do
            {
                status = await gateway.Client.GetStringAsync("api/v1/status");
            }
            while (status.Contains("\"scrapers\":[]", StringComparison.Ordinal));
            Assert.Matches("\"scrapers\":\\[\\{\"address\":\"127.0.0.1\",\"user\":\"ana\",\"last\":\"[^\"]+Z\",\"format\":\"text\","
                + "\"encoding\":\"identity\"\\}\\]", status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("-/healthy")]
    [InlineData("-/ready")]
    public async Task A_probe_may_ask_by_HEAD(string path)
    {
        using Gateway gateway = await Gateway.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using HttpResponseMessage answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, 2L, ""), (answer.StatusCode, answer.Content.Headers.ContentLength,
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));

        // The next request of the connection is understood: there was no body.
        Assert.Equal("OK", await gateway.Client.GetStringAsync(path));
    }

    [Theory]
    [InlineData("/-/reload")]
    [InlineData("/-/healthy")]
    [InlineData("/api/v1/refusals")]
    [InlineData("/api/v1/anything/at/all")]
    [InlineData("/static/x")]
    [InlineData("/metrics/job/x")]
    [InlineData("/status")]
    public async Task A_telemetry_path_on_a_route_of_the_program_is_an_error(string path)
    {
        (int code, _, string error) = await RunAsync("--web.telemetry-path=" + path, "--web.listen-address=127.0.0.1:0");
        Assert.Equal(1, code);
        Assert.Matches($"level=error .*{path}.*( clashes with the route| is a path of pushes)", error);
    }

    [Fact]
    public async Task The_start_says_what_memory_there_is_and_that_an_interval_changes_nothing()
    {
        using Gateway gateway = await Gateway.StartAsync("--persistence.interval=5m", "--limit.inflight-bytes=7MiB");
        Assert.Equal(0, await gateway.TerminateAsync());
        string line = Assert.Single(gateway.Log.Split('\n'), static line => line.Contains("memory budgets", StringComparison.Ordinal));
        Assert.Matches("level=info msg=\"memory budgets in bytes, 0 for no limit\" container=\\d+ stored=\\d+ inflight=7340032 held=\\d+ "
            + "shape_cache=\\d+ bundle_cache=\\d+$", line);
        line = Assert.Single(gateway.Log.Split('\n'), static line => line.Contains("persistence.interval", StringComparison.Ordinal));
        Assert.EndsWith("level=info msg=\"--persistence.interval changes nothing: changes are on disk after --persistence.commit-interval\""
            + " given=5m0s commit_interval=1s", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_that_start_at_once_on_a_missing_file_one_ends()
    {
        for (int round = 0; round < 3; round++)
        {
            string folder = Directory.CreateTempSubdirectory("exposition-gateway").FullName;
            string[] flags = ["--persistence.file=" + Path.Combine(folder, "data")];
            Gateway[] both = [Gateway.Launch(flags), Gateway.Launch(flags)];
            try
            {
                Task<int>[] ends = [both[0].EndAsync(), both[1].EndAsync()];
                Task<int> first = await Task.WhenAny(ends);
                Assert.Equal(1, await first);
                Gateway loser = both[Array.IndexOf(ends, first)], winner = both[1 - Array.IndexOf(ends, first)];
                await winner.ListeningAsync();
                Assert.Contains("level=error msg=\"could not load persisted metrics\"", loser.Log, StringComparison.Ordinal);
                Assert.Contains("in use by another process", loser.Log, StringComparison.Ordinal);
                Assert.Equal(HttpStatusCode.OK, (await winner.Client.PutAsync("metrics/job/j", new StringContent("a 1\n"),
                    TestContext.Current.CancellationToken)).StatusCode);
                Assert.Equal(0, await winner.TerminateAsync());
            }
            finally
            {
                Array.ForEach(both, static gateway => gateway.Dispose());
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    [Fact]
    public async Task A_disk_that_refuses_is_a_condition()
    {
        using Gateway gateway = await Gateway.StartAsync("--persistence.file=/proc/no/such/data", "--persistence.commit-interval=0");
        await gateway.Client.PutAsync("metrics/job/j", new StringContent("a 1\n"), TestContext.Current.CancellationToken);
        Assert.Contains("{\"type\":\"PersistenceFailing\",\"since\":\"", await gateway.Client.GetStringAsync("api/v1/status"),
            StringComparison.Ordinal);
    }

    private static Task WriteHeaderAsync(string file, string value) => File.WriteAllTextAsync(
        file, $"http_server_config:\n  headers:\n    {Frames}: {value}\n", TestContext.Current.CancellationToken);

    private static async Task<string> FramesAsync(Gateway gateway, string path = "")
    {
        using HttpResponseMessage answer = await gateway.Client.GetAsync(path + "-/healthy", TestContext.Current.CancellationToken);
        return answer.Headers.GetValues(Frames).Single();
    }

    private static async Task<(int Status, string Body)> AskAsync(Gateway gateway, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body) };
        using HttpResponseMessage answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private sealed partial class Gateway
    {
        /// <summary>Starts one without waiting for it.</summary>
        public static Gateway Launch(params string[] arguments) => new(arguments);

        public async Task ListeningAsync() =>
            Client.BaseAddress = new Uri($"http://{await _address.Task.WaitAsync(s_patience)}/");

        public async Task SignalAsync(string signal)
        {
            using Process kill = Process.Start(
                "kill", ["-" + signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        /// <summary>Waits until it has logged something.</summary>
        public async Task LoggedAsync(string text)
        {
            using var patience = new CancellationTokenSource(s_patience);
            while (!Log.Contains(text, StringComparison.Ordinal))
            {
                await Task.Delay(10, patience.Token);
            }
        }
    }
}
