using System.Net;
using System.Text;
using Exposition.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>A host in a test, without sockets: the endpoints alone.</summary>
public sealed class TestServerTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("/gw", false)]
    [InlineData("/gw", true)]
    public async Task A_test_server_serves_all_that_sockets_do(string prefix, bool raw)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddExposition(static options => options.EnableOpenMetrics = true);
        if (raw)
        {
            // As the program under test has it; the test's server listens nowhere.
            builder.WebHost.ConfigureKestrel(static kestrel =>
                kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition()));
        }

        builder.WebHost.UseTestServer();
        await using WebApplication app = builder.Build();
        app.MapExposition(prefix);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = app.GetTestClient();
        async Task<(HttpStatusCode Status, string Text)> Send(HttpMethod method, string path, byte[] body, string? encoding = null)
        {
            using var request = new HttpRequestMessage(method, prefix + path) { Content = new ByteArrayContent(body) };
            if (encoding is not null)
            {
                request.Content.Headers.ContentEncoding.Add(encoding);
            }

            using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        string many = string.Concat(Enumerable.Range(0, 50_000).Select(static i => $"big{{n=\"{i}\"}} {i}\n"));
        Assert.Equal((HttpStatusCode.OK, ""), await Send(HttpMethod.Put, "/metrics/job/a%2Fb", "slash 1\n"u8.ToArray()));
        Assert.Equal((HttpStatusCode.OK, ""), await Send(HttpMethod.Put, "/metrics/job@base64/Yw", "coded 1\n"u8.ToArray()));
        Assert.Equal((HttpStatusCode.OK, ""),
            await Send(HttpMethod.Post, "/metrics/job/packed", Gzip.Pack("packed 1\n"u8.ToArray()), "gzip"));
        Assert.Equal((HttpStatusCode.OK, ""), await Send(HttpMethod.Put, "/metrics/job/many", Encoding.ASCII.GetBytes(many)));
        (HttpStatusCode refused, string why) = await Send(HttpMethod.Put, "/metrics/job/bad", "{"u8.ToArray());
        Assert.Equal(HttpStatusCode.BadRequest, refused);
        Assert.StartsWith("text format parsing error in line 1", why, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, (await Send(HttpMethod.Delete, "/metrics/job@base64/Yw", [])).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Send(HttpMethod.Put, "/metrics/jobs/a", "x 1\n"u8.ToArray())).Status);

        string scraped = await client.GetStringAsync(prefix + "/metrics", TestContext.Current.CancellationToken);

        Assert.Contains("slash{instance=\"\",job=\"a/b\"} 1\n", scraped, StringComparison.Ordinal);
        Assert.Contains("packed{instance=\"\",job=\"packed\"} 1\n", scraped, StringComparison.Ordinal);
        Assert.Contains("big{instance=\"\",job=\"many\",n=\"49999\"} 49999\n", scraped, StringComparison.Ordinal);
        Assert.DoesNotContain("coded{", scraped, StringComparison.Ordinal);
        client.DefaultRequestHeaders.Add("Accept", "application/openmetrics-text; version=1.0.0");
        client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip");
        byte[] packed = await client.GetByteArrayAsync(prefix + "/metrics", TestContext.Current.CancellationToken);
        Assert.EndsWith("# EOF\n", Encoding.UTF8.GetString(Gzip.Unpack(packed)), StringComparison.Ordinal);
        Assert.Equal(3, app.Services.GetRequiredService<MetricStore>().GroupCount);
    }
}
