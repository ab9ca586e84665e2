using Exposition.Kestrel.Origins;

namespace Exposition.Kestrel.Tests;

/// <summary>A page of another origin cannot change anything, through either door; whoever is no page is not concerned.</summary>
public sealed class OriginRulesTests : IAsyncLifetime
{
    private readonly TwoDoors _doors = new() { TrustedOrigins = ["https://push.example.org/pg"] };

    public ValueTask InitializeAsync() => _doors.InitializeAsync();

    public ValueTask DisposeAsync() => _doors.DisposeAsync();

    [Theory]
    [InlineData("h:9091", "Sec-Fetch-Site: cross-site", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-site", 403)]
    [InlineData("h:9091", "sec-fetch-site: CROSS-SITE", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-origin, cross-site", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: cross-site\r\nOrigin: http://h:9091", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-origin", 200)]
    [InlineData("h:9091", "Sec-Fetch-Site: none", 200)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-origin\r\nOrigin: http://seen-by-a-proxy", 200)]
    [InlineData("h:9091", "Sec-Fetch-Site: something-new\r\nOrigin: http://evil.example", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site:\r\nOrigin: http://evil.example", 403)]
    [InlineData("h:9091", "Origin: null", 403)]
    [InlineData("h:9091", "Origin:", 403)]
    [InlineData("h:9091", "Origin: http://evil.example", 403)]
    [InlineData("h:9091", "Origin: http://h", 403)]
    [InlineData("h:9091", "Origin: http://h:9092", 403)]
    [InlineData("h:9091", "Origin: http://h:9091.evil.example", 403)]
    [InlineData("h:9091", "Origin: http://h:9091@evil.example", 403)]
    [InlineData("h:9091", "Origin: http://evil.example/h:9091", 403)]
    [InlineData("h:9091", "Origin: file://h:9091", 403)]
    [InlineData("h:9091", "Origin: h:9091", 403)]
    [InlineData("h:9091", "Origin: http://h:9091, http://evil.example", 403)]
    [InlineData("h:9091", "Origin: http://h:9091\r\nOrigin: http://evil.example", 403)]
    [InlineData("h:9091", "Origin: http://h:9091", 200)]
    [InlineData("H:9091", "Origin: HTTP://h:9091", 200)]
    [InlineData("h:9091", "Origin: https://h:9091", 200)]
    [InlineData("h", "Origin: http://h", 200)]
    [InlineData("h", "Origin: https://h", 200)]
    [InlineData("h", "Origin: http://h:80", 200)]
    [InlineData("h", "Origin: http://h:443", 403)]
    [InlineData("h:443", "Origin: https://h", 200)]
    [InlineData("h:80", "Origin: https://h", 403)]
    [InlineData("[::1]:9091", "Origin: http://[0:0:0:0:0:0:0:1]:9091", 200)]
    [InlineData("[::1]:9091", "Origin: http://[::2]:9091", 403)]
    [InlineData("[FE80::A]", "Origin: http://[fe80::a]", 200)]
    [InlineData("h:9091", "Origin: https://push.example.org", 200)]
    [InlineData("h:9091", "Origin: https://push.example.org:443", 200)]
    [InlineData("h:9091", "Origin: https://push.example.org:444", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: cross-site\r\nOrigin: https://push.example.org", 200)]
    [InlineData("h:9091", "Sec-Fetch-Site: same-site\r\nOrigin: https://push.example.org", 200)]
    [InlineData("h:9091", "Sec-Fetch-Site: cross-site\r\nOrigin: https://push.example.org:444", 403)]
    [InlineData("h:9091", "Sec-Fetch-Site: cross-site\r\nOrigin: https://push.example.org\r\nOrigin: http://evil.example", 403)]
    [InlineData("h:9091", "Referer: http://evil.example/", 200)]
    [InlineData("h:9091", "X-Nothing: 1", 200)]
    public async Task A_page_of_another_origin_cannot_push_or_delete(string host, string headers, int expected)
    {
        foreach (string method in (string[])["PUT", "POST", "DELETE"])
        {
            foreach (int port in (int[])[_doors.RawPort, _doors.EndpointPort])
            {
                double before = _doors.Rejected("cross_site");
                string answer = await TwoDoors.SendAsync(port,
                    $"{method} /metrics/job/a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\nContent-Length: 4\r\n\r\nx 1\n");
                int right = expected == 200 && method == "DELETE" ? 202 : expected;
                Assert.StartsWith($"HTTP/1.1 {right} ", answer, StringComparison.Ordinal);
                Assert.Equal(before + (expected == 403 ? 1 : 0), _doors.Rejected("cross_site"));
            }
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Origin: http://evil.example")]
    public async Task A_scrape_is_served_to_anybody(string header)
    {
        foreach (int port in (int[])[_doors.RawPort, _doors.EndpointPort])
        {
            string answer = await TwoDoors.SendAsync(port, $"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{header}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "anything", true)]
    [InlineData("h", "h", true)]
    [InlineData("h", "H:9091", true)]
    [InlineData("h", "evil.example", false)]
    [InlineData("h", "h.evil.example", false)]
    [InlineData("h", "evilh", false)]
    [InlineData("h", "", true)]
    [InlineData("h:9091", "h:9091", true)]
    [InlineData("h:9091", "h", false)]
    [InlineData("*.example.org", "a.b.example.org", true)]
    [InlineData("*.example.org", "example.org", false)]
    [InlineData("*.example.org", "evilexample.org", false)]
    [InlineData("[::1]", "[0:0::1]:9091", true)]
    [InlineData("127.0.0.1,h", "h", true)]
    [InlineData("h.example.", "h.example", true)]
    [InlineData("*.example.org", "a.example.org.", true)]
    [InlineData("h", "h.:9091", true)]
    [InlineData("h", "h..", false)]
    [InlineData("h", ".", false)]
    [InlineData("[fe80::1]", "[fe80::1%1]:9091", true)]
    [InlineData("h", "h:x", false)]
    [InlineData("h", "h:99999", false)]
    [InlineData("h", "[h]", false)]
    [InlineData("h", "h h", false)]
    public void A_host_is_served_if_it_is_among_the_allowed_ones(string allowed, string host, bool served)
    {
        var hosts = new AllowedHosts(allowed.Split(',', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(served, hosts.Allows(host));
        Assert.Equal(served, hosts.Allows(System.Text.Encoding.ASCII.GetBytes(host)));
        Assert.Equal(served, hosts.Allows(System.Text.Encoding.ASCII.GetBytes(host)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("a.*.b")]
    [InlineData("h:x")]
    [InlineData("http://h")]
    [InlineData("[::1")]
    [InlineData("a b")]
    public void What_is_no_host_is_an_error(string name) =>
        Assert.StartsWith($"{name} is no host: expected ", AllowedHosts.FaultOf(["a", name]), StringComparison.Ordinal);

    [Fact]
    public async Task Under_another_name_nothing_is_served_by_either_door()
    {
        await using var doors = new TwoDoors { AllowedHosts = ["push.example.org"] };
        await doors.InitializeAsync();
        foreach (string request in (string[])["PUT /metrics/job/a", "GET /metrics"])
        {
            foreach (int port in (int[])[doors.RawPort, doors.EndpointPort])
            {
                async Task<string> AskAsync(string host) =>
                    await TwoDoors.SendAsync(port, $"{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                double before = doors.Rejected("host");
                Assert.StartsWith("HTTP/1.1 421 ", await AskAsync("rebound.evil.example"), StringComparison.Ordinal);
                Assert.Equal(before + 1, doors.Rejected("host"));
                Assert.StartsWith("HTTP/1.1 421 ", await AskAsync("push.example.org%2f"), StringComparison.Ordinal);
                Assert.StartsWith("HTTP/1.1 200 ", await AskAsync("push.example.org:9091"), StringComparison.Ordinal);
                Assert.StartsWith("HTTP/1.1 200 ", await AskAsync("push.example.org."), StringComparison.Ordinal);
                Assert.StartsWith("HTTP/1.1 200 ", await AskAsync("push.example.org:"), StringComparison.Ordinal);
            }
        }
    }
}
