using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Exposition.Engine;
using Exposition.Persistence;

namespace Exposition.Gateway.Tests;

/// <summary>The built program as a process.</summary>
public partial class GatewayProcessTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task An_unknown_flag_ends_it_with_an_error()
    {
        (int code, string output, string error) = await RunAsync("--bogus");
        Assert.Equal((1, "", "pushgateway: error: unknown long flag '--bogus', try --help\n"), (code, output, error));
    }

    [Fact]
    public async Task Version_and_help_go_to_the_output()
    {
        (int code, string output, string error) = await RunAsync("--version");
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(VersionBlock(), output);
        (code, output, error) = await RunAsync("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("usage: pushgateway", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_told_and_ends_it_with_one()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string address = taken.LocalEndpoint.ToString()!;
        (int code, _, string error) = await RunAsync("--web.listen-address=" + address);
        Assert.Equal(1, code);
        Assert.Contains($"level=error msg=\"HTTP server stopped\" err=\"listen tcp {address}: bind: address already in use\"", error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_where_it_listens_and_stops_cleanly_at_a_signal()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-admin-api");
        Assert.Equal("OK", await gateway.Client.GetStringAsync("-/ready"));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync("metrics/job/j", new StringContent("a 1\n"))).StatusCode);
        Assert.Contains("\"a\":{\"metrics\":[{\"labels\":{\"instance\":\"\",\"job\":\"j\"},\"value\":\"1\"}]",
            await gateway.Client.GetStringAsync("api/v1/metrics"), StringComparison.Ordinal);
        Assert.Contains("job=\"j\"", await gateway.Client.GetStringAsync(""), StringComparison.Ordinal);
        Assert.Contains("pushgateway_build_info{", await gateway.Client.GetStringAsync("metrics"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await gateway.Client.PutAsync("api/v1/admin/wipe", null)).StatusCode);
        Assert.EndsWith("\"data\":[]}", await gateway.Client.GetStringAsync("api/v1/metrics"), StringComparison.Ordinal);
        Assert.Equal(0, await gateway.TerminateAsync());
        Assert.Contains("received SIGINT/SIGTERM; exiting gracefully...", gateway.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "nothing", 404, "not_found")]
    [InlineData("PUT", "api/v1/nothing", 404, "not_found")]
    [InlineData("PUT", "api/v1/admin/wipe/", 404, "not_found")]
    [InlineData("PUT", "metrics/jobs/a", 404, "not_found")]
    [InlineData("PATCH", "-/quit", 405, "method")]
    [InlineData("GET", "metrics/job/a", 405, "method")]
    public async Task What_leads_nowhere_is_counted(string method, string path, int status, string reason)
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-admin-api");
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(status, (int)(await gateway.Client.SendAsync(request)).StatusCode);
        Assert.Contains($"pushgateway_http_rejected_total{{reason=\"{reason}\"}} 1\n", await gateway.Client.GetStringAsync("metrics"),
            StringComparison.Ordinal);
    }

    // The reference decodes a path before it looks where it leads.
    [Fact]
    public async Task The_fixed_part_of_a_path_may_be_escaped()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.telemetry-path=/a/b");
        foreach (string path in (string[])["metrics%2Fjob/x", "metrics%2fjob%2Fx", "%6detrics/job/x", "metrics/job%2Fx"])
        {
            Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync(path, new StringContent("m 1\n"))).StatusCode);
            Assert.Contains("\nm{instance=\"\",job=\"x\"} 1\n", await gateway.Client.GetStringAsync("a%2Fb"), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Accepted, (await gateway.Client.DeleteAsync(path)).StatusCode);
            Assert.DoesNotContain("\nm{", await gateway.Client.GetStringAsync("a/b"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Groups_expire_as_the_flags_say_and_the_api_and_the_page_tell()
    {
        using Gateway gateway = await Gateway.StartAsync("--push.expire-after={job=~\"flink.*\"}=1ms", "--push.expire-after=1h");
        foreach (string job in new[] { "flink-tm", "kept" })
        {
            Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync("metrics/job/" + job, new StringContent("a 1\n"))).StatusCode);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await gateway.Client.PutAsync("metrics/job/kept", new StringContent("a b\n"))).StatusCode);
        await Task.Delay(20, TestContext.Current.CancellationToken);
        string scrape = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("\npush_expired{instance=\"\",job=\"flink-tm\"} 1\n", scrape, StringComparison.Ordinal);
        Assert.DoesNotContain("\na{instance=\"\",job=\"flink-tm\"}", scrape, StringComparison.Ordinal);
        Assert.Contains("\na{instance=\"\",job=\"kept\"} 1\n", scrape, StringComparison.Ordinal);
        Assert.Contains("\npushgateway_expired_groups 1\n", scrape, StringComparison.Ordinal);
        Assert.Contains("\npushgateway_group_expiries_total 1\n", scrape, StringComparison.Ordinal);
        Assert.Contains("\npushgateway_pushes_refused_total{reason=\"malformed\"} 1\n", scrape, StringComparison.Ordinal);
        string json = await gateway.Client.GetStringAsync("api/v1/metrics?details=true");
        Assert.Matches("\"expired\":true,\"expires_at\":\"[^\"]+\",\"labels\":{\"job\":\"flink-tm\"}", json);
        Assert.Matches(
            "\"expires_at\":\"[^\"]+\",\"labels\":{\"job\":\"kept\"},\"last_failure\":{\"reason\":\"text format parsing error in line 1: "
            + "expected float as value, got "
                + "\\\\\"b\\\\\"\",\"remote_address\":\"127.0.0.1:[0-9]+\",\"time\":\"[^\"]+\"},\"last_push_successful\":true", json);
        Assert.DoesNotContain("last_failure", await gateway.Client.GetStringAsync("api/v1/metrics"), StringComparison.Ordinal);
        string page = await gateway.Client.GetStringAsync("");
        Assert.Contains(">expired</span>", page, StringComparison.Ordinal);
        Assert.Matches("data-h=\"expires\"><time datetime=\"[^\"]+\" title=\"[^\"]+\">in ", page);
        Assert.Contains("expected float as value, got &#34;b&#34;", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_unchecked_pushes_contradict_is_hidden_and_logged_once()
    {
        using Gateway gateway = await Gateway.StartAsync("--push.disable-consistency-check");
        await gateway.Client.PutAsync("metrics/job/a", new StringContent("# TYPE x counter\nx 1\n"));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted,
                (await gateway.Client.PutAsync("metrics/job/b", new StringContent("# TYPE x gauge\nx 2\n"))).StatusCode);
        }

        string scrape = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("\npushgateway_families_hidden 1\n", scrape, StringComparison.Ordinal);
        Assert.Contains("\"hidden_families\":{\"x\":\"collected metric ", await gateway.Client.GetStringAsync("api/v1/metrics"),
            StringComparison.Ordinal);
        Assert.Contains(">{job=&#34;a&#34;}</a> has it as COUNTER", await gateway.Client.GetStringAsync(""), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await gateway.Client.DeleteAsync("metrics/job/a")).StatusCode);
        scrape = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("\nx{instance=\"\",job=\"b\"} 2\n", scrape, StringComparison.Ordinal);
        Assert.Contains("\npushgateway_families_hidden 0\n", scrape, StringComparison.Ordinal);
        Assert.Equal(0, await gateway.TerminateAsync());
        Assert.Single(gateway.Log.Split('\n'), static line => line.Contains("family left out of scrapes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_quit_request_ends_it_if_enabled()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-lifecycle");
        HttpResponseMessage answer = await gateway.Client.PutAsync("-/quit", null);
        Assert.Equal("Requesting termination... Goodbye!", await answer.Content.ReadAsStringAsync());
        Assert.Equal(0, await gateway.EndAsync());
    }

    [Fact]
    public async Task Groups_survive_a_restart_and_a_locked_file_ends_it()
    {
        string directory = Directory.CreateTempSubdirectory("exposition-gateway").FullName;
        string flag = "--persistence.file=" + Path.Combine(directory, "data");
        try
        {
            using (Gateway first = await Gateway.StartAsync(flag, "--persistence.interval=1ms"))
            {
                await first.Client.PutAsync("metrics/job/j", new StringContent("# HELP a h\na{x=\"1\"} 1\n"));
                await first.Client.PutAsync("metrics/job/gone", new StringContent("a 1\n"));
                await first.Client.DeleteAsync("metrics/job/gone");
                (int code, _, string error) = await RunAsync(flag, "--web.listen-address=127.0.0.1:0");
                Assert.Equal(1, code);
                Assert.Contains("in use by another process", error, StringComparison.Ordinal);
                Assert.Equal(0, await first.TerminateAsync());
            }

            using Gateway second = await Gateway.StartAsync(flag);
            string metrics = await second.Client.GetStringAsync("metrics");
            Assert.Contains("# HELP a h\n# TYPE a untyped\na{instance=\"\",job=\"j\",x=\"1\"} 1\n", metrics, StringComparison.Ordinal);
            Assert.DoesNotContain("gone", metrics, StringComparison.Ordinal);
            Assert.Equal(0, await second.TerminateAsync());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task While_a_large_state_is_loaded_it_lives_but_takes_nothing()
    {
        const int Groups = 100_000;
        string directory = Directory.CreateTempSubdirectory("exposition-gateway").FullName;
        string data = Path.Combine(directory, "data");
        try
        {
            var kept = new MetricStore(new StoreOptions());
            for (int i = 0; i < Groups; i++)
            {
                kept.Push(GroupingKey.Create(("job", "kept"), ("instance", $"i{i}")), PushFormat.Text,
                    System.Text.Encoding.UTF8.GetBytes($"a {i}\n"), PushMode.Replace);
            }

            Assert.Equal(Groups, DurableSnapshot.Write(data, kept));
            using Gateway gateway = await Gateway.StartAsync("--persistence.file=" + data);
            int refused = 0;
            int told = 0;
            while (true)
            {
                using HttpResponseMessage page = await gateway.Client.GetAsync("");
                string html = await page.Content.ReadAsStringAsync();
                Assert.Equal(HttpStatusCode.OK, page.StatusCode);
                Assert.DoesNotContain("Nothing is stored", html, StringComparison.Ordinal);
                told += html.Contains("<b>Loading</b>: what was kept is being loaded", StringComparison.Ordinal)
                    && html.Contains("Nothing is loaded yet.", StringComparison.Ordinal) ? 1 : 0;
                using HttpResponseMessage alive = await gateway.Client.GetAsync("-/healthy");
                Assert.True(alive.StatusCode == HttpStatusCode.OK, await alive.Content.ReadAsStringAsync());
                using HttpResponseMessage push = await gateway.Client.PutAsync("metrics/job/kept/instance/i7", new StringContent("a -1\n"));
                if (push.StatusCode == HttpStatusCode.OK)
                {
                    break;
                }

                Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (push.StatusCode, push.Headers.RetryAfter?.ToString()));
                refused++;
            }

            Assert.True(refused > 0 && told > 0, "loaded before the port was open");
            string loaded = await gateway.Client.GetStringAsync("");
            Assert.Contains("100\u202f000</b> groups", loaded, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>Loading</b>", loaded, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync("-/ready")).StatusCode);
            string[] lines = (await gateway.Client.GetStringAsync("metrics")).Split('\n')
                .Where(static l => l.StartsWith("a{", StringComparison.Ordinal)).ToArray();
            Assert.Equal(Groups, lines.Length);
            Assert.Contains("a{instance=\"i7\",job=\"kept\"} -1", lines);
            Assert.Contains($"a{{instance=\"i{Groups - 1}\",job=\"kept\"}} {Groups - 1}", lines);
            Assert.Equal(0, await gateway.TerminateAsync());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_snapshot_is_a_backup_to_start_from()
    {
        string directory = Directory.CreateTempSubdirectory("exposition-gateway").FullName;
        string data = Path.Combine(directory, "data");
        try
        {
            string snapshot;
            using (Gateway first = await Gateway.StartAsync("--persistence.file=" + data, "--web.enable-admin-api"))
            {
                await first.Client.PutAsync("metrics/job/j", new StringContent("# HELP a h\na{x=\"1\"} 1\n"));
                HttpResponseMessage answer = await first.Client.PutAsync("api/v1/admin/snapshot", null);
                string body = await answer.Content.ReadAsStringAsync();
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.EndsWith(",\"groups\":1}}", body, StringComparison.Ordinal);
                snapshot = Assert.Single(Directory.GetFiles(directory, "data.snapshot-*"));
                Assert.Contains($"\"file\":\"{snapshot}\"", body, StringComparison.Ordinal);

                // One action, one line.
                string line = Assert.Single(first.Log.Split('\n'), line => line.Contains(snapshot, StringComparison.Ordinal));
                Assert.Matches($"level=info .*msg=\"snapshot written\" .*logged_source=127.*file=\\S+ groups=1$", line);

                // What comes later is not in it.
                await first.Client.PutAsync("metrics/job/later", new StringContent("a 2\n"));
                Assert.Equal(0, await first.TerminateAsync());
            }

            string restore = "--persistence.restore-from=" + snapshot;
            (int code, _, string error) = await RunAsync("--persistence.file=" + data, restore, "--web.listen-address=127.0.0.1:0");
            Assert.Equal(1, code);
            Assert.Contains("the persistence file exists", error, StringComparison.Ordinal);

            string other = "--persistence.file=" + Path.Combine(directory, "other");
            using (Gateway second = await Gateway.StartAsync(other, restore))
            {
                string metrics = await second.Client.GetStringAsync("metrics");
                Assert.Contains("# HELP a h\n# TYPE a untyped\na{instance=\"\",job=\"j\",x=\"1\"} 1\n", metrics, StringComparison.Ordinal);
                Assert.DoesNotContain("job=\"later\"", metrics, StringComparison.Ordinal);
                Assert.Equal(0, await second.TerminateAsync());
            }

            using (Gateway third = await Gateway.StartAsync(other))
            {
                Assert.Contains("job=\"j\"", await third.Client.GetStringAsync("metrics"), StringComparison.Ordinal);
                Assert.Equal(0, await third.TerminateAsync());
            }

            (code, _, error) = await RunAsync("--persistence.restore-from=" + snapshot + "x", "--web.listen-address=127.0.0.1:0");
            Assert.Equal(1, code);
            Assert.Contains("is not there", error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_disk_that_refuses_is_told_by_answers_that_wait_for_it()
    {
        using Gateway gateway = await Gateway.StartAsync(
            "--persistence.file=/proc/no/such/data", "--persistence.commit-interval=0", "--web.enable-admin-api");
        HttpResponseMessage answer = await gateway.Client.PutAsync("metrics/job/j", new StringContent("a 1\n"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("stored in memory, but not on disk: writing has failed, see the log\n", await answer.Content.ReadAsStringAsync());
        answer = await gateway.Client.PutAsync("api/v1/admin/wipe", null);
        Assert.Equal("wiped in memory, but not on disk: writing has failed, see the log\n", await answer.Content.ReadAsStringAsync());
        answer = await gateway.Client.PutAsync("api/v1/admin/snapshot", null);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("cannot write snapshot, see the log\n", await answer.Content.ReadAsStringAsync());
        await gateway.Client.PutAsync("metrics/job/j", new StringContent("a 1\n"));
        string metrics = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("a{instance=\"\",job=\"j\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Matches(@"\npushgateway_persistence_failures_total [1-9]", metrics);
        Assert.Matches(@"\npushgateway_persistence_lag_seconds [0-9.]*[1-9]", metrics);
        Assert.Contains("\npushgateway_persistence_last_success_timestamp_seconds ", metrics, StringComparison.Ordinal);
        Assert.Equal(1, await gateway.TerminateAsync());

        // A line may come later than the answer; at the end all are there.
        Assert.Contains("/proc/no", gateway.Log, StringComparison.Ordinal);
        Assert.Contains("msg=\"cannot write snapshot\"", gateway.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_that_cannot_be_written_at_the_end_is_an_error()
    {
        using Gateway gateway = await Gateway.StartAsync("--persistence.file=/proc/no/such/data");
        Assert.Equal(1, await gateway.TerminateAsync());
        Assert.Contains("level=error", gateway.Log, StringComparison.Ordinal);
        Assert.Contains("problem shutting down metric storage", gateway.Log, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"\Apushgateway, version \S+ \(branch: .*, revision: .*\)\n  build user:  .*\n  build date:  .*\n  go version:  .*\n  platform:  "
        + @"  .*/.*\n  tags:        .*\n\z")]
    private static partial Regex VersionBlock();

    private static ProcessStartInfo Command(params string[] arguments) =>
        new("dotnet", [Path.Combine(AppContext.BaseDirectory, "pushgateway.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(Command(arguments))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            process.Kill();
        }

        return (process.ExitCode, await output, await error);
    }

    private sealed partial class Gateway : IDisposable
    {
        private readonly Process _process;
        private readonly System.Text.StringBuilder _log = new();
        private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Gateway(string[] arguments)
        {
            _process = Process.Start(Command(["--web.listen-address=127.0.0.1:0", .. arguments]))!;
            _process.ErrorDataReceived += (_, line) => Take(line.Data);
            _process.BeginErrorReadLine();
            _process.BeginOutputReadLine();
        }

        public HttpClient Client { get; private set; } = new();

        public string Log
        {
            get
            {
                lock (_log)
                {
                    return _log.ToString();
                }
            }
        }

        public static async Task<Gateway> StartAsync(params string[] arguments)
        {
            var gateway = new Gateway(arguments);
            try
            {
                gateway.Client.BaseAddress = new Uri($"http://{await gateway._address.Task.WaitAsync(s_patience)}/");
                return gateway;
            }
            catch
            {
                gateway.Dispose();
                throw new InvalidOperationException("did not start: " + gateway.Log);
            }
        }

        public async Task<int> TerminateAsync()
        {
            using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            return await EndAsync();
        }

        public async Task<int> EndAsync()
        {
            using var patience = new CancellationTokenSource(s_patience);
            await _process.WaitForExitAsync(patience.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            Client.Dispose();
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        private void Take(string? line)
        {
            lock (_log)
            {
                _log.Append(line).Append('\n');
            }

            if (line is null)
            {
                _address.TrySetException(new InvalidOperationException("ended"));
            }
            else if (Address().Match(line) is { Success: true } match)
            {
                _address.TrySetResult(match.Groups[1].Value);
            }
        }

        [GeneratedRegex("level=info msg=\"Listening on\" address=(\\S+)")]
        private static partial Regex Address();
    }
}
