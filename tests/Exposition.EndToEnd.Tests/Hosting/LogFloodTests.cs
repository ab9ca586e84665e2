using System.Diagnostics;
using System.Text;
using Exposition.EndToEnd.Tests.Secure;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Whatever clients send, and however quickly, the log stays within its bounds and shows no stack.</summary>
public sealed class LogFloodTests
{
    private const int StartLines = 20;
    private const int WindowSeconds = 30;
    private const int MostLines = 10 * WindowSeconds;
    private const int MostBytes = 40 * 1024 * WindowSeconds;
    private const long MostGrowth = 256 << 20;

    // EXPOSITION_FLOOD_SECONDS=60 for the whole of it.
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("EXPOSITION_FLOOD_SECONDS") ?? "10", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("info", false)]
    [InlineData("debug", false)]
    [InlineData("info", true)]
    [InlineData("debug", true)]
    public async Task A_flood_of_refused_requests_writes_a_bounded_number_of_bounded_lines(string level, bool secure)
    {
        using var certificates = new Certificates();
        certificates.Sign("server", "localhost").Dispose();
        certificates.Write("web.yml", "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
            + $"basic_auth_users:\n  ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}\n");
        var flags = (string[])["--log.level=" + level, "--limit.body-timeout=1s", "--limit.head-timeout=1s"];
        await using var gateway = secure
            ? await GatewayProcess.StartSecureAsync(
                () => Client(certificates), [.. flags, "--web.config.file=" + certificates.PathOf("web.yml")])
            : await GatewayProcess.StartAsync(flags);
        var process = new ProcessBounds(gateway.ProcessId);
        var before = process.Resident;
        using var end = new CancellationTokenSource();
        var watching = process.WatchAsync(end.Token);
        var watch = Stopwatch.StartNew();
        var flood = new LogFlood(gateway.Port, secure ? certificates : null);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(client => flood.RunAsync(client, s_long)));
        await end.CancelAsync();
        await watching;
        Assert.InRange(process.MostResident, 1, before + MostGrowth);
        if (!secure)
        {
            await FailAcceptsAsync(gateway);
        }

        // The last lines come a moment later.
        await Task.Delay(500);
        var lines = gateway.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var purses = level == "debug" ? 2 : 1;
        var seconds = watch.Elapsed.TotalSeconds;
        Assert.True(flood.Rounds > 0, "not even one round of all kinds");
        Assert.InRange(lines.Length, 5, (purses * (200 + (3 * seconds))) + StartLines);
        Assert.InRange(lines.Sum(static line => Encoding.UTF8.GetByteCount(line)), 1, purses * ((256 + (20 * seconds)) * 1024));
        AssertBoundedInAnyWindow(
            [.. lines.Skip(StartLines).Where(static line => !line.Contains(" level=debug ", StringComparison.Ordinal))]);
        Assert.All(lines, static line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, 4096));
        Assert.All(lines, static line => Assert.DoesNotContain(line, static c => char.IsControl(c)));
        Assert.DoesNotContain(
            lines, static line => line.Contains("   at ", StringComparison.Ordinal) || line.Contains("nhandled", StringComparison.Ordinal));
        Assert.Contains(lines,
            static line => line.Contains("pushed metrics are invalid or inconsistent with existing metrics", StringComparison.Ordinal)
            && line.Contains(" method=PUT logged_source=127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(
            lines, line => line.Contains(secure ? "TLS handshake failed" : "cannot accept connections", StringComparison.Ordinal));
        using var served = await gateway.Client.PutAsync("metrics/job/honest", new StringContent("a 1\n"));
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    // Ten lines and 40 KiB a second, averaged over half a minute, wherever that begins.
    private static void AssertBoundedInAnyWindow(string[] lines)
    {
        var times = Array.ConvertAll(lines, static line => DateTimeOffset.Parse(line[3..line.IndexOf(' ', StringComparison.Ordinal)],
            CultureInfo.InvariantCulture));
        for (var first = 0; first < lines.Length; first++)
        {
            var window = lines.Where((_, i) => i >= first && times[i] < times[first].AddSeconds(WindowSeconds)).ToList();
            Assert.InRange(window.Count, 1, MostLines);
            Assert.InRange(window.Sum(static line => Encoding.UTF8.GetByteCount(line) + 1), 1, MostBytes);
        }
    }

    // The system lets the process open no more files for a while.
    private static async Task FailAcceptsAsync(GatewayProcess gateway)
    {
        var prlimit = Tool.Require("prlimit", "util-linux");
        var id = gateway.ProcessId.ToString(CultureInfo.InvariantCulture);
        var before = (await Tool.RunAsync(prlimit, ["--pid", id, "--nofile", "--noheadings", "--raw", "--output", "SOFT"])).Output.Trim();
        await Tool.RunAsync(prlimit, ["--pid", id, "--nofile=1:"]);
        var sockets = new List<System.Net.Sockets.TcpClient>();
        for (var i = 0; i < 3000 && !gateway.Log.Contains("cannot accept connections", StringComparison.Ordinal); i++)
        {
            var socket = new System.Net.Sockets.TcpClient();
            sockets.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, gateway.Port);
            await Task.Delay(20);
        }

        await Tool.RunAsync(prlimit, ["--pid", id, $"--nofile={before}:"]);
        sockets.ForEach(static socket => socket.Dispose());
    }

    private static HttpClient Client(Certificates certificates)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = certificates.ClientOptions().CertificateChainPolicy;
        var client = new HttpClient(handler);
        client.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(LogFlood.GoodCredentials)));
        return client;
    }
}
