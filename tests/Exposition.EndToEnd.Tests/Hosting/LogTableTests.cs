using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Exposition.EndToEnd.Tests.Secure;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>What happens has its line at its level, in the Pushgateway's words where it has the event, and no other user's name.</summary>
public sealed class LogTableTests
{
    private static readonly string[] s_levels = ["debug", "info", "warn", "error"];

    [Theory]
    [InlineData("debug")]
    [InlineData("info")]
    [InlineData("warn")]
    [InlineData("error")]
    public async Task Each_line_is_there_at_its_level_and_not_above(string level)
    {
        using var certificates = new Certificates();
        certificates.Sign("server", "localhost").Dispose();
        certificates.Write("web.yml", "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
            + $"basic_auth_users:\n  ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}\n");
        HttpClient Connect()
        {
            var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
            handler.SslOptions.CertificateChainPolicy = certificates.ClientOptions().CertificateChainPolicy;
            var client = new HttpClient(handler);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("ana:s3cret"u8));
            return client;
        }

        await using var gateway = await GatewayProcess.StartSecureAsync(Connect,
            "--log.level=" + level, "--web.enable-admin-api", "--web.enable-lifecycle", "--limit.body-bytes=100KiB",
            "--limit.series-per-push=100", "--limit.target-bytes=4KiB", "--web.config.file=" + certificates.PathOf("web.yml"),
            "--persistence.file=" + certificates.PathOf("state"), "--persistence.commit-interval=50ms");
        var table = new LogTable(gateway, Connect, bytes => SendAsync(gateway.Port, bytes));
        foreach (var happening in LogTable.All)
        {
            await happening.Do(table);
        }

        await UntilItEndsAsync(gateway);
        var lines = gateway.Log.Split('\n');
        foreach (var happening in LogTable.All)
        {
            var expected = new Regex(
                $"^ts=\\S+ level={happening.Level} msg={Quoted(happening.Message)}{(happening.Attributes.Length > 0 ? " " : "")}"
                    + $"{happening.Attributes}( suppressed=\\d+)?$");
            var found = lines.Where(line => expected.IsMatch(line)).ToList();
            var isShown = Array.IndexOf(s_levels, happening.Level) >= Array.IndexOf(s_levels, level);
            Assert.True(isShown == found.Count > 0,
                $"{expected} {(isShown ? "is missing" : $"is there at {level}")} in:\n{gateway.Log}");
            if (LogTable.Reference.TryGetValue(happening.Message, out var reference))
            {
                Assert.Equal(reference.Level, happening.Level);
                Assert.All(found, line => Assert.All(
                    reference.Attributes, name => Assert.Contains($" {name}=", line, StringComparison.Ordinal)));
            }
        }

        // Somebody has typed a password where the name belongs.
        Assert.DoesNotContain("hunter2", gateway.Log, StringComparison.Ordinal);
        Assert.Empty(LogTable.Reference.Keys.Except(LogTable.All.Select(static happening => happening.Message)));
    }

    private static string Quoted(string message) =>
        Regex.Escape(message.Contains(' ', StringComparison.Ordinal) ? $"\"{message}\"" : message);

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.GetStream().WriteAsync(bytes);
        try
        {
            await socket.GetStream().CopyToAsync(Stream.Null);
        }
        catch (IOException)
        {
            // Refused by a reset.
        }
    }

    private static async Task UntilItEndsAsync(GatewayProcess gateway)
    {
        for (var i = 0; i < 1200; i++)
        {
            try
            {
                using var answer = await gateway.Client.GetAsync(new Uri("-/healthy", UriKind.Relative));
            }
            catch (HttpRequestException)
            {
                // The last lines come with the end of the process.
                await gateway.StopAsync();
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail("it has not ended");
    }
}
