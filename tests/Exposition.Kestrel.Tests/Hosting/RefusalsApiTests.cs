using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Whatever is refused, by either door or by Kestrel itself, can be read in any host that maps the API.</summary>
public sealed class RefusalsApiTests : IAsyncLifetime
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    public RefusalsApiTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        builder.Services.AddExposition(static options =>
        {
            options.MaxBodyBytes = 1000;
            options.MaxTargetBytes = 2000;
            options.MaxScrapes = 1;
            options.TrustedProxies.Add(IPNetwork.Parse("127.0.0.0/8"));
        });
        builder.Services.Configure<ExpositionStatusOptions>(static status => status.AllowAnyOrigin = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.UseExpositionHeadLimits();
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.UseExpositionHeadLimits();
        _app.UseExpositionPathRules();
        _app.UseRouting();
        _app.MapExposition();
        _app.MapExpositionApi();
    }

    private Uri[] Addresses => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
        .Select(static a => new Uri(a))];

    public async ValueTask InitializeAsync() => await _app.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("PUT", "/metrics/job/a/x/y", "nonsense", 400, "malformed", null, "{\"job\":\"a\",\"x\":\"y\"}")]
    [InlineData("POST", "/metrics/job/a", "x 1\nx 1\n", 400, "inconsistent", null, "{\"job\":\"a\"}")]
    [InlineData("PUT", "/metrics/job/a", "LONG", 413, "too_large", "body-bytes", "{\"job\":\"a\"}")]
    [InlineData("PUT", "/metrics/job/a/b", "x 1\n", 400, "path", null, null)]
    [InlineData("DELETE", "/metrics/job@base64/%25", "", 400, "path", null, null)]
    [InlineData("GET", "/metrics/job/a", "", 405, "method", null, null)]
    [InlineData("PUT", "/metrics/jop", "x 1\n", 404, "not_found", null, null)]
    [InlineData("GET", "/metrics/%zz", "", 400, "target", null, null)]
    [InlineData("GET", "/metrics?match[]={job", "", 400, "query", null, null)]
    [InlineData("GET", "/metrics?shard=3/3", "", 400, "query", null, null)]
    [InlineData("GET", "/metrics/LONGLONG", "", 414, "target_too_long", "target-bytes", null)]
    public async Task A_refused_request_is_there_whichever_door_it_came_to(
        string method, string path, string body, int status, string why, string? limit, string? group)
    {
        string text = new('x', 1500);
        (path, body) = (path.Replace("LONG", text, StringComparison.Ordinal), body.Replace("LONG", text, StringComparison.Ordinal));
        int before = 0;
        foreach (Uri address in Addresses)
        {
            string answer = await SendAsync(address.Port,
                $"{method} {path} HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 10.1.2.{before}\r\nConnection: close\r\n"
                    + $"Content-Length: {body.Length}\r\n\r\n{body}");
            Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
            JsonElement[] kept = await RefusalsAsync();
            Assert.Equal(before + 1, kept.Length);
            JsonElement refused = kept[0];
            Assert.Equal(
                (why, limit, method, status, "127.0.0.1", $"10.1.2.{before}", 1),
                (Text(refused, "class"), Text(refused, "limit"), Text(refused, "method"), refused.GetProperty("status").GetInt32(),
                    Text(refused, "remote_address"), Text(refused, "forwarded_address"), refused.GetProperty("count").GetInt32()));
            Assert.Equal(group, refused.TryGetProperty("group", out JsonElement labels) ? labels.GetRawText() : null);
            Assert.StartsWith(path[..Math.Min(path.Length, 1000)], Text(refused, "path"), StringComparison.Ordinal);
            Assert.InRange(Text(refused, "path")!.Length, 1, 1100);
            Assert.Contains(Text(refused, "reason")!, answer, StringComparison.Ordinal);
            Assert.Equal(Text(refused, "first_time"), Text(refused, "last_time"));
            before++;
        }
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\n\r\n", 400, "/metrics", true)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\n", 400, "/metrics", false)]
    [InlineData("BREW\r\n\r\n", 400, null, true)]
    [InlineData("GET /metrics HTTP/9.9\r\nHost: h\r\n\r\n", 505, "/metrics", true)]
    public async Task A_head_that_nobody_can_read_is_there_too(string head, int status, string? path, bool refusedByKestrel)
    {
        Uri[] addresses = refusedByKestrel ? Addresses : Addresses[..1];
        foreach (Uri address in addresses)
        {
            Assert.StartsWith($"HTTP/1.1 {status} ", await SendAsync(address.Port, head), StringComparison.Ordinal);
        }

        JsonElement[] kept = await RefusalsAsync();
        Assert.Equal(addresses.Length, kept.Length);
        Assert.All(kept, refused => Assert.Equal(status, refused.GetProperty("status").GetInt32()));
        Assert.Equal(path, Text(kept[^1], "path"));
    }

    [Fact]
    public async Task No_page_of_another_origin_is_invited_to_what_the_reference_lacks()
    {
        Uri root = Addresses[1];
        await _client.PutAsync(new Uri(root, "/metrics/job/a"), new StringContent("x 1\n"), TestContext.Current.CancellationToken);
        await _client.PutAsync(new Uri(root, "/metrics/job/a"), new StringContent("nonsense"), TestContext.Current.CancellationToken);
        string own = root.GetLeftPart(UriPartial.Authority);

        Assert.DoesNotContain("Access-Control", await HeadersAsync("GET", "/api/v1/refusals"), StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", await HeadersAsync("GET", "/api/v1/metrics?details=true"), StringComparison.Ordinal);
        foreach (string path in (string[])["refusals", "Refusals", "refusals/", "groups", "jobs", "targets", "admin/groups"])
        {
            string headers = await HeadersAsync("OPTIONS", "/api/v1/" + path);
            Assert.DoesNotContain("Access-Control", headers, StringComparison.Ordinal);
            Assert.Contains("Allow: ", headers, StringComparison.Ordinal);
        }

        foreach (string path in (string[])["status", "metrics", "admin/wipe", "whatever"])
        {
            Assert.Contains("Access-Control-Allow-Origin: *", await HeadersAsync("OPTIONS", "/api/v1/" + path), StringComparison.Ordinal);
        }

        // What only we know is for our own page, and for those who are no page.
        const string details = "/api/v1/metrics?details=true";
        Assert.Contains("last_failure", await BodyAsync(details, null), StringComparison.Ordinal);
        Assert.Contains("last_failure", await BodyAsync(details, own), StringComparison.Ordinal);
        foreach (string origin in (string[])["https://evil.example", "null", "", own + ".evil.example"])
        {
            Assert.DoesNotContain("last_failure", await BodyAsync(details, origin), StringComparison.Ordinal);
        }

        Assert.Contains("Access-Control-Allow-Origin: *",
            await HeadersAsync("GET", details, "https://evil.example"), StringComparison.Ordinal);
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private async Task<JsonElement[]> RefusalsAsync()
    {
        using JsonDocument document = JsonDocument.Parse(await BodyAsync("/api/v1/refusals", null));
        Assert.Equal("success", document.RootElement.GetProperty("status").GetString());
        return [.. document.RootElement.GetProperty("data").EnumerateArray().Select(static e => e.Clone())];
    }

    private async Task<string> BodyAsync(string path, string? origin)
    {
        using HttpResponseMessage answer = await AskAsync("GET", path, origin);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string> HeadersAsync(string method, string path, string? origin = null)
    {
        using HttpResponseMessage answer = await AskAsync(method, path, origin);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.ToString() + answer.Content.Headers;
    }

    private async Task<HttpResponseMessage> AskAsync(string method, string path, string? origin)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Addresses[1], path));
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<string> SendAsync(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, patience.Token);
        }
        catch (IOException)
        {
            // A reset is an end.
        }

        return Encoding.UTF8.GetString(received.ToArray());
    }
}
