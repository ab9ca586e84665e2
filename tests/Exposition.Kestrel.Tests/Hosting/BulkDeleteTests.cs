using System.Text.Json;
using Exposition.Engine;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Deletes of many groups by the API, and what keeps pages of others from them.</summary>
public sealed class BulkDeleteTests
{
    private const string Path = "/api/v1/admin/groups";

    [Fact]
    public async Task The_chosen_groups_go_as_it_was_shown()
    {
        var log = new LinesKept();
        await using ApiHost host = await ApiHost.StartAsync(log: log);
        for (int i = 0; i < 150; i++)
        {
            host.Push("m 1\n", ("job", i < 120 ? "old" : "kept"), ("n", $"{i}"));
        }

        string query = Path + "?match[]={job=\"old\"}&match[]={n=\"130\"}";
        JsonElement shown = await host.DataAsync(query + "&dry-run=true", "DELETE");
        Assert.Equal((121, 363, 100), (shown.GetProperty("groups").GetInt32(), shown.GetProperty("series").GetInt32(),
            shown.GetProperty("first").GetArrayLength()));
        Assert.Equal(150, host.Store.GroupCount);
        foreach (string dry in (string[])["", "&dry-run=true"])
        {
            (int status, string body) = await host.AskAsync("DELETE", query + dry + "&expect=120");
            Assert.Equal(409, status);
            Assert.Contains("121 groups are chosen, expected were 120", body, StringComparison.Ordinal);
        }

        Assert.Equal(150, host.Store.GroupCount);
        Assert.Equal((200, """{"status":"success","data":{"groups":121,"series":363}}"""),
            await host.AskAsync("DELETE", query + "&expect=121"));
        Assert.Equal(29, host.Store.GroupCount);
        (LogLevel level, _, Dictionary<string, object?> values) = Assert.Single(
            log.All, static line => line.Text.StartsWith("groups deleted", StringComparison.Ordinal));
        Assert.Equal((LogLevel.Information, 121L, 363L, "{job=\"old\"} or {n=\"130\"}"),
            (level, values["groups"], values["series"], values["selector"]));
        Assert.StartsWith("127.0.0.1:", values["logged_source"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_what_is_older_goes()
    {
        var time = new ManualTime();
        await using ApiHost host = await ApiHost.StartAsync(options => options.Time = time);
        host.Push("m 1\n", ("job", "old"));
        time.Advance(TimeSpan.FromMinutes(61));
        host.Push("m 1\n", ("job", "new"));
        JsonElement shown = await host.DataAsync(Path + "?match[]={job=~\".%2B\"}&older-than=1h&dry-run=true", "DELETE");
        JsonElement first = Assert.Single(shown.GetProperty("first").EnumerateArray());
        Assert.Equal("old", first.GetProperty("labels").GetProperty("job").GetString());
        await host.DataAsync(Path + "?match[]={job=~\".%2B\"}&older-than=1h", "DELETE");
        Assert.Equal("{job=\"new\"}", Assert.Single(host.Store.GetGroups()).Key.ToString());
    }

    [Theory]
    [InlineData("", "match[] is missing")]
    [InlineData("?match[]={}", "use wipe")]
    [InlineData("?match[]={job=\"j\"}&match[]={ }", "use wipe")]
    [InlineData("?match[]={job=\"j\"", "character")]
    [InlineData("?match[]={job=\"j\"}&older_than=1h", "older_than: unknown here, expected one of match[], older-than, dry-run, expect")]
    [InlineData("?match[]={job=\"j\"}&older-than=-1h", "negative duration")]
    [InlineData("?match[]={job=\"j\"}&older-than=soon", "older-than=soon: ")]
    [InlineData("?match[]={job=\"j\"}&expect=-1", "expect=-1: expected a number")]
    [InlineData("?match[]={job=\"j\"}&expect=", "expect=: expected a number")]
    [InlineData("?match[]={job=\"j\"}&dry-run=yes", "dry-run=yes: expected one of true, false")]
    [InlineData("?match[]={job=\"j\"}&dry-run=true&dry-run=false", "dry-run is given more than once")]
    public async Task What_is_not_clear_deletes_nothing(string query, string error)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "j"));
        (int status, string body) = await host.AskAsync("DELETE", Path + query);
        Assert.Equal(400, status);
        Assert.Contains(error, JsonDocument.Parse(body).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, host.Store.GroupCount);
    }

    // A page of another origin, one that calls itself the same, and one that a proxy makes look so: without our header none of them does.
    [Theory]
    [InlineData("DELETE", Path + "?match[]={job=\"j\"}")]
    [InlineData("PUT", "/api/v1/admin/wipe")]
    [InlineData("PUT", "/api/v1/admin/snapshot")]
    public async Task A_page_must_be_ours(string method, string path)
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.TrustedOrigins.Add("https://trusted.example"));
        foreach (string origin in (string[])["https://other.example", "null", "https://trusted.example"])
        {
            host.Push("m 1\n", ("job", "j"));
            Assert.Equal(403, (await host.AskAsync(method, path, ("Origin", origin))).Status);
            Assert.Equal(1, host.Store.GroupCount);
        }

        Assert.Equal(403, (await host.AskAsync(method, path, ("Origin", "https://other.example"), ("Exposition-Page", "1"))).Status);
        Assert.Equal(1, host.Store.GroupCount);
        int status = (await host.AskAsync(method, path, ("Origin", "https://trusted.example"), ("Exposition-Page", "1"))).Status;
        Assert.Equal(path.EndsWith("snapshot", StringComparison.Ordinal) ? 409 : method == "PUT" ? 202 : 200, status);
        using HttpResponseMessage preflight = await host.SendAsync("OPTIONS", path.Split('?')[0], ("Origin", "https://other.example"),
            ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "exposition-page"));
        Assert.DoesNotContain("exposition-page", preflight.Headers.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_script_of_the_page_says_that_it_is_ours()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        Assert.Contains("'Exposition-Page': '1'", (await host.AskAsync("GET", "/static/functions.js")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE", "/metrics/job/j")]
    [InlineData("DELETE", Path + "?match[]={job=\"j\"}")]
    [InlineData("DELETE", Path + "?match[]={job=\"j\"}&dry-run=true")]
    [InlineData("PUT", "/api/v1/admin/wipe")]
    public async Task Where_deletes_are_disabled_none_is_carried_out(string method, string path)
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.DisableDelete = true);
        host.Push("m 1\n", ("job", "j"));
        Assert.Equal((403, "deletes are disabled (DisableDelete)\n"), await host.AskAsync(method, path));
        Assert.Equal(1, host.Store.GroupCount);
        string page = (await host.AskAsync("GET", "/")).Body;
        Assert.DoesNotContain("data-do=", page, StringComparison.Ordinal);
        Assert.Contains("job=\"j\"", page, StringComparison.Ordinal);
    }

    // Pushed one after the other, and deleted in one step: where the first of them is missing, all are.
    [Fact]
    public async Task A_scrape_shows_all_of_it_or_none()
    {
        const int Groups = 300;
        await using ApiHost host = await ApiHost.StartAsync();
        using var done = new CancellationTokenSource();
        int shown = 0;
        Task scrapes = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                string text = (await host.AskAsync("GET", "/metrics")).Body;
                int[] there = [.. Enumerable.Range(0, Groups).Where(i => text.Contains($",n=\"{i}\"}} 1\n", StringComparison.Ordinal))];
                Assert.Equal(Enumerable.Range(0, there.Length), there);
                shown += there.Length == 0 ? 0 : 1;
            }
        }, TestContext.Current.CancellationToken);
        for (int round = 0; round < 60; round++)
        {
            for (int i = 0; i < Groups; i++)
            {
                host.Push("bulk 1\n", ("job", "bulk"), ("n", $"{i}"));
            }

            Assert.Equal(Groups, (await host.DataAsync(Path + "?match[]={job=\"bulk\"}", "DELETE")).GetProperty("groups").GetInt32());
        }

        await done.CancelAsync();
        await scrapes;
        Assert.True(shown > 0);
    }
}
