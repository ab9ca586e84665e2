using System.Text.Json;

namespace Exposition.Gateway.Tests;

// What the program itself refuses to operators, and what it answers to who only asks about it.
public partial class GatewayProcessTests
{
    [Fact]
    public async Task What_the_lifecycle_routes_refuse_is_kept_and_counted()
    {
        using Gateway gateway = await Gateway.StartAsync();
        Assert.Equal((403, "Lifecycle API is not enabled."), await AskAsync(gateway, HttpMethod.Post, "-/reload"));
        Assert.Equal((403, "Lifecycle API is not enabled."), await AskAsync(gateway, HttpMethod.Put, "-/quit"));
        Assert.Equal((405, "Only POST or PUT requests allowed."), await AskAsync(gateway, HttpMethod.Get, "-/quit"));
        Assert.Equal((405, "Only POST or PUT requests allowed."), await AskAsync(gateway, HttpMethod.Get, "-/reload"));
        using JsonDocument refusals = JsonDocument.Parse(await gateway.Client.GetStringAsync("api/v1/refusals"));
        Assert.Equal(
            ["method 405 /-/reload", "method 405 /-/quit", "disabled 403 /-/quit", "disabled 403 /-/reload"],
            refusals.RootElement.GetProperty("data").EnumerateArray().Select(static one =>
                $"{one.GetProperty("class").GetString()} {one.GetProperty("status").GetInt32()} {one.GetProperty("path").GetString()}"));
        string scrape = await gateway.Client.GetStringAsync("metrics");
        Assert.Contains("pushgateway_http_rejected_total{reason=\"disabled\"} 2\n", scrape, StringComparison.Ordinal);
        Assert.Contains("pushgateway_http_rejected_total{reason=\"method\"} 2\n", scrape, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_a_push_was_refused_that_is_not_checked_is_listed_though_it_is_not_answered()
    {
        using Gateway gateway = await Gateway.StartAsync("--push.disable-consistency-check");
        Assert.Equal((202, ""), await AskAsync(gateway, HttpMethod.Put, "metrics/job/a", "x 1 5\n"));
        using JsonDocument refusals = JsonDocument.Parse(await gateway.Client.GetStringAsync("api/v1/refusals"));
        JsonElement refused = refusals.RootElement.GetProperty("data")[0];
        Assert.Equal((202, "inconsistent"), (refused.GetProperty("status").GetInt32(), refused.GetProperty("class").GetString()));
        Assert.EndsWith("pushed metrics must not have timestamps", refused.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 405)]
    [InlineData("status", 405)]
    [InlineData("static/page.css", 405)]
    [InlineData("api/v1/status", 405)]
    [InlineData("api/v1/metrics", 405)]
    [InlineData("api/v1/groups", 200)]
    [InlineData("api/v1/groups?state=nonsense", 400)]
    [InlineData("metrics", 405)]
    [InlineData("metrics/job/a", 405)]
    [InlineData("-/quit", 405)]
    [InlineData("api/v1/admin/wipe", 405)]
    [InlineData("nowhere", 404)]
    public async Task Routes_that_the_reference_lacks_answer_HEAD_and_the_others_do_not(string path, int status)
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-admin-api");
        Assert.Equal((status, ""), await AskAsync(gateway, HttpMethod.Head, path));
        Assert.Equal("OK", await gateway.Client.GetStringAsync("-/healthy"));
    }
}
