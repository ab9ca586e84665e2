using System.Text.Json;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Tests.HostStyles;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Where Prometheus is told to scrape.</summary>
public sealed class TargetsTests
{
    [Fact]
    public async Task It_is_where_the_request_came_to()
    {
        await using StyleHost host = await StartAsync();
        Assert.Equal(
            """[{"targets":["a:80"],"labels":{"__scheme__":"http","__metrics_path__":"/metrics"}}]""", await GetAsync(host, "", "a"));
        Assert.Equal(
            """[{"targets":["[::1]:9091"],"labels":{"__scheme__":"http","__metrics_path__":"/metrics"}}]""",
            await GetAsync(host, "", "[::1]:9091"));
    }

    [Fact]
    public async Task Each_shard_is_a_target()
    {
        await using StyleHost host = await StartAsync();
        using var targets = JsonDocument.Parse(await GetAsync(host, "?shards=3", "gw:9091"));
        Assert.Equal(3, targets.RootElement.GetArrayLength());
        for (int shard = 0; shard < 3; shard++)
        {
            JsonElement target = targets.RootElement[shard];
            Assert.Equal("gw:9091", Assert.Single(target.GetProperty("targets").EnumerateArray()).GetString());
            Assert.Equal($"{shard}/3", target.GetProperty("labels").GetProperty("__param_shard").GetString());
            Assert.Equal(shard == 0 ? null : $"gw:9091 shard {shard}/3",
                target.GetProperty("labels").TryGetProperty("instance", out JsonElement instance) ? instance.GetString() : null);
        }

        using var most = JsonDocument.Parse(await GetAsync(host, "?shards=1024", "a"));
        Assert.Equal(1024, most.RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1025")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1&shards=2")]
    public async Task Numbers_of_shards_that_cannot_be_are_refused(string shards)
    {
        await using StyleHost host = await StartAsync();
        Assert.Equal((400, "shards: expected one number from 1 to 1024\n"),
            await host.SendAsync("GET", "/api/v1/targets?shards=" + shards));
    }

    [Theory]
    [InlineData("https://gw.example/push/", "/push", "gw.example:443", "https", "/push/other")]
    [InlineData("http://[fd00::1]:9091", "", "[fd00::1]:9091", "http", "/other")]
    public async Task An_external_url_says_it_otherwise(string url, string path, string address, string scheme, string metrics)
    {
        await using StyleHost host = await StartAsync(status =>
        {
            status.ExternalUrl = new Uri(url);
            status.ExternalPath = path;
        }, "/inner");
        using var targets = JsonDocument.Parse(await GetAsync(host, "", "a", "/inner"));
        JsonElement target = targets.RootElement[0];
        Assert.Equal((address, scheme, metrics), (target.GetProperty("targets")[0].GetString(),
            target.GetProperty("labels").GetProperty("__scheme__").GetString(),
            target.GetProperty("labels").GetProperty("__metrics_path__").GetString()));
    }

    [Fact]
    public async Task Below_a_prefix_of_the_host_the_path_has_it()
    {
        await using StyleHost host = await StartAsync(prefix: "/inner");
        Assert.Contains("\"__metrics_path__\":\"/inner/other\"", await GetAsync(host, "", "a", "/inner"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_origins_are_not_told()
    {
        await using StyleHost host = await StartAsync(static status => status.AllowAnyOrigin = true);
        string answer = await StoreDoors.ExchangeAsync(host.Port, System.Text.Encoding.ASCII.GetBytes(
            "GET /api/v1/targets HTTP/1.1\r\nHost: a\r\nOrigin: http://other\r\nConnection: close\r\n\r\n"));
        Assert.Contains("Content-Type: application/json\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_nodes_it_is_the_own_metrics_of_each()
    {
        await using StyleHost host = await StartAsync(
            static status => status.ExternalUrl = new Uri("https://balancer/"), nodes: new Nodes());
        Assert.Equal(
            """[{"targets":["a:1"],"labels":{"__scheme__":"http","__metrics_path__":"/metrics"}},"""
            + """{"targets":["b:1"],"labels":{"__scheme__":"http","__metrics_path__":"/metrics"}}]""",
            await GetAsync(host, "?of=nodes", "balancer"));
        Assert.StartsWith("""[{"targets":["balancer:443"],""", await GetAsync(host, "", "balancer"), StringComparison.Ordinal);
        (_, string status) = await host.SendAsync("GET", "/api/v1/status");
        Assert.Contains(
            """
            "nodes":[{"address":"a:1","own":true,"entries_behind":0,"heard":"2026-01-02T03:04:05Z"},
            """, status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_host_that_is_alone_the_nodes_are_itself()
    {
        await using StyleHost host = await StartAsync();
        Assert.Equal(
            """[{"targets":["a:80"],"labels":{"__scheme__":"http","__metrics_path__":"/metrics"}}]""",
            await GetAsync(host, "?of=nodes", "a"));
    }

    [Theory]
    [InlineData("of=")]
    [InlineData("of=node")]
    [InlineData("of=nodes&of=nodes")]
    [InlineData("of=nodes&shards=2")]
    public async Task What_is_asked_of_nodes_in_another_way_is_refused(string query)
    {
        await using StyleHost host = await StartAsync();
        Assert.Equal((400, "of: expected of=nodes alone\n"), await host.SendAsync("GET", "/api/v1/targets?" + query));
    }

    private static Task<StyleHost> StartAsync(
        Action<ExpositionStatusOptions>? configure = null, string? prefix = null, INodeSource? nodes = null) =>
        StyleHost.StartAsync([], services =>
        {
            if (nodes is not null)
            {
                services.AddSingleton(nodes);
            }

            services.AddExposition(options => options.TelemetryPath = prefix is null ? "/metrics" : "/other");
            services.Configure<ExpositionStatusOptions>(status => configure?.Invoke(status));
        }, app =>
        {
            app.UseRouting();
            app.MapExposition(prefix ?? "");
            app.MapExpositionApi(prefix ?? "");
        });

    private static async Task<string> GetAsync(StyleHost host, string query, string name, string prefix = "")
    {
        string answer = await StoreDoors.ExchangeAsync(host.Port, System.Text.Encoding.ASCII.GetBytes(
            $"GET {prefix}/api/v1/targets{query} HTTP/1.0\r\nHost: {name}\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
    }

    private sealed class Nodes : INodeSource
    {
        private static readonly DateTimeOffset s_heard = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public IReadOnlyList<HostNode> Read() => [new("a:1", IsOwn: true, 0, s_heard), new("b:1", IsOwn: false, 7, s_heard)];
    }
}
