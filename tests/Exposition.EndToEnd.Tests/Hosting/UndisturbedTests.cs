namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Neither the state of standard error nor a signal that means no stop ends the program.</summary>
public sealed class UndisturbedTests
{
    [Theory]
    [InlineData("exec \"$@\" 2>&-")]
    [InlineData("exec \"$@\" >&- 2>&- <&-")]
    [InlineData("exec \"$@\" 2>/dev/full")]
    [InlineData("\"$@\" 2>&1 >&- | sleep 600")]
    public async Task It_serves_without_anybody_who_reads_its_log(string start)
    {
        var port = ChildProcess.FreePort();
        await using var program = ChildProcess.Start(
            ["bash", "-c", start, "bash", .. ServerCommand.For(port, ["--web.enable-lifecycle", "--log.level=debug"])]);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        await program.WaitUntilReadyAsync(new Uri(client.BaseAddress, "-/ready"), TimeSpan.FromSeconds(60));
        for (var i = 0; i < 300; i++)
        {
            using var pushed = await client.PutAsync("metrics/job/a", new StringContent("a 1\na 1\n"));
            Assert.Equal(HttpStatusCode.BadRequest, pushed.StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("-/quit", null)).StatusCode);
    }

    [Fact]
    public async Task Only_INT_and_TERM_end_it()
    {
        await using var gateway = await GatewayProcess.StartAsync();
        foreach (var signal in (string[])["HUP", "SYS", "35", "USR1", "USR2", "QUIT", "ALRM", "PIPE", "VTALRM", "PROF", "IO", "PWR",
            "STKFLT", "XCPU", "XFSZ", "WINCH", "CONT", "RTMAX", "40"])
        {
            await Tool.SucceedAsync("bash", ["-c", $"kill -{signal} {gateway.ProcessId}"]);
            await Task.Delay(50);
            Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync(new Uri("-/healthy", UriKind.Relative))).StatusCode);
        }

        Assert.Equal(0, await gateway.StopAsync());
        Assert.Contains("msg=\"signal ignored\" signal=SIGQUIT", gateway.Log, StringComparison.Ordinal);
    }
}
