using System.Net.Http.Headers;
using Exposition.EndToEnd.Tests.Hosting;

namespace Exposition.EndToEnd.Tests.Secure;

/// <summary>What the web configuration does without TLS, and how a wrong one ends the start.</summary>
public sealed class PlainConfigTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-web").FullName;

    private string File => Path.Combine(_directory, "web.yml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_rate_limit_comes_first_and_headers_are_on_every_answer()
    {
        await System.IO.File.WriteAllTextAsync(
            File, "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: \"0\"\nrate_limit:\n  interval: "
            + "1h\n  burst: 6\n");
        await using var gateway = await GatewayProcess.StartAsync("--web.config.file=" + File);
        var statuses = new List<int>();
        for (var i = 0; i < 7; i++)
        {
            // Every other request is one of those that the raw door serves.
            using var answer = await gateway.Client.GetAsync(new Uri(i % 2 == 0 ? "metrics" : "nowhere", UriKind.Relative));
            statuses.Add((int)answer.StatusCode);
            Assert.Equal("deny", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("0", answer.Headers.GetValues("X-XSS-Protection").Single());
            if (answer.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal("Too Many Requests\n", await answer.Content.ReadAsStringAsync());
                Assert.Equal(TimeSpan.FromHours(1), answer.Headers.RetryAfter!.Delta);
            }
        }

        // The probe for readiness took one of the six.
        Assert.Equal([200, 404, 200, 404, 200, 429, 429], statuses);
    }

    [Fact]
    public async Task Good_credentials_are_served_by_the_raw_door_and_bad_ones_are_401()
    {
        await System.IO.File.WriteAllTextAsync(File, $"basic_auth_users:\n  ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}\n");
        var good = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("ana:s3cret"u8));
        await using var gateway = await GatewayProcess.StartSecureAsync(() =>
        {
            var client = new HttpClient(new ToPlain());
            client.DefaultRequestHeaders.Authorization = good;
            return client;
        }, "--web.config.file=" + File);
        for (var i = 0; i < 5; i++)
        {
            using var pushed = await gateway.Client.PutAsync("metrics/job/a", new StringContent("a 1\n"));
            Assert.Equal(HttpStatusCode.OK, pushed.StatusCode);
        }

        var scraped = await gateway.ScrapeAsync();
        Assert.Equal(6, scraped.Value("pushgateway_engine_requests_total{door=\"raw\"}"));
        foreach (var bad in (byte[][])[[.. "ana:guess"u8], [.. "ana:s3cret"u8, 0xFF], [0xFF]])
        {
            gateway.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(bad));

            // What the raw door would serve, and what only the general one does.
            foreach (var path in (string[])["metrics/job/a", "api/v1/admin/wipe"])
            {
                using var refused = await gateway.Client.PutAsync(path, new StringContent("a 2\n"));
                Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
                Assert.Equal("Basic realm=\"pushgateway\", charset=\"UTF-8\"", refused.Headers.WwwAuthenticate.ToString());
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("basic_auth_users:\n")]
    [InlineData("# nothing\n")]
    public async Task A_file_that_loses_its_users_leaves_them_in_force(string text)
    {
        await System.IO.File.WriteAllTextAsync(File, $"basic_auth_users:\n  ana: {BCrypt.Net.BCrypt.HashPassword("s3cret", 4)}\n");
        await using var gateway = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.config.file=" + File]));
        await LogsAsync(gateway, "Listening on");
        await System.IO.File.WriteAllTextAsync(File, text);
        await LogsAsync(gateway, "no users are left");
        var address = gateway.Output.Split("msg=\"Listening on\" address=")[1].Split('\n')[0].Trim();
        using var client = new HttpClient();
        using var answer = await client.GetAsync($"http://{address}/metrics");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("level=warn msg=\"request refused\" method=GET logged_source=127.0.0.1:", gateway.Output, StringComparison.Ordinal);
    }

    private static async Task LogsAsync(ChildProcess gateway, string text)
    {
        for (var i = 0; i < 3000 && !gateway.Output.Contains(text, StringComparison.Ordinal); i++)
        {
            await Task.Delay(20);
        }

        Assert.Contains(text, gateway.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bogus: 1\n", "yaml: unmarshal errors: line 1: field bogus not found in type web.Config")]
    [InlineData("tls_server_config:\n  cert_file: none.crt\n  key_file: none.key\n", "failed to read cert_file (none.crt)")]
    [InlineData("tls_server_config:\n  cert: no certificate\n  key: no key\n", "failed to load X509KeyPair")]
    [InlineData("tls_server_config:\n  cert_file: \"a\\0b\"\n  key_file: c\n", "level=error")]
    [InlineData(null, "Could not find file")]
    public async Task A_wrong_file_ends_the_start_with_one_line_and_one(string? text, string expected)
    {
        if (text is not null)
        {
            await System.IO.File.WriteAllTextAsync(File, text);
        }

        await using var gateway = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.config.file=" + File]));
        await ListenTests.EndedAsync(gateway);
        Assert.Equal(1, gateway.ExitCode);
        Assert.Contains(expected, Assert.Single(
            gateway.Output.Split('\n'), static line => line.Contains("level=error", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    // The harness takes whoever brings clients of his own for a speaker of TLS.
    private sealed class ToPlain() : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = "http" }.Uri;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
