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
    [InlineData("--web.listen-address=unix:DIR")]
    [InlineData("--web.listen-address=unix:DIR/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("--web.listen-address=unix:DIR/missing/socket")]
    [InlineData("NOTIFY_SOCKET=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("NOTIFY_SOCKET=relative")]
    [InlineData("NOTIFY_SOCKET=@")]
    public async Task The_program_serves_or_ends_with_one_line_and_exit_code_1(string given)
    {
        given = given.Replace("DIR", _directory, StringComparison.Ordinal);
        var variable = !given.StartsWith("--", StringComparison.Ordinal);
        var command = ServerCommand.For(ChildProcess.FreePort(), variable ? [] : [given]);
        await using var program = ChildProcess.Start(variable ? ["env", given, .. command] : command);
        while (!program.HasExited && !program.Output.Contains("Listening on", StringComparison.Ordinal))
        {
            await Task.Delay(20);
        }

        Assert.Contains(await program.StopAsync(), new int?[] { 0, 1 });
        Assert.DoesNotContain("nhandled", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }
}
