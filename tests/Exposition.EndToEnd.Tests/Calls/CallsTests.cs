using System.Diagnostics;
using System.Text;

namespace Exposition.EndToEnd.Tests.Calls;

/// <summary>
/// The scripts of the three calls that wake an operator (<c>src/Exposition.Gateway/docs/calls</c>), each in the situation that it is for:
/// what it prints is the answer, within a minute.
/// </summary>
public sealed class CallsTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task My_push_gets_400()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        await PushAsync(gateway, "one", "# TYPE rows gauge\nrows 1\n", HttpStatusCode.OK);
        await PushAsync(gateway, "two", "# TYPE rows counter\nrows 1\n", HttpStatusCode.BadRequest);
        await PushAsync(gateway, "two", "# TYPE rows counter\nrows 2\n", HttpStatusCode.BadRequest);
        await PushAsync(gateway, "three", "rows{a=\"<b>\" 1\n", HttpStatusCode.BadRequest);
        await PushAsync(gateway, "four/five", "rows 1\n", HttpStatusCode.BadRequest);
        var output = await RunAsync(gateway, "400.sh");

        // Who, how often, what, why.
        Assert.Matches(@"  2 x  PUT /metrics/job/two  from 127\.0\.0\.1", output);
        Assert.Contains("inconsistent: ", output, StringComparison.Ordinal);
        Assert.Contains("pushed as COUNTER, but group {job=\"one\"} has it as GAUGE", Instances(output), StringComparison.Ordinal);
        Assert.Matches(@"  1 x  PUT /metrics/job/three  from 127\.0\.0\.1", output);
        Assert.Contains("malformed: text format parsing error in line 1: unexpected end of label value \"<b>\"", output, StringComparison.Ordinal);

        // Whether it goes on, and the log.
        Assert.Contains("pushgateway_pushes_refused_total{reason=\"inconsistent\"} 2 (+0)", output, StringComparison.Ordinal);
        Assert.Matches("msg=\"pushed metrics are invalid or inconsistent with existing metrics\".*status=400", output);

        // What to do.
        Assert.Contains("\ninconsistent, pushed as: the family has another type", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\ninconsistent, timestamps: ", output, StringComparison.Ordinal);
        Assert.Contains("\npath, target: ", output, StringComparison.Ordinal);
        Assert.Contains("\nmalformed: mend the client", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_it_arrives_here()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        var output = await RunAsync(gateway, "400.sh");
        Assert.Contains("none: the 400 comes from a proxy in between", output, StringComparison.Ordinal);
        Assert.Contains("nothing was refused since the start", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\ninconsistent", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_with_timestamps_is_told_to_leave_them_out()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        await PushAsync(gateway, "timed", "rows 1 1700000000000\n", HttpStatusCode.BadRequest);
        var output = await RunAsync(gateway, "400.sh");
        Assert.Contains("\ninconsistent, timestamps: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\ninconsistent, pushed as: ", output, StringComparison.Ordinal);
        var never = await RunAsync(gateway, "stale.sh", "{job=\"timed\"}");
        Assert.Contains("job=\"timed\"}  NEVER a good push", never, StringComparison.Ordinal);
        Assert.DoesNotContain("REFUSED since", never, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_is_this_value_still_there()
    {
        await using var gateway = await GatewayProcess.StartAsync("--push.expire-after={job=\"etl\"}=26h", "--log.level=debug");
        await PushAsync(gateway, "etl/instance/a", "rows 1\n", HttpStatusCode.OK);
        await PushAsync(gateway, "nightly_backup/instance/old", "rows 1\n", HttpStatusCode.OK);
        await Task.Delay(1100);
        await PushAsync(gateway, "nightly_backup/instance/old", "rows 1 5\n", HttpStatusCode.BadRequest);
        await PushAsync(gateway, "nightly_backup/instance/new", "rows 2\n", HttpStatusCode.OK);
        await gateway.ScrapeAsync();

        var etl = await RunAsync(gateway, "stale.sh", "{job=\"etl\"}");
        Assert.Matches("{\"instance\":\"a\",\"job\":\"etl\"}  \\[\"ok\"\\]", etl);
        Assert.Matches(@"expires \d{4}-.*, by the rule \{job=""etl""\}=26h0m0s", etl);
        Assert.Matches(@"\{instance=""a"",job=""etl""\} \d+ s \(0\.0 h\)  NEW: the job itself pushes this value", etl);
        Assert.DoesNotContain("nightly", etl, StringComparison.Ordinal);

        var backup = await RunAsync(gateway, "stale.sh", "{job=\"nightly_backup\"}");
        Assert.Matches("{\"instance\":\"old\",\"job\":\"nightly_backup\"}  \\[\"failed\"", backup);
        Assert.Matches("last good push [0-9-]+T.*, last refused push [0-9-]+T", backup);
        Assert.Matches("refused because: .*pushed metrics must not have timestamps", backup);
        Assert.Contains("expires never, no rule is for it", backup, StringComparison.Ordinal);
        Assert.Matches(@"instance=""old"",job=""nightly_backup""\} \d+ s .*REFUSED since: the old values stay", backup);
        Assert.Matches(@"instance=""new"",job=""nightly_backup""\} \d+ s .*NEW: the job itself", backup);
        Assert.Contains("127.0.0.1", Section(backup, "Who scrapes"), StringComparison.Ordinal);
        Assert.Contains("nightly_backup", Section(backup, "In the log"), StringComparison.Ordinal);

        var gone = await RunAsync(gateway, "stale.sh", "{job=\"none\"}");
        Assert.Contains("none: it is gone here", gone, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Is_it_full()
    {
        await using var gateway = await GatewayProcess.StartAsync("--limit.groups=10");
        var empty = await RunAsync(gateway, "full.sh");
        Assert.Contains("none", Section(empty, "Conditions"), StringComparison.Ordinal);
        Assert.Contains("none: it is not full", empty, StringComparison.Ordinal);

        for (var i = 0; i < 10; i++)
        {
            await PushAsync(gateway, $"batch/id/{i}", $"rows{{text=\"{new string('x', i * 100)}\"}} 1\n", HttpStatusCode.OK);
        }

        await PushAsync(gateway, "batch/id/10", "rows 1\n", HttpStatusCode.InsufficientStorage);
        var full = await RunAsync(gateway, "full.sh");
        Assert.Contains("LimitNear: groups: 10 of 10 are in use", full, StringComparison.Ordinal);
        Assert.Contains("100 %  groups: 10 of 10, refused 1  (--limit.groups)", full, StringComparison.Ordinal);
        Assert.Contains("{\"id\":\"9\",\"job\":\"batch\"}", Section(full, "The newest groups"), StringComparison.Ordinal);
        Assert.Contains("{\"id\":\"9\",\"job\":\"batch\"}", Section(full, "The largest groups"), StringComparison.Ordinal);
        Assert.Matches("status=507.*reason=groups|reason=groups.*status=507", Section(full, "In the log"));
    }

    [Fact]
    public async Task A_gateway_that_does_not_answer_is_said_to_be_so()
    {
        foreach (var script in (string[])["400.sh", "stale.sh", "full.sh"])
        {
            var result = await Tool.RunAsync("sh", [Script(script), "http://127.0.0.1:1", "{job=\"a\"}"], null, s_minute);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("curl: (7)", result.Errors, StringComparison.Ordinal);
            result = await Tool.RunAsync("sh", [Script(script)], null, s_minute);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains("usage: " + script, result.Errors, StringComparison.Ordinal);
        }
    }

    private static string Script(string name) => Path.Combine(Checkout.Root, "src/Exposition.Gateway/docs/calls", name);

    private static async Task<string> RunAsync(GatewayProcess gateway, string script, params string[] arguments)
    {
        Tool.Require("curl", "curl");
        var log = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(log, gateway.Log);
            var started = Stopwatch.GetTimestamp();
            var result = await Tool.RunAsync("sh", [Script(script), gateway.Address.ToString(), .. arguments, log], null, s_minute);
            Assert.True(result.ExitCode == 0 && result.Errors.Length == 0, result.Output + result.Errors);
            Assert.True(Stopwatch.GetElapsedTime(started) < s_minute);
            TestContext.Current.TestOutputHelper!.WriteLine(result.Output);
            return result.Output;
        }
        finally
        {
            File.Delete(log);
        }
    }

    // The gateway may name the instance that it has added.
    private static string Instances(string output) => output.Replace("instance=\"\",", "", StringComparison.Ordinal);

    private static string Section(string output, string title) =>
        output.Split("== ").Single(part => part.StartsWith(title, StringComparison.Ordinal));

    private static async Task PushAsync(GatewayProcess gateway, string path, string body, HttpStatusCode expected)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var answer = await gateway.Client.PutAsync(new Uri("metrics/job/" + path, UriKind.Relative), content);
        Assert.Equal(expected, answer.StatusCode);
    }
}
