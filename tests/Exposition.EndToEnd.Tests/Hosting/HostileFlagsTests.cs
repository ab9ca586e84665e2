namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Whatever a flag or an environment variable holds: it is served, or there is one line and exit code 1.</summary>
public sealed class HostileFlagsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-flags").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("--web.external-url=http://example.com//pg")]
    [InlineData("--web.route-prefix={x}")]
    [InlineData("--web.telemetry-path=/a?b")]
    [InlineData("--web.shutdown-timeout=106751d")]
    [InlineData("--web.shutdown-timeout=2562047h")]
    [InlineData("--push.expired-grace=106751d")]
    [InlineData("--limit.idle-timeout=106751d")]
    [InlineData("--limit.head-timeout=1ns")]
    [InlineData("--web.allowed-hosts=*")]
    [InlineData("--web.socket-mode=0999")]
    [InlineData("--web.self-metrics-path=/a b")]
    [InlineData("--web.self-metrics-path=%6detrics")]
    [InlineData("--web.telemetry-path=/a\nb")]
    [InlineData("--web.external-url=http://h/a%0ab")]
    [InlineData("--web.external-url=http://h/a%00b")]
    [InlineData("--web.route-prefix=/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30")]
    [InlineData("--web.telemetry-path=/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30")]
    [InlineData("--web.allowed-hosts=[::1")]
    [InlineData("--web.config.file=/dev/zero")]
    [InlineData("--web.config.file=DIR")]
    [InlineData("--web.config.file=DIR/pipe")]
    [InlineData("--persistence.file=DIR/pipe")]
    [InlineData("--persistence.file=DIR/a;Mode=Memory")]
    [InlineData("--persistence.restore-from=/dev/zero")]
    [InlineData("--persistence.restore-from=DIR/pipe")]
    [InlineData("--persistence.file=DIR/db\n--persistence.interval=2562047h")]
    [InlineData("@/dev/zero")]
    [InlineData("@DIR")]
    [InlineData("--limit.body-timeout=2562047h")]
    [InlineData("--limit.scrape-duration=1ns")]
    [InlineData("--limit.connections=1")]
    [InlineData("--limit.held-bytes=1")]
    [InlineData("--push.expire-after=2562047h")]
    [InlineData("--web.listen-address=[::1")]
    [InlineData("--web.listen-address=127.0.0.1:99999")]
    [InlineData("--web.listen-address=unix:")]
    [InlineData("--web.listen-address=unix:DIR")]
    [InlineData("--web.listen-address=unix:DIR/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("--web.listen-address=unix:DIR/missing/socket")]
    [InlineData("NOTIFY_SOCKET=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("NOTIFY_SOCKET=relative")]
    [InlineData("NOTIFY_SOCKET=@")]
    public async Task The_program_serves_or_ends_with_one_line_and_exit_code_1(string given)
    {
        given = given.Replace("DIR", _directory, StringComparison.Ordinal);
        if (given.EndsWith("/pipe", StringComparison.Ordinal))
        {
            await Tool.RunAsync(Tool.Require("mkfifo", "coreutils"), [Path.Combine(_directory, "pipe")]);
        }

        var variable = given[0] is not ('-' or '@');
        var command = ServerCommand.For(
            ChildProcess.FreePort(), variable ? [] : given.Split("\n--").Select(static (flag, at) => at > 0 ? "--" + flag : flag));
        await using var program = ChildProcess.Start(variable ? ["env", given, .. command] : command);
        while (!program.HasExited && !program.Output.Contains("Listening on", StringComparison.Ordinal))
        {
            await Task.Delay(20);
        }

        var served = program.Output.Contains("Listening on", StringComparison.Ordinal);
        Assert.Equal(served ? 0 : 1, await program.StopAsync());
        var lines = program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => !line.Contains("level=info", StringComparison.Ordinal));
        Assert.True(served || lines.Count() == 1, program.Output);
        Assert.DoesNotContain("nhandled", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "/metrics", "is the telemetry path")]
    [InlineData("", "metrics/", "is the telemetry path")]
    [InlineData("", "/../metrics", "is the telemetry path")]
    [InlineData("", "/", "clashes with the route /")]
    [InlineData("", "/status", "clashes with the route /status")]
    [InlineData("", "/static/x", "clashes with the route /static/")]
    [InlineData("", "/-/ready", "clashes with the route /-/ready")]
    [InlineData("", "/-/quit", "clashes with the route /-/quit")]
    [InlineData("", "/api/v1", "clashes with the routes of the API")]
    [InlineData("", "/api/v1/anything", "clashes with the routes of the API")]
    [InlineData("", "/metrics/job/a", "is a path of pushes")]
    [InlineData("", "/metrics/job@base64/YQ", "is a path of pushes")]
    [InlineData("/pre", "metrics", "is the telemetry path")]
    [InlineData("/pre", "/-/ready", "clashes with the route /pre/-/ready")]
    [InlineData("/pre", "/api/v1/status", "clashes with the routes of the API")]
    [InlineData("", "own", null)]
    [InlineData("", "/-/own", null)]
    [InlineData("", "/api", null)]
    [InlineData("", "/metrics/job", null)]
    [InlineData("", "/METRICS", null)]
    [InlineData("/pre", "/pre/metrics", null)]
    [InlineData("/api/v1", "/own", null)]
    public async Task The_path_of_the_own_metrics_is_served_or_refused_by_name(string prefix, string path, string? reason)
    {
        string[] flags = ["--web.route-prefix=" + prefix, "--web.self-metrics-path=" + path];
        if (reason is not null)
        {
            await using var program = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), flags));
            await ListenTests.EndedAsync(program);
            Assert.Equal(1, program.ExitCode);
            Assert.Contains($"--web.self-metrics-path={path} {reason}", Assert.Single(program.Output.Split('\n'),
                static line => line.Contains("level=error", StringComparison.Ordinal)), StringComparison.Ordinal);
            return;
        }

        var port = ChildProcess.FreePort();
        await using var gateway = ChildProcess.Start(ServerCommand.For(port, flags));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}{prefix}/") };
        await gateway.WaitUntilReadyAsync(new Uri(client.BaseAddress, "-/ready"), TimeSpan.FromSeconds(90));
        using var pushed = await client.PutAsync("metrics/job/a", new StringContent("a 1\n"));
        Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        foreach (var (scraped, own) in new[] { (path.TrimStart('/'), true), ("metrics", false) })
        {
            var text = await client.GetStringAsync(new Uri(scraped, UriKind.Relative));
            Assert.Equal((own, !own), (text.Contains("process_start_time_seconds ", StringComparison.Ordinal),
                text.Contains("job=\"a\"", StringComparison.Ordinal)));
        }
    }
}
