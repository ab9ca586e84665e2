using Exposition.EndToEnd.Tests.Secure;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>The program asks itself, as the command of a container's health check does: with the flags of the gateway.</summary>
public sealed class HealthCheckTests
{
    [Fact]
    public async Task The_same_flags_find_the_gateway()
    {
        string[] flags = ["--web.route-prefix=/a b", "--web.allowed-hosts=127.0.0.1,*.example.org"];
        var port = ChildProcess.FreePort();
        await using var gateway = ChildProcess.Start(ServerCommand.For(port, flags));
        await gateway.WaitUntilReadyAsync(new Uri($"http://127.0.0.1:{port}/a%20b/-/ready"), TimeSpan.FromSeconds(90));
        Assert.Equal(new ToolResult(0, $"healthy: http://127.0.0.1:{port}/a%20b/-/healthy: 200 OK\n", ""), await CheckAsync(port, flags));
        Assert.Equal(0, await gateway.StopAsync());
        Assert.Equal(new ToolResult(1, "", $"unhealthy: http://127.0.0.1:{port}/a%20b/-/healthy: Connection refused\n"),
            await CheckAsync(port, flags));
    }

    /// <summary>The certificate is of another name and of an authority that the machine does not know.</summary>
    [Fact]
    public async Task TLS_and_users_are_no_hindrance()
    {
        using var certificates = new Certificates();
        certificates.Sign("server", "push.example.org").Dispose();
        certificates.Write("web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
            + $"basic_auth_users: {{ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}}}\n");
        var file = "--web.config.file=" + certificates.PathOf("web.yml");
        var port = ChildProcess.FreePort();
        var url = $"https://127.0.0.1:{port}/-/healthy";
        await using var gateway = ChildProcess.Start(ServerCommand.For(port, [file]));
        while (!gateway.Output.Contains("Listening on", StringComparison.Ordinal))
        {
            Assert.False(gateway.HasExited, gateway.Output);
            await Task.Delay(20);
        }

        Assert.Equal(new ToolResult(0, $"healthy: {url}: 401 Unauthorized\n", ""), await CheckAsync(port, file));
        var withPassword = url.Replace("//", "//ana:s3cret@", StringComparison.Ordinal);
        Assert.Equal(new ToolResult(0, $"healthy: {url}: 200 OK\n", ""), await RunAsync(port, "--check-health=" + withPassword));
    }

    [Fact]
    public async Task A_unix_socket_is_asked_too()
    {
        var directory = Directory.CreateTempSubdirectory("exposition-health").FullName;
        try
        {
            var path = Path.Combine(directory, "x.sock");
            await using var gateway = await GatewayProcess.StartAsync("--web.listen-address=unix:" + path);
            var words = ServerCommand.For(gateway.Port, ["--web.listen-address=unix:" + path, "--check-health"]);
            words.RemoveAll(word => word.StartsWith("--web.listen-address=127", StringComparison.Ordinal));
            Assert.Equal(new ToolResult(0, $"healthy: unix:{path} /-/healthy: 200 OK\n", ""), await Tool.RunAsync(words[0], words.Skip(1)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<ToolResult> CheckAsync(int port, params string[] flags) => RunAsync(port, [.. flags, "--check-health"]);

    private static Task<ToolResult> RunAsync(int port, params string[] flags)
    {
        var words = ServerCommand.For(port, flags);
        return Tool.RunAsync(words[0], words.Skip(1));
    }
}
