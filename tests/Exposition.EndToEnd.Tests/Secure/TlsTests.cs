using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Exposition.EndToEnd.Tests.Secure;

/// <summary>TLS, client certificates and passwords, with certificates made here, against the running program.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Server = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    private static readonly string s_hash = BCrypt.Net.BCrypt.HashPassword("s3cret", 4);

    private readonly Certificates _certificates = new();

    public TlsTests() => _certificates.Sign("server", "localhost").Dispose();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Curl_pushes_over_both_versions_of_http_and_is_told_when_it_forgets_tls()
    {
        var curl = Tool.Require("curl", "curl");
        await using var gateway = await StartAsync(Server + "http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
        foreach (var version in (string[])["--http1.1", "--http2"])
        {
            var pushed = await Tool.RunAsync(curl, ["-sS", version, "--cacert", _certificates.PathOf("ca.crt"), "-i", "--data-binary", "@-",
                $"https://localhost:{gateway.Port}/metrics/job/curl", "--connect-to", $"localhost:{gateway.Port}:127.0.0.1:{gateway.Port}"],
                    Encoding.UTF8.GetBytes("a 1\n"));
            Assert.True(pushed.ExitCode == 0, pushed.Errors);
            var answer = pushed.Output;
            Assert.StartsWith(version == "--http2" ? "HTTP/2 200" : "HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
            Assert.Contains("x-frame-options: deny", answer, StringComparison.OrdinalIgnoreCase);
        }

        var plain = await Tool.RunAsync(curl, ["-sS", "--http1.0", $"http://127.0.0.1:{gateway.Port}/metrics"]);
        Assert.Equal("Client sent an HTTP request to an HTTPS server.\n", plain.Output);
        Assert.Contains("pushgateway_http_rejected_total{reason=\"plain_http\"} 1\n", await gateway.Client.GetStringAsync("metrics"),
            StringComparison.Ordinal);
        Assert.Contains("msg=\"TLS is enabled.\"", gateway.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_http2_in_the_file_it_is_not_offered()
    {
        await using var gateway = await StartAsync(Server + "http_server_config:\n  http2: false\n");
        using var request = new HttpRequestMessage(HttpMethod.Get, "-/ready") { Version = HttpVersion.Version20 };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpVersion.Version11, answer.Version);
    }

    [Theory]
    [InlineData("RequireAndVerifyClientCert", "", true, false, false)]
    [InlineData("RequireAndVerifyClientCert", "client_allowed_sans: [pusher.example]", true, false, false)]
    [InlineData("RequireAndVerifyClientCert", "client_allowed_sans: [other.example]", false, false, false)]
    [InlineData("VerifyClientCertIfGiven", "", true, true, false)]
    [InlineData("RequireAnyClientCert", "", true, false, true)]
    [InlineData("RequestClientCert", "", true, true, true)]
    public async Task Client_certificates_are_asked_for_as_configured(string rule, string more, bool good, bool none, bool foreign)
    {
        using var others = new Certificates();
        using var ours = _certificates.Sign("client", "pusher.example", client: true);
        using var theirs = others.Sign("client", "pusher.example", client: true);
        var client = none ? null : good ? ours : foreign ? theirs : null;
        _certificates.Write(
            "web.yml", $"{Server}  client_auth_type: {rule}\n  client_ca_file: ca.crt\n" + (more.Length > 0 ? $"  {more}\n" : ""));
        if (!good)
        {
            // Nobody gets in, so nobody can see it ready: the program is asked by its log.
            await using var closed = ChildProcess.Start(
                ServerCommand.For(ChildProcess.FreePort(), ["--web.config.file=" + _certificates.PathOf("web.yml")]));
            for (var i = 0; i < 3000 && !closed.Output.Contains("TLS is enabled", StringComparison.Ordinal); i++)
            {
                await Task.Delay(20);
            }

            var address = closed.Output.Split("address=")[1].Split('\n')[0].Trim('"');
            await Assert.ThrowsAsync<HttpRequestException>(() => Connect(ours).GetStringAsync($"https://{address}/-/ready"));
            return;
        }

        await using var gateway = await GatewayProcess.StartSecureAsync(
            () => Connect(client), "--web.config.file=" + _certificates.PathOf("web.yml"));
        Assert.Equal((good, none, foreign),
            (await EntersAsync(gateway, ours), await EntersAsync(gateway, null), await EntersAsync(gateway, theirs)));
    }

    [Fact]
    public async Task Users_and_certificates_are_followed_while_a_connection_lives_and_a_broken_file_changes_nothing()
    {
        string With(string users) => Server + "basic_auth_users:\n" + users;
        _certificates.Write("web.yml", With($"  ana: {s_hash}\n"));
        await using var gateway = await GatewayProcess.StartSecureAsync(
            () => Connect(null, "ana"), "--web.config.file=" + _certificates.PathOf("web.yml"));
        using var kept = Connect(null);
        kept.BaseAddress = gateway.Address;

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(kept, null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(kept, "ana"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(kept, "bo"));

        _certificates.Write("web.yml", With($"  bo: {s_hash}\n"));
        await UntilAsync(async () => await StatusAsync(kept, "bo") == HttpStatusCode.OK, gateway);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(kept, "ana"));

        _certificates.Write("web.yml", With($"  ana: {s_hash}\n  ana: {s_hash}\n"));
        await UntilAsync(() => Task.FromResult(gateway.Log.Contains("field ana already set", StringComparison.Ordinal)), gateway);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(kept, "bo"));
        Assert.Equal("0", await SuccessfulAsync(kept));
        await Task.Delay(1500);
        Assert.Equal(2, gateway.Log.Split("already set").Length);

        // The new certificate is shown to new connections; the one at hand goes on with the old.
        using var renewed = _certificates.Sign("server", "localhost");
        _certificates.Write("web.yml", With($"  ana: {s_hash}\n  bo: {s_hash}\n"));
        await UntilAsync(async () => await StatusAsync(kept, "ana") == HttpStatusCode.OK, gateway);
        Assert.Equal("1", await SuccessfulAsync(kept));
        Assert.Equal(renewed.SerialNumber, await SerialAsync(gateway.Port));

        using var again = _certificates.Sign("server", "localhost");
        await UntilAsync(async () => await SerialAsync(gateway.Port) == again.SerialNumber, gateway);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(kept, "ana"));
        Assert.Equal(1, Connections(kept));
    }

    [Fact]
    public async Task Each_handshake_that_fails_is_a_line_with_its_reason()
    {
        using var others = new Certificates();
        using var ours = _certificates.Sign("client", "pusher.example", client: true);
        using var theirs = others.Sign("client", "pusher.example", client: true);
        _certificates.Write("web.yml", Server + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n");
        await using var gateway = await GatewayProcess.StartSecureAsync(
            () => Connect(ours), "--web.config.file=" + _certificates.PathOf("web.yml"));

        await ExpectLineAsync(gateway, () => SendAsync(gateway.Port, "\u0001\u0002\u0003 no TLS at all\n"u8.ToArray()));
        await ExpectLineAsync(gateway, () => SendAsync(gateway.Port, OldHello.Bytes));
        await ExpectLineAsync(gateway, () => EntersAsync(gateway, theirs));
        Assert.DoesNotContain("   at ", gateway.Log, StringComparison.Ordinal);
        Assert.True(await EntersAsync(gateway, ours));
    }

    // Lines of one reason are bounded, and clients try again: there must be few.
    private static async Task ExpectLineAsync(GatewayProcess gateway, Func<Task> handshake)
    {
        var before = Count();
        await handshake();
        await UntilAsync(() => Task.FromResult(Count() > before), gateway);
        var line = gateway.Log.Split('\n').Last(static line => line.Contains("TLS handshake failed", StringComparison.Ordinal));
        Assert.Matches(
            "level=warn msg=\"TLS handshake failed\" logged_source=127.0.0.1:[0-9]+ err=.+ reason=(refused|closed|failed)", line);

        int Count() => gateway.Log.Split("msg=\"TLS handshake failed\"").Length;
    }

    private static async Task SendAsync(int port, byte[] bytes)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(bytes);
            await stream.CopyToAsync(Stream.Null, patience.Token);
        }
        catch (IOException)
        {
            // Reset instead of closed.
        }
    }

    private Task<GatewayProcess> StartAsync(string config)
    {
        _certificates.Write("web.yml", config);
        return GatewayProcess.StartSecureAsync(() => Connect(null), "--web.config.file=" + _certificates.PathOf("web.yml"));
    }

    private HttpClient Connect(X509Certificate2? certificate, string? user = null)
    {
        var opened = new int[1];
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, cancellation) =>
            {
                Interlocked.Increment(ref opened[0]);
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp)
                { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.CertificateChainPolicy = _certificates.ClientOptions().CertificateChainPolicy;
        if (certificate is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        var client = new HttpClient(handler);
        _opened[client] = opened;
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add("Authorization", Credentials(user));
        }

        return client;
    }

    private readonly Dictionary<HttpClient, int[]> _opened = [];

    private int Connections(HttpClient client) => _opened[client][0];

    private static string Credentials(string user) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":s3cret"));

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string? user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "metrics");
        if (user is not null)
        {
            request.Headers.Add("Authorization", Credentials(user));
        }

        using var answer = await client.SendAsync(request);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            Assert.Equal("Basic realm=\"pushgateway\", charset=\"UTF-8\"", answer.Headers.WwwAuthenticate.ToString());
            Assert.Equal("Unauthorized\n", await answer.Content.ReadAsStringAsync());
        }

        return answer.StatusCode;
    }

    private static async Task<string> SuccessfulAsync(HttpClient client)
    {
        foreach (var user in (string[])["ana", "bo"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "metrics");
            request.Headers.Add("Authorization", Credentials(user));
            using var answer = await client.SendAsync(request);
            if (answer.IsSuccessStatusCode)
            {
                var line = (await answer.Content.ReadAsStringAsync()).Split('\n')
                    .Single(static line => line.StartsWith("pushgateway_web_config_last_reload_successful ", StringComparison.Ordinal));
                return line.Split(' ')[1];
            }
        }

        return "nobody may scrape";
    }

    private async Task<bool> EntersAsync(GatewayProcess gateway, X509Certificate2? certificate)
    {
        using var client = Connect(certificate);
        try
        {
            return await client.GetStringAsync(new Uri(gateway.Address, "-/ready")) == "OK";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<string> SerialAsync(int port)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(_certificates.ClientOptions());
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, GatewayProcess gateway)
    {
        for (var i = 0; i < 600; i++)
        {
            if (await holds())
            {
                return;
            }

            await Task.Delay(100);
        }

        Assert.Fail("it did not come true within a minute; the gateway logged:\n" + gateway.Log);
    }
}
