using System.Text.Json;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>What operators ask for in vain is counted, logged and kept like other refusals.</summary>
public sealed class OperatorRefusalsTests
{
    [Theory]
    [InlineData("/metrics?match[]=up", "query")]
    [InlineData("/metrics?shard=x", "query")]
    public async Task A_scrape_that_asks_wrongly_is_counted_at_both_doors(string path, string why)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static options => options.EngineMetrics = true);
        foreach (int port in doors.Ports)
        {
            long before = await RejectedAsync(doors.Ports[0], why);
            (int status, _) = await StoreDoors.SendAsync(port, "GET", path, []);
            Assert.Equal(400, status);
            Assert.Equal(before + 1, await RejectedAsync(doors.Ports[0], why));
        }
    }

    [Fact]
    public async Task A_delete_that_is_switched_off_is_counted_at_both_doors_and_refuses_no_push()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static options =>
        {
            options.EngineMetrics = true;
            options.DisableDelete = true;
        });
        foreach (int port in doors.Ports)
        {
            long before = await RejectedAsync(doors.Ports[0], "disabled");
            (int status, string text) = await StoreDoors.SendAsync(port, "DELETE", "/metrics/job/a", []);
            Assert.Equal((403, "deletes are disabled (DisableDelete)\n"), (status, text));
            Assert.Equal(before + 1, await RejectedAsync(doors.Ports[0], "disabled"));
        }

        (_, string scrape) = await StoreDoors.SendAsync(doors.Ports[0], "GET", "/metrics", []);
        Assert.Contains("pushgateway_pushes_refused_total{reason=\"incomplete\"} 0\n", scrape, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/api/v1/groups?state=nonsense", 400, "query")]
    [InlineData("GET", "/api/v1/metrics?match[]=up", 400, "query")]
    [InlineData("GET", "/api/v1/targets?shards=0", 400, "query")]
    [InlineData("DELETE", "/api/v1/admin/groups", 400, "query")]
    [InlineData("DELETE", "/api/v1/admin/groups?match[]={job=\"a\"}&expect=7", 409, "conflict")]
    [InlineData("PUT", "/api/v1/admin/wipe?expect=7", 409, "conflict")]
    [InlineData("PUT", "/api/v1/admin/wipe?expect=many", 400, "query")]
    [InlineData("PUT", "/api/v1/admin/snapshot", 409, "conflict")]
    public async Task What_the_API_refuses_is_kept_logged_and_counted(string method, string path, int status, string why)
    {
        var log = new LinesKept();
        await using ApiHost host = await ApiHost.StartAsync(log: log);
        host.Push("m 1\n", ("job", "a"));
        (int answered, _) = await host.AskAsync(method, path);
        Assert.Equal(status, answered);
        JsonElement kept = Assert.Single((await host.DataAsync("/api/v1/refusals")).EnumerateArray());
        Assert.Equal((why, method, status), (kept.GetProperty("class").GetString(), kept.GetProperty("method").GetString(),
            kept.GetProperty("status").GetInt32()));
        Dictionary<string, object?> line = Assert.Single(
            log.All, static line => line.Text.StartsWith("request refused", StringComparison.Ordinal)).Values;
        Assert.Equal((why, (long)status), (line["reason"], Convert.ToInt64(line["status"], null)));
        Assert.Contains($"pushgateway_http_rejected_total{{reason=\"{why}\"}} 1\n", (await host.AskAsync("GET", "/metrics")).Body,
            StringComparison.Ordinal);
        Assert.Equal(1, host.Store.GroupCount);
    }

    [Theory]
    [InlineData("DELETE", "/api/v1/admin/groups?match[]={job=\"a\"}")]
    [InlineData("PUT", "/api/v1/admin/wipe")]
    public async Task Disabled_deletes_of_many_are_kept_too(string method, string path)
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.DisableDelete = true);
        Assert.Equal(403, (await host.AskAsync(method, path)).Status);
        JsonElement kept = Assert.Single((await host.DataAsync("/api/v1/refusals")).EnumerateArray());
        Assert.Equal("disabled", kept.GetProperty("class").GetString());
    }

    [Fact]
    public async Task A_wipe_that_expects_the_right_number_is_done()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "a"));
        host.Push("m 1\n", ("job", "b"));
        (int status, string body) = await host.AskAsync("PUT", "/api/v1/admin/wipe?expect=1");
        Assert.Equal((409, """{"status":"error","errorType":"conflict","error":"nothing was deleted: 2 groups are stored, expected were 1"}"""),
            (status, body));
        Assert.Equal(2, host.Store.GroupCount);
        Assert.Equal(202, (await host.AskAsync("PUT", "/api/v1/admin/wipe?expect=2&other=x")).Status);
        Assert.Equal(0, host.Store.GroupCount);
        host.Push("m 1\n", ("job", "a"));
        Assert.Equal(202, (await host.AskAsync("PUT", "/api/v1/admin/wipe")).Status);
        Assert.Equal(0, host.Store.GroupCount);
    }

    [Theory]
    [InlineData("GET", "/api/v1/groups?state=failed")]
    [InlineData("GET", "/api/v1/jobs")]
    [InlineData("GET", "/api/v1/metrics?match[]={}")]
    [InlineData("GET", "/?state=failed")]
    [InlineData("DELETE", "/api/v1/admin/groups?match[]={job=\"a\"}")]
    public async Task A_search_that_finds_no_seat_is_refused_by_its_limit(string method, string path)
    {
        var log = new LinesKept();
        await using ApiHost host = await ApiHost.StartAsync(static options => options.MaxSearches = 1, log);
        host.Push("m 1\n", ("job", "a"));
        using (await host.Engine.Searches.TryEnterAsync(TestContext.Current.CancellationToken))
        {
            Assert.Contains("pushgateway_limit_usage{limit=\"searches\"} 1\n", (await host.AskAsync("GET", "/metrics")).Body,
                StringComparison.Ordinal);
            (int status, string text) = await host.AskAsync(method, path);
            Assert.Equal((503, "too many searches of groups: 1 are running (MaxSearches)\n"), (status, text));
            Assert.Equal(200, (await host.AskAsync("GET", "/api/v1/metrics?limit=5")).Status);
        }

        Assert.Contains("pushgateway_limit_refusals_total{limit=\"searches\"} 1\n", (await host.AskAsync("GET", "/metrics")).Body,
            StringComparison.Ordinal);
        Dictionary<string, object?> line = Assert.Single(
            log.All, static line => line.Text.StartsWith("refused by a limit", StringComparison.Ordinal)).Values;
        Assert.Equal(("searches", path), (line["reason"], Uri.UnescapeDataString((string)line["path"]!)));
        Assert.InRange((await host.AskAsync(method, path)).Status, 200, 202);
    }

    private static async Task<long> RejectedAsync(int port, string why)
    {
        (_, string scrape) = await StoreDoors.SendAsync(port, "GET", "/metrics", []);
        string start = $"pushgateway_http_rejected_total{{reason=\"{why}\"}} ";
        return long.Parse(Assert.Single(scrape.Split('\n'), line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..],
            System.Globalization.CultureInfo.InvariantCulture);
    }
}
