using System.Net.Security;
using System.Text;
using Exposition.EndToEnd.Tests.Secure;

namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>
/// Every recorded connection in every way that bytes can come: at either door, plain and over TLS, cut as recorded, byte by byte, each
/// request in one segment, and pipelined. The answers and what is stored afterwards are always the same.
/// </summary>
public sealed class EveryWayTests(EveryWayTests.TwoGateways gateways) : IClassFixture<EveryWayTests.TwoGateways>
{
    // Of a body so many bytes come one by one; the rest of it does not differ from them.
    private const int SlowBytes = 400;

    private static readonly string[] s_notPushed = [
        "pushgateway_", "process_", "go_", "promhttp_", "# HELP pushgateway_", "# TYPE pushgateway_"];

    [Theory]
    [MemberData(nameof(RecordedClient.Names), MemberType = typeof(RecordedClient))]
    public async Task It_does_not_matter_how_the_bytes_come(string name)
    {
        Assert.SkipWhen(ServerCommand.IsReplaced, "looks at the doors of this program");
        var client = RecordedClient.Load(name);
        string? expected = null;
        foreach (var secure in (bool[])[false, true])
        {
            foreach (var general in (bool[])[false, true])
            {
                foreach (var way in Enum.GetValues<Way>())
                {
                    var (answers, served) = await ReplayAsync(client, secure, general, way);
                    expected ??= answers;
                    Assert.True(expected == answers,
                        $"{(secure ? "TLS" : "plain")}, {(general ? "general" : "raw")} door, {way}:\n{answers}\ninstead of\n{expected}");
                    Assert.True(general
                        ? served.Raw == 0
                        : served.Raw > 0, $"the raw door served {served.Raw} requests, the general one {served.Kestrel}");
                }
            }
        }
    }

    private async Task<(string Answers, (double Raw, double Kestrel) Served)> ReplayAsync(
        RecordedClient client, bool secure, bool general, Way way)
    {
        var gateway = secure ? gateways.Secure : gateways.Plain;

        // With this the test's own connection is the general door's.
        (await gateway.Client.PutAsync(new Uri("api/v1/admin/wipe", UriKind.Relative), null)).EnsureSuccessStatusCode();
        var before = Served(await gateway.ScrapeAsync());
        var answers = new StringBuilder();
        foreach (var requests in client.Connections)
        {
            using var connection = new RawConnection(gateway.Port, stream => Begin(secure ? gateways.Encrypt(stream) : stream, general));
            var cut = requests.Select(request => Cut(request, way)).ToList();
            var got = way == Way.Pipelined ? connection.Pipeline(cut) : [.. cut.Select(connection.Exchange)];
            foreach (var (request, answer) in requests.Zip(got))
            {
                Assert.Contains(answer.Status, ExpectedStatus.For(request));
                answers.Append(request).Append(' ').Append(answer.Status);

                // Scrapes hold times, errors are to be the same to the last letter.
                answers.Append(answer.Status >= 400 ? " " + Encoding.UTF8.GetString(answer.Body) : "\n");
            }
        }

        var scrape = await gateway.Client.GetStringAsync(new Uri("metrics", UriKind.Relative));
        var stored = scrape.Split('\n').Where(static line => !s_notPushed.Any(prefix => line.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(static line => line.StartsWith("push_", StringComparison.Ordinal) ? line[..line.LastIndexOf(' ')] : line);
        var after = Served(Scraped.Parse(scrape));
        return (answers + string.Join('\n', stored), (after.Raw - before.Raw, after.Kestrel - before.Kestrel));
    }

    private static RecordedRequest Cut(RecordedRequest request, Way way) => way switch
    {
        Way.AsRecorded => request,
        Way.ByteByByte => request.CutAt(Enumerable.Range(0, request.HeadLength + SlowBytes).Append(request.Bytes.Length - 3)
            .Append(request.Bytes.Length - 2).Append(request.Bytes.Length - 1).Distinct().Order()),
        _ => request.CutAt([]),
    };

    // A request that the raw door does not serve makes the whole connection the general door's.
    private static Stream Begin(Stream stream, bool general)
    {
        if (general)
        {
            stream.Write("GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"u8);
            var answer = "";
            var buffer = new byte[1024];
            while (!answer.EndsWith("\r\n\r\nOK", StringComparison.Ordinal))
            {
                answer += Encoding.ASCII.GetString(buffer, 0, stream.Read(buffer));
            }
        }

        return stream;
    }

    private static (double Raw, double Kestrel) Served(Scraped scraped) =>
        (scraped.Value("pushgateway_engine_requests_total{door=\"raw\"}"),
            scraped.Value("pushgateway_engine_requests_total{door=\"kestrel\"}"));

    private enum Way
    {
        AsRecorded,
        ByteByByte,
        OneSegment,
        Pipelined,
    }

    /// <summary>One program that speaks plain HTTP and one that speaks TLS.</summary>
    public sealed class TwoGateways : IAsyncLifetime
    {
        private readonly Certificates _certificates = new();

        public GatewayProcess Plain { get; private set; } = null!;

        public GatewayProcess Secure { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Plain = await GatewayProcess.StartAsync("--web.enable-admin-api");
            _certificates.Sign("server", "localhost").Dispose();
            _certificates.Write("web.yml", "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n");
            var tls = _certificates.ClientOptions();
            Secure = await GatewayProcess.StartSecureAsync(
                () => new HttpClient(new SocketsHttpHandler
                {
                    UseProxy = false,
                    SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = tls.CertificateChainPolicy }
                }),
                "--web.enable-admin-api", "--web.config.file=" + _certificates.PathOf("web.yml"));
        }

        public async ValueTask DisposeAsync()
        {
            await Plain.DisposeAsync();
            await Secure.DisposeAsync();
            _certificates.Dispose();
        }

        public Stream Encrypt(Stream stream)
        {
            var tls = new SslStream(stream);
            tls.AuthenticateAsClient(_certificates.ClientOptions());
            return tls;
        }
    }
}
