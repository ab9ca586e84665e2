using System.Net.Http.Headers;
using System.Text;

namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>
/// The dozen requests that break the reference (its scrapes, its JSON API, its page or all pushes), through both doors of the running
/// program. None breaks anything here: another group pushes, scrapes hold it in every language, and API and page answer.
/// </summary>
public sealed class GatewayBreakingRequestsTests
{
    private const string Bystander = "bystander_metric{instance=\"\",job=\"bystander\"}";

    private static readonly byte[] s_gauge = [0x22, 11, 0x12, 9, 0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F];

    // h, a histogram: count 2, sum 1, schema 9, one span of length 5 and one delta.
    private static readonly byte[] s_badNative =
        [0x0A, 1, (byte)'h', 0x18, 4, 0x22, 23, 0x3A, 21, 0x08, 2, 0x11, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x28, 18, 0x62, 4, 0x08, 0, 0x10, 5,
            0x68, 4];

    public enum Door
    {
        Raw,
        Kestrel,
    }

    [Theory]
    [InlineData(Door.Raw)]
    [InlineData(Door.Kestrel)]
    public async Task Nothing_breaks(Door door)
    {
        await using var gateway = await GatewayProcess.StartAsync();
        await ExpectAsync(gateway, door, 400, "D1", "metrics/job/%FF", "a 1\n");
        await ExpectAsync(gateway, door, 400, "D1", "metrics/job/a/x/%C3%28", "a 1\n");
        await ExpectAsync(gateway, door, 200, "D2", "metrics/job/a", "a 1\n");
        await ExpectAsync(gateway, door, 400, "D2", "metrics/job/a/instance/", "b 1\n");
        await ExpectAsync(gateway, door, 400, "D2", "metrics/job/a/instance@base64/=", "b 1\n");
        await ExpectAsync(gateway, door, 400, "D4", "metrics/job/a", [0x18, 1, .. s_gauge]);
        await ExpectAsync(gateway, door, 400, "D5", "metrics/job/a", [0x0A, 1, (byte)'x', 0x18, 9, .. s_gauge]);
        await ExpectAsync(gateway, door, 400, "D6", "metrics/job/a", [0x0A, 1, (byte)'x', 0x18, 5, .. s_gauge]);
        await ExpectAsync(gateway, door, 200, "D7", "metrics/job/a", [0x0A, 25, .. "push_failure_time_seconds"u8, 0x18, 1]);
        await ExpectAsync(gateway, door, 200, "D8", "metrics/job/native", s_badNative);
        await ExpectAsync(gateway, door, 200, "D9", "metrics/job/a",
            "# TYPE pushgateway_http_push_duration_seconds gauge\npushgateway_http_push_duration_seconds 1\n");
        await ExpectAsync(
            gateway, door, 400, "D10", "metrics/job/a/le/1", "# TYPE h2 histogram\nh2_bucket{le=\"1\"} 1\nh2_sum 1\nh2_count 1\n");
        await ExpectAsync(gateway, door, 400, "D10", "metrics/job/a", [0x0A, 2, (byte)'x', 0xFF, 0x18, 1, .. s_gauge]);
        await ExpectAsync(gateway, door, 400, "D12", "metrics/job/a", "{} 1\n");
        await ExpectAsync(gateway, door, 400, "D12", "metrics/job/a", "# TYPE foo counter\n{} 2\n");
    }

    [Theory]
    [InlineData(Door.Raw)]
    [InlineData(Door.Kestrel)]
    public async Task Nothing_breaks_with_utf8_names(Door door)
    {
        await using var gateway = await GatewayProcess.StartAsync("--push.enable-utf8-names");
        await ExpectAsync(gateway, door, 400, "D3", "metrics/job/a/U______foo/bar", "a 1\n");
        await ExpectAsync(gateway, door, 400, "D12", "metrics/job/a", "{} 1\n");
    }

    [Theory]
    [InlineData(Door.Raw)]
    [InlineData(Door.Kestrel)]
    public async Task Nothing_breaks_unchecked(Door door)
    {
        await using var gateway = await GatewayProcess.StartAsync("--push.disable-consistency-check");
        await ExpectAsync(gateway, door, 202, "D11", "metrics/job/a", "x 1\nx 2\n");
        await ExpectAsync(gateway, door, 202, "D11", "metrics/job/b", "# TYPE x counter\nx 1\n");
        await ExpectAsync(gateway, door, 202, "D11", "metrics/job/a/instance/", "x 1\n");
        await ExpectAsync(gateway, door, 202, "D11", "metrics/job/a/le/1", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n");
        await ExpectAsync(gateway, door, 202, "D11", "metrics/job/a", [0x0A, 1, (byte)'y', 0x18, 0, .. s_gauge]);
    }

    private static Task ExpectAsync(GatewayProcess gateway, Door door, int status, string defect, string path, string body) =>
        ExpectAsync(gateway, door, status, defect, path, new ByteArrayContent(Encoding.UTF8.GetBytes(body)));

    private static Task ExpectAsync(GatewayProcess gateway, Door door, int status, string defect, string path, byte[] family)
    {
        var content = new ByteArrayContent([(byte)family.Length, .. family]);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited");
        return ExpectAsync(gateway, door, status, defect, path, content);
    }

    private static async Task ExpectAsync(GatewayProcess gateway, Door door, int status, string defect, string path, HttpContent content)
    {
        using (var request = new HttpRequestMessage(HttpMethod.Put, new Uri(gateway.Address, path)) { Content = content })
        {
            // What asks for 100-continue is handed on to the general HTTP pipeline.
            request.Headers.ExpectContinue = door == Door.Kestrel;
            using var answer = await gateway.Client.SendAsync(request);
            Assert.True(status == (int)answer.StatusCode,
                $"{defect} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        using var bystander = await gateway.Client.PutAsync(
            new Uri(gateway.Address, "metrics/job/bystander"), new StringContent("bystander_metric 7\n"));
        Assert.True(bystander.IsSuccessStatusCode,
            $"after {defect} {path} another push is answered {await bystander.Content.ReadAsStringAsync()}");
        var scraped = await gateway.ScrapeAsync();
        Assert.True(scraped.Samples.GetValueOrDefault(Bystander) == 7, $"after {defect} {path} the other group's series is not exposed");
        Assert.Single(scraped.Samples.Keys, static key => key.StartsWith("pushgateway_build_info{", StringComparison.Ordinal));
        foreach (var (other, expected) in new[] { ("api/v1/metrics", "\"bystander_metric\""), ("", "bystander"),
            ("api/v1/status", "build_information") })
        {
            using var answer = await gateway.Client.GetAsync(new Uri(gateway.Address, other));
            Assert.True(answer.IsSuccessStatusCode, $"after {defect} {path} /{other} is answered {(int)answer.StatusCode}");
            Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var scrape = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Address, "metrics"));
        scrape.Headers.TryAddWithoutValidation(
            "Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited");
        using var protobuf = await gateway.Client.SendAsync(scrape);
        Assert.Equal("application/vnd.google.protobuf", protobuf.Content.Headers.ContentType?.MediaType);
        Assert.Contains(
            "bystander_metric", Encoding.Latin1.GetString(await protobuf.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
    }
}
