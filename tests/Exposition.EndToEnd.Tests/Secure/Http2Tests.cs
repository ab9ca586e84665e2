using System.Net.Security;

namespace Exposition.EndToEnd.Tests.Secure;

/// <summary>One stream of HTTP/2 against the others of its connection, at the running program and over TLS.</summary>
public sealed class Http2Tests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Certificates _certificates = new();

    public Http2Tests() => _certificates.Sign("server", "localhost").Dispose();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task A_stream_that_is_too_slow_ends_alone_while_others_flood_and_push()
    {
        _certificates.Write("web.yml", "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n");
        await using var gateway = await GatewayProcess.StartSecureAsync(Connect,
            "--web.config.file=" + _certificates.PathOf("web.yml"), "--limit.body-timeout=5s", "--limit.body-bytes=1MiB");
        using var socket = new System.Net.Sockets.TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Port);
        var tls = new SslStream(socket.GetStream());
        var options = _certificates.ClientOptions();
        options.ApplicationProtocols = [SslApplicationProtocol.Http2];
        await tls.AuthenticateAsClientAsync(options);
        await using var wire = await new Http2Wire(tls).StartAsync();
        var trickle = await wire.BeginAsync("PUT", "/metrics/job/trickle", end: false, "content-length: 100000");
        var flooding = FloodAsync(wire);
        var pushes = 0;
        for (; !wire.AnswerAsync(trickle).IsCompleted; pushes++)
        {
            await wire.SendAsync(trickle, "#"u8.ToArray()).WaitAsync(s_patience);
            Assert.Equal((200, ""), await wire.PushAsync("/metrics/job/other", $"m {pushes}\n").WaitAsync(s_patience));
            await Task.Delay(10);
        }

        Assert.Equal((408, "request body was not received in time\n"), await wire.AnswerAsync(trickle));
        await flooding.WaitAsync(s_patience);
        Assert.Equal((200, ""), await wire.PushAsync("/metrics/job/other", $"m {pushes}\n").WaitAsync(s_patience));
        Assert.False(wire.HasEnded);
        var scraped = await gateway.ScrapeAsync();
        Assert.Equal(pushes, scraped.Value("m{instance=\"\",job=\"other\"}"));
        Assert.Equal(1, scraped.Value("pushgateway_limit_refusals_total{limit=\"body-rate\"}"));
    }

    private static async Task FloodAsync(Http2Wire wire)
    {
        foreach (var (path, status) in (
            (string, int)[])[("/metrics/job/flood", 413), ("/nowhere", 404), ("/metrics/job/flood", 413), ("/nowhere", 404)])
        {
            var stream = await wire.BeginAsync("PUT", path, end: false);
            for (var i = 0; i < 1000 && await wire.SendAsync(stream, new byte[10_000]); i++)
            {
            }

            Assert.Equal(status, (await wire.AnswerAsync(stream)).Status);
        }
    }

    private HttpClient Connect() => new(new SocketsHttpHandler { UseProxy = false, SslOptions = _certificates.ClientOptions() });
}
