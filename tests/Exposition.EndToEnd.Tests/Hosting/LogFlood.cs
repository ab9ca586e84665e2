using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Exposition.EndToEnd.Tests.Secure;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Sends what must be refused, of many kinds, as quickly as it is.</summary>
/// <param name="port">Where to.</param>
/// <param name="certificates">For a port that speaks TLS; else null.</param>
internal sealed class LogFlood(int port, Certificates? certificates)
{
    /// <summary>What those show at a port that speaks TLS who are not to be stopped by that.</summary>
    public const string GoodCredentials = "ana:s3cret";

    // What is not answered by then waits for the client, which then goes.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private int _rounds;

    /// <summary>How often a client has sent all kinds.</summary>
    public int Rounds => Volatile.Read(ref _rounds);

    /// <summary>Sends all kinds in turns, at least once.</summary>
    public async Task RunAsync(int client, TimeSpan time)
    {
        var end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        for (var round = 0; round == 0 || Environment.TickCount64 < end; round++)
        {
            foreach (var request in Requests(client, round))
            {
                // The server's own pipeline takes what expects a word first; the rest is the raw door's, as far as it understands it.
                await ExchangeAsync(round % 2 == 0
                    ? request
                    : request.Replace("Host: h\r\n", "Host: h\r\nExpect: 100-continue\r\n", StringComparison.Ordinal));
            }

            if (certificates is not null)
            {
                await SendAsync(LogIn($"ana:guess{client}-{round}"), secure: true);
                await SendAsync(LogIn($"nobody{round}:s3cret"), secure: true);
                await SendAsync(LogIn("ana"), secure: true);
                await SendAsync(OldHello.Bytes, secure: false);
                await SendAsync("\u0016\u0003\u0001\0\u0005hello"u8.ToArray(), secure: false);
                await SendAsync("\0\u0001 nothing of TLS\n"u8.ToArray(), secure: false);
                await SendAsync("GET / HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray(), secure: false);
                await SendAsync([], secure: false);
                await SendAsync(Resets(), secure: true, SslApplicationProtocol.Http2);
                await SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frames at all"u8.ToArray(), secure: true, SslApplicationProtocol.Http2);
            }

            Interlocked.Increment(ref _rounds);
        }
    }

    private static string[] Requests(int client, int round)
    {
        var label = new string('\u0001', 60_000);
        return
        [
            Put($"clash{client}-{round}", "x 1\nx 1\n"),
            Put("bad", $"x{{a=\"{label}\"}} nonsense\n"),
            Put("long", $"x{{a=\"{label}{label}\"}} 1\n"),
            Put("json", "{\"a\": 1}\n"),
            Put("time", "a 1 1700000000000\n"),
            Put("cut", "a 1\n", announced: 100),
            Put("gzip", "no gzip", "Content-Encoding: gzip\r\n"),
            Put("zstd", "no zstd", "Content-Encoding: zstd\r\n"),
            Put("snappy", "\u00ff\u00ff\u00ff\u00ff\u007f", "Content-Encoding: snappy\r\n"),
            Put("protobuf", "\u0001\u0002\u0003",
                "Content-Type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n"),
            Put("open", "a 1\n", "Content-Type: application/openmetrics-text; version=1.0.0\r\n"),
            Put("origin", "a 1\n", "Origin: http://evil.example\r\n"),
            Put("a/b", "a 1\n"),
            Put("a//x", "a 1\n"),
            "PUT /metrics/job@base64/%01%7f HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
            "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 123456789012345678901\r\n\r\n",
            "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\na 1\n",
            "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n",
            "POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\0: x\r\n\r\n",
            "POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: rot13\r\n\r\n",
            "GET //x?\u0001\u007f HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /\u001b[31m HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /metrics HTTP/1.1\r\n\r\n",
            "GET /metrics HTTP/9.9\r\nHost: h\r\n\r\n",
            "GET /metrics HTTP/1.1\nHost: h\n\n",
            "GET /metrics HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
            "GET /" + new string('a', 40_000) + " HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n",
            "BREW / HTTP/1.1\r\nHost: h\r\nX: " + new string('y', 70_000) + "\r\n\r\n",
            "\u0001\u0002\u0003\r\n\r\n",
        ];
    }

    private static string Put(string job, string body, string header = "", int? announced = null) =>
        $"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\n{header}Content-Length: {announced ?? body.Length}\r\n\r\n{body}";

    private static byte[] LogIn(string credentials) => Encoding.ASCII.GetBytes(
        $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nAuthorization: Basic {Base64(credentials)}\r\n\r\n");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private Task ExchangeAsync(string request)
    {
        var more = "Host: h\r\nConnection: close\r\n" + (certificates is null ? "" : $"Authorization: Basic {Base64(GoodCredentials)}\r\n");
        return SendAsync(
            Encoding.Latin1.GetBytes(request.Replace("Host: h\r\n", more, StringComparison.Ordinal)), certificates is not null);
    }

    private async Task SendAsync(byte[] bytes, bool secure, SslApplicationProtocol? protocol = null)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port);
            await using Stream stream = secure ? new SslStream(socket.GetStream()) : socket.GetStream();
            if (stream is SslStream tls)
            {
                var options = certificates!.ClientOptions();
                options.ApplicationProtocols = protocol is { } asked ? [asked] : null;
                await tls.AuthenticateAsClientAsync(options);
            }

            await stream.WriteAsync(bytes);
            using var patience = new CancellationTokenSource(s_patience);
            await stream.ReadExactlyAsync(new byte[1], patience.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or AuthenticationException)
        {
            // Refused in whatever way; the log is what counts.
        }
    }

    // Streams that are begun and given up at once.
    private static byte[] Resets()
    {
        const byte headers = 1, reset = 3, settings = 4, endOfStreamAndHeaders = 5;
        var bytes = new List<byte>([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(settings, 0, 0, [])]);
        for (var stream = 1; stream < 400; stream += 2)
        {
            // GET, https, /, and an authority.
            bytes.AddRange(Frame(headers, endOfStreamAndHeaders, stream, [0x82, 0x87, 0x84, 0x41, 1, (byte)'h']));
            bytes.AddRange(Frame(reset, 0, stream, [0, 0, 0, 8]));
        }

        return [.. bytes];
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload) =>
        [0, 0, (byte)payload.Length, type, flags, 0, 0, (byte)(stream >> 8), (byte)stream, .. payload];
}
