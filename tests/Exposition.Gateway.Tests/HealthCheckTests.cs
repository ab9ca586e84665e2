using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Health;
using Exposition.Gateway.Listening;

namespace Exposition.Gateway.Tests;

/// <summary><c>--check-health</c>: where is asked, and what is said. The end-to-end tests ask the real program.</summary>
public sealed class HealthCheckTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-health").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("http://127.0.0.1:9091/-/healthy")]
    [InlineData("http://127.0.0.1:99/-/healthy", "--web.listen-address=:99")]
    [InlineData("http://127.0.0.1:99/-/healthy", "--web.listen-address=0.0.0.0:99", "--web.listen-address=:98")]
    [InlineData("http://[::1]:99/-/healthy", "--web.listen-address=[::]:99")]
    [InlineData("http://192.0.2.7:99/-/healthy", "--web.listen-address=192.0.2.7:99")]
    [InlineData("http://127.0.0.1:9091/a/b%20c/-/healthy", "--web.route-prefix=/a/b c/")]
    [InlineData("http://127.0.0.1:9091/ext/-/healthy", "--web.external-url=https://push.example.org/ext")]
    [InlineData("unix:/run/x.sock /p/-/healthy", "--web.listen-address=unix:/run/x.sock", "--web.route-prefix=p")]
    [InlineData("https://push.example.org/-/ready?x", "--check-health=https://user:secret@push.example.org/-/ready?x")]
    public void It_asks_where_the_flags_say(string expected, params string[] arguments)
    {
        Assert.Equal(expected, HealthTarget.From(Flags.Parse(arguments)).Shown);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("push.example.org", "--web.allowed-hosts=push.example.org,other.example.org")]
    [InlineData("health.example.org:9091", "--web.allowed-hosts=*.example.org:9091")]
    public void It_asks_under_a_name_that_is_served(string? expected, params string[] arguments) =>
        Assert.Equal(expected, HealthTarget.From(Flags.Parse(arguments)).Host);

    [Theory]
    [InlineData(true, "--check-health")]
    [InlineData(true, "--check-health=https://localhost:9091/-/healthy")]
    [InlineData(true, "--check-health=https://127.0.0.1:9091/-/healthy")]
    [InlineData(false, "--check-health=https://push.example.org/-/healthy")]
    public void Certificates_of_other_machines_are_verified(bool takesAny, string argument) =>
        Assert.Equal(takesAny, HealthTarget.From(Flags.Parse([argument])).TakesAnyCertificate);

    [Theory]
    [InlineData("only systemd knows the address of --web.systemd-socket: give --check-health=URL", "--web.systemd-socket")]
    [InlineData("the port of --web.listen-address=:0 is another one at each start: give --check-health=URL", "--web.listen-address=:0")]
    public void Where_the_flags_do_not_say_it_a_URL_is_asked_for(string error, string argument) =>
        Assert.Equal(error, Assert.Throws<ListenException>(() => HealthTarget.From(Flags.Parse([argument]))).Message);

    [Theory]
    [InlineData("localhost:9091")]
    [InlineData("ftp://localhost/")]
    [InlineData("")]
    public void What_is_no_URL_is_refused(string url) => Assert.StartsWith("--check-health: expected a URL such as http://localhost:9091/",
        Assert.Throws<FlagException>(() => Flags.Parse(["--check-health=" + url])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("0")]
    [InlineData("2h")]
    public void A_wait_has_an_end_and_a_beginning(string time) =>
        Assert.Equal($"check-health-timeout: expected at most 1h and more than 0, got {time}",
            Assert.Throws<FlagException>(() => Flags.Parse(["--check-health-timeout", time])).Message);

    [Fact]
    public void The_URL_may_stand_behind_a_blank()
    {
        Flags flags = Flags.Parse(["--check-health", "http://localhost:1/x", "--web.enable-lifecycle"]);
        Assert.Equal(new Uri("http://localhost:1/x"), flags.CheckHealthUrl);
        Assert.True(flags.EnableLifecycle);
        Assert.Null(Flags.Parse(["--check-health", "--web.enable-lifecycle"]).CheckHealthUrl);
    }

    [Fact]
    public void The_web_configuration_decides_on_TLS_and_on_what_shows_life()
    {
        string file = Write("tls_server_config: {cert_file: a, key_file: b}\nbasic_auth_users: {}\n");
        HealthTarget target = HealthTarget.From(Flags.Parse(["--web.config.file=" + file]));
        Assert.Equal(("https", 0), (target.Url.Scheme, target.SignsOfLife.Count));

        file = Write($"basic_auth_users: {{ana: {Hash}}}\nrate_limit: {{interval: 1s, burst: 1}}\n");
        target = HealthTarget.From(Flags.Parse(["--web.config.file=" + file]));
        Assert.Equal("http", target.Url.Scheme);
        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests], target.SignsOfLife);
    }

    [Theory]
    [InlineData("requires client certificates", "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}")]
    [InlineData("line 1: ", "tls_server_config: {no_such_key: 1}")]
    [InlineData("Could not find file", null)]
    public async Task A_web_configuration_that_does_not_let_it_ask_is_told(string error, string? config)
    {
        string file = config is null ? Path.Combine(_directory, "none") : Write(config);
        (int code, string output, string errors) = await RunAsync("--web.config.file=" + file);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("cannot check the health: ", errors, StringComparison.Ordinal);
        Assert.Contains(error, Assert.Single(errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "healthy: {0}: 200 OK\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")]
    [InlineData(1, "unhealthy: {0}: 503 persistence has ended\n", "HTTP/1.1 503 X\r\n\r\npersistence has ended\nand more")]
    [InlineData(1, "unhealthy: {0}: 302 ", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")]
    [InlineData(1, "unhealthy: {0}: ", "SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData(1, "unhealthy: {0}: ", "")]
    public async Task What_is_answered_is_told_in_one_line(int expected, string line, string answer)
    {
        using var server = new Answering(new IPEndPoint(IPAddress.Loopback, 0), answer);
        string url = $"http://{server.Address}/-/healthy";
        (int code, string output, string errors) = await RunAsync("--web.listen-address=" + server.Address);
        Assert.Equal(expected, code);
        Assert.StartsWith(
            line.Replace("{0}", url, StringComparison.Ordinal), output + errors, StringComparison.Ordinal);
        Assert.Single((output + errors).TrimEnd('\n').Split('\n'));
        Assert.Equal(code == 0, errors.Length == 0);
        Assert.StartsWith($"GET /-/healthy HTTP/1.1\r\nHost: {server.Address}\r\n", await server.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_asks_for_a_password_lives()
    {
        const string Answer = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 13\r\n\r\nUnauthorized\n";
        string file = Write($"basic_auth_users: {{ana: {Hash}}}\n");
        using var own = new Answering(new IPEndPoint(IPAddress.Loopback, 0), Answer);
        Assert.Equal((0, $"healthy: http://{own.Address}/-/healthy: 401 Unauthorized\n", ""),
            await RunAsync("--web.config.file=" + file, "--web.listen-address=" + own.Address));

        // Of a URL nothing is known.
        using var other = new Answering(new IPEndPoint(IPAddress.Loopback, 0), Answer);
        (int code, _, string errors) = await RunAsync($"--check-health=http://an%61:s3%63ret@{other.Address}/-/healthy");
        Assert.Equal((1, $"unhealthy: http://{other.Address}/-/healthy: 401 Unauthorized\n"), (code, errors));
        Assert.Contains("Basic " + Convert.ToBase64String("ana:s3cret"u8), await other.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_unix_socket_is_asked_by_its_path()
    {
        string path = Path.Combine(_directory, "x.sock");
        using var server = new Answering(new UnixDomainSocketEndPoint(path), "HTTP/1.1 200 OK\r\n\r\nOK");
        Assert.Equal((0, $"healthy: unix:{path} /-/healthy: 200 OK\n", ""), await RunAsync("--web.listen-address=unix:" + path));
        (int code, _, string errors) = await RunAsync("--web.listen-address=unix:" + path + "2");
        Assert.Equal(1, code);
        Assert.StartsWith($"unhealthy: unix:{path}2 /-/healthy: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_and_nobody_who_answers_are_told_apart()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string address = silent.LocalEndpoint.ToString()!;
        Assert.Equal((1, "", $"unhealthy: http://{address}/-/healthy: no answer within 100ms\n"),
            await RunAsync("--web.listen-address=" + address, "--check-health-timeout=100ms"));
        silent.Stop();
        (int code, _, string errors) = await RunAsync("--web.listen-address=" + address);
        Assert.Equal((1, $"unhealthy: http://{address}/-/healthy: Connection refused\n"), (code, errors));
    }

    private static string Hash => BCrypt.Net.BCrypt.HashPassword("s3cret", 4);

    private string Write(string config)
    {
        string file = Path.Combine(_directory, "web.yml");
        File.WriteAllText(file, config);
        return file;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        int code = await HealthCheck.RunAsync(Flags.Parse(arguments), output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>A server that answers one request and closes.</summary>
    private sealed class Answering : IDisposable
    {
        private readonly Socket _listener;

        public Answering(EndPoint address, string answer)
        {
            _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            _listener.Bind(address);
            _listener.Listen();
            Asked = AnswerAsync(answer);
        }

        public string Address => _listener.LocalEndPoint!.ToString()!;

        public Task<string> Asked { get; }

        public void Dispose() => _listener.Dispose();

        private async Task<string> AnswerAsync(string answer)
        {
            using Socket client = await _listener.AcceptAsync();
            byte[] head = new byte[4096];
            int length = 0;
            while (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                int read = await client.ReceiveAsync(head.AsMemory(length));
                Assert.NotEqual(0, read);
                length += read;
            }

            await client.SendAsync(Encoding.UTF8.GetBytes(answer));
            client.Shutdown(SocketShutdown.Send);
            return Encoding.UTF8.GetString(head, 0, length);
        }
    }
}
