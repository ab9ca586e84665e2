namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>HEAD of the page and the API.</summary>
public sealed class HeadRequestTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/?by=job")]
    [InlineData("/?group=nothing")]
    [InlineData("/status")]
    [InlineData("/static/page.css")]
    [InlineData("/api/v1/status")]
    [InlineData("/api/v1/metrics")]
    [InlineData("/api/v1/groups")]
    [InlineData("/api/v1/groups?state=nonsense")]
    [InlineData("/api/v1/jobs")]
    [InlineData("/api/v1/refusals")]
    [InlineData("/api/v1/targets")]
    [InlineData("/api/v1/openapi.json")]
    public async Task It_has_the_headers_of_GET_and_no_body(string path)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "a"));
        using HttpResponseMessage get = await host.SendAsync("GET", path);
        using HttpResponseMessage head = await host.SendAsync("HEAD", path);
        Assert.Equal(get.StatusCode, head.StatusCode);
        Assert.Equal(HeadersOf(get, hasLength: path != "/status"), HeadersOf(head, hasLength: path != "/status"));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty(await get.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        // The connection goes on in order.
        Assert.Equal(200, (await host.AskAsync("GET", "/api/v1/status")).Status);
    }

    // What is sent in chunks has no length beforehand, the time of day goes on, and the status tells of the request itself.
    private static IEnumerable<string> HeadersOf(HttpResponseMessage answer, bool hasLength) =>
        ((IEnumerable<KeyValuePair<string, IEnumerable<string>>>)answer.Headers).Concat(answer.Content.Headers)
            .Where(static header => header.Key is not ("Date" or "Transfer-Encoding"))
            .Where(header => header.Key != "Content-Length" || hasLength)
            .Select(static header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal);
}
