using System.IO.Compression;
using System.Text.Json;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Finding groups and jobs by the API.</summary>
public sealed class FindApiTests
{
    [Fact]
    public async Task Groups_are_found_sorted_and_paged()
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.ExpiryRules.Add(ExpiryRule.Parse("26h")));
        for (int i = 0; i < 7; i++)
        {
            host.Push(string.Concat(Enumerable.Range(0, i + 1).Select(static n => $"m{n} 1\n")), ("job", $"j{i}"), ("zone", "eu"));
        }

        host.Push("m 1\n", ("job", "other"));
        host.Push("m 1 5\n", ("job", "j3"), ("zone", "eu"));
        JsonElement found = await host.DataAsync("/api/v1/groups?match[]={zone=\"eu\"}&match[]={job=\"none\"}&sort=series&limit=3");
        Assert.Equal(7, found.GetProperty("total").GetInt32());
        Assert.Equal(["j6", "j5", "j4"], Jobs(found));
        string next = found.GetProperty("next").GetString()!;
        found = await host.DataAsync("/api/v1/groups?match[]={zone=\"eu\"}&sort=series&limit=100&after=" + Uri.EscapeDataString(next));
        Assert.Equal(["j3", "j2", "j1", "j0"], Jobs(found));
        Assert.False(found.TryGetProperty("next", out _));
        found = await host.DataAsync("/api/v1/groups?state=failed&sort=trouble");
        JsonElement group = Assert.Single(found.GetProperty("groups").EnumerateArray());
        Assert.Equal("failed", Assert.Single(group.GetProperty("states").EnumerateArray()).GetString());
        Assert.Contains("timestamps", group.GetProperty("last_failure").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal((6, "26h0m0s"), (group.GetProperty("series").GetInt32(), group.GetProperty("expiry_rule").GetString()));
        Assert.Equal(["j6"], Jobs(await host.DataAsync("/api/v1/groups?text=j6")));

        // The id is that of the page.
        string id = group.GetProperty("id").GetString()!;
        Assert.Contains("job=\"j3\"", (await host.AskAsync("GET", "/?group=" + id)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jobs_are_summed_up_and_paged()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int i = 0; i < 9; i++)
        {
            host.Push("m 1\n", ("job", $"j{i % 3}"), ("n", $"{i}"));
        }

        JsonElement found = await host.DataAsync("/api/v1/jobs?limit=2");
        Assert.Equal(["j0", "j1"], found.GetProperty("jobs").EnumerateArray().Select(static job => job.GetProperty("job").GetString()));
        Assert.Equal("j1", found.GetProperty("next").GetString());
        JsonElement job = Assert.Single((await host.DataAsync("/api/v1/jobs?after=j1")).GetProperty("jobs").EnumerateArray());
        Assert.Equal((3, 0, 9), (job.GetProperty("groups").GetInt32(), job.GetProperty("failed").GetInt32(),
            job.GetProperty("series").GetInt32()));
        Assert.True(job.TryGetProperty("newest_push", out _));
    }

    [Fact]
    public async Task Metrics_of_chosen_groups_come_in_pages_and_all_of_them_as_ever()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int i = 0; i < 7; i++)
        {
            host.Push("m 1\n", ("job", $"j{i}"), ("zone", i % 2 == 0 ? "eu" : "us"));
        }

        var paged = new List<string>();
        string? after = "";
        while (after is not null)
        {
            (_, string body) = await host.AskAsync("GET", "/api/v1/metrics?match[]={zone=\"eu\"}&limit=3"
                + (after.Length > 0 ? "&after=" + after : ""));
            using JsonDocument page = JsonDocument.Parse(body);
            paged.AddRange(page.RootElement.GetProperty("data").EnumerateArray()
                .Select(static group => group.GetProperty("labels").GetProperty("job").GetString()!));
            after = page.RootElement.TryGetProperty("next", out JsonElement next) ? next.GetString() : null;
        }

        Assert.Equal(["j0", "j2", "j4", "j6"], paged);
        (_, string all) = await host.AskAsync("GET", "/api/v1/metrics");
        (_, string ignored) = await host.AskAsync("GET", "/api/v1/metrics?sort=nonsense");
        Assert.Equal(all, ignored);
        (_, string chosen) = await host.AskAsync("GET", "/api/v1/metrics?match[]={}");
        Assert.Equal(all, chosen);
        Assert.DoesNotContain("next", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/groups?match[]={job=}", "match[] 1: selector, character 6: expected a quoted value")]
    [InlineData("/api/v1/metrics?match[]=up", "match[] 1: selector, character 1: expected '{'")]
    [InlineData("/api/v1/jobs?match[]={job=~\"(\"}", "selector, character 7: regular expression")]
    [InlineData("/api/v1/groups?state=broken", "state=broken: expected one of failed, expired, overdue, hidden, expiring, stale, ok")]
    [InlineData("/api/v1/groups?sort=age", "sort=age: expected one of key, job, trouble, pushed, expires, series, size")]
    [InlineData("/api/v1/groups?dir=up", "dir=up: expected one of asc, desc")]
    [InlineData("/api/v1/groups?limit=1001", "limit=1001: expected a number from 1 to 1000")]
    [InlineData("/api/v1/groups?limit=0", "limit=0: expected a number from 1 to 1000")]
    [InlineData("/api/v1/metrics?limit=-1", "limit=-1: expected a number")]
    [InlineData("/api/v1/groups?sort=size&after=am9i_2o", "after: expected")]
    [InlineData("/api/v1/metrics?after=%2B", "after: expected")]
    [InlineData("/api/v1/groups?limit=1&limit=2", "limit is given more than once")]
    [InlineData("/api/v1/groups?match={}", "match: unknown here, expected one of match[], text, state, sort, dir, limit, after")]
    [InlineData("/api/v1/jobs?sort=job", "sort: unknown here, expected one of match[], text, limit, after")]
    [InlineData("/api/v1/refusals?limit=1", "limit: unknown here, no key is expected")]
    public async Task A_question_that_is_none_is_answered_with_what_was_expected(string path, string error)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        (int status, string body) = await host.AskAsync("GET", path);
        Assert.Equal(400, status);
        using JsonDocument answer = JsonDocument.Parse(body);
        Assert.Equal(("error", "bad_data"), (answer.RootElement.GetProperty("status").GetString(),
            answer.RootElement.GetProperty("errorType").GetString()));
        Assert.Contains(error, answer.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/groups?limit=1000", true)]
    [InlineData("/api/v1/jobs?limit=1000", true)]
    [InlineData("/api/v1/metrics?match[]={}", true)]
    [InlineData("/api/v1/refusals", true)]
    [InlineData("/api/v1/metrics", false)]
    public async Task Answers_are_compressed_for_whoever_takes_that(string path, bool compressed)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int i = 0; i < 1000; i++)
        {
            host.Push("m 1\n", ("job", $"j{i}"), ("long", new string('x', 300)));
        }

        await host.AskAsync("GET", "/api/v1/groups?state=nonsense");
        string plain = (await host.AskAsync("GET", path)).Body;
        using HttpResponseMessage answer = await host.SendAsync("GET", path, ("Accept-Encoding", "gzip"));
        Assert.Equal(compressed ? ["gzip"] : [], answer.Content.Headers.ContentEncoding);
        await using Stream body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using Stream read = compressed ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var reader = new StreamReader(read);
        Assert.Equal(plain, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/api/v1/groups")]
    [InlineData("/api/v1/jobs")]
    [InlineData("/api/v1/openapi.json")]
    public async Task No_page_of_another_origin_is_invited(string path)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        foreach (string method in (string[])["GET", "OPTIONS"])
        {
            using HttpResponseMessage answer = await host.SendAsync(method, path, ("Origin", "https://other.example"));
            Assert.Equal(200, (int)answer.StatusCode);
            Assert.DoesNotContain(answer.Headers, static header =>
                header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task A_third_search_waits_and_is_refused_in_the_end()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "j"));
        using IDisposable? first = await host.Engine.Searches.TryEnterAsync(TestContext.Current.CancellationToken);
        IDisposable? second = await host.Engine.Searches.TryEnterAsync(TestContext.Current.CancellationToken);
        using HttpResponseMessage refused = await host.SendAsync("GET", "/api/v1/groups");
        Assert.Equal((503, "1"), ((int)refused.StatusCode, refused.Headers.RetryAfter!.ToString()));
        Task<JsonElement> waits = host.DataAsync("/api/v1/groups");
        second!.Dispose();
        Assert.Equal(1, (await waits).GetProperty("total").GetInt32());
    }

    private static IEnumerable<string?> Jobs(JsonElement found) => found.GetProperty("groups").EnumerateArray()
        .Select(static group => group.GetProperty("labels").GetProperty("job").GetString());
}
