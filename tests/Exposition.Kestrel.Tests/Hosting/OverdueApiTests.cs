using System.Text.Json;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Overdue and failing groups on the page and in the API.</summary>
public sealed class OverdueApiTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task An_overdue_group_says_by_which_rule_and_since_when()
    {
        await using ApiHost host = await StartAsync();
        host.Push("m 1\n", ("job", "late"), ("n", "1"));
        DateTimeOffset pushed = _time.GetUtcNow();
        host.Push("m 1\n", ("job", "other"));
        Assert.Empty((await host.DataAsync("/api/v1/groups?state=overdue")).GetProperty("groups").EnumerateArray());
        Assert.Contains("<b>0</b> overdue", await PageAsync(host, "/"), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromHours(3));
        JsonElement found = await host.DataAsync("/api/v1/groups?state=overdue");
        JsonElement group = Assert.Single(found.GetProperty("groups").EnumerateArray());
        Assert.Equal("overdue", Assert.Single(group.GetProperty("states").EnumerateArray()).GetString());
        JsonElement overdue = group.GetProperty("overdue");
        Assert.Equal(("{job=~\"late|x\"}=2h0m0s", pushed.AddHours(2)),
            (overdue.GetProperty("rule").GetString(), overdue.GetProperty("since").GetDateTimeOffset()));

        string page = await PageAsync(host, "/");
        Assert.Contains("<b>1</b> overdue", page, StringComparison.Ordinal);
        Assert.Contains("<span class=\"s warn\">overdue</span>", page, StringComparison.Ordinal);
        Assert.Contains("overdue since", page, StringComparison.Ordinal);
        string own = await PageAsync(host, "/?group=" + group.GetProperty("id").GetString());
        Assert.Contains("overdue since</th>", own, StringComparison.Ordinal);
        Assert.Contains("<code><bdi>{job=~&#34;late|x&#34;}=2h0m0s</bdi></code>", own, StringComparison.Ordinal);

        host.Push("m 2\n", ("job", "late"), ("n", "1"));
        Assert.Contains("<b>0</b> overdue", await PageAsync(host, "/"), StringComparison.Ordinal);
        own = await PageAsync(host, "/?group=" + group.GetProperty("id").GetString());
        Assert.Contains("next push until</th>", own, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_was_never_pushed_is_shown_as_expected()
    {
        await using ApiHost host = await StartAsync("{job=\"nightly\"}=26h");
        JsonElement missing = Assert.Single((await host.DataAsync("/api/v1/groups")).GetProperty("missing").EnumerateArray());
        Assert.Equal("""{"job":"nightly"}""", missing.GetProperty("labels").GetRawText());
        Assert.Equal(("{job=\"nightly\"}=26h0m0s", false), (missing.GetProperty("rule").GetString(),
            missing.GetProperty("overdue").GetBoolean()));
        Assert.False(missing.TryGetProperty("push_time", out _));
        string page = await PageAsync(host, "/");
        Assert.Contains("expected, never pushed", page, StringComparison.Ordinal);
        Assert.Contains("<b>0</b> overdue", page, StringComparison.Ordinal);
        Assert.False((await host.DataAsync("/api/v1/groups?state=overdue")).TryGetProperty("missing", out _));

        _time.Advance(TimeSpan.FromHours(27));
        missing = Assert.Single((await host.DataAsync("/api/v1/groups?state=overdue")).GetProperty("missing").EnumerateArray());
        Assert.True(missing.GetProperty("overdue").GetBoolean());
        Assert.Contains("<span class=\"s warn\">overdue</span> expected, never pushed", await PageAsync(host, "/?state=overdue"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("never pushed", await PageAsync(host, "/?match=other"), StringComparison.Ordinal);
        page = await PageAsync(host, "/");
        Assert.Contains("<b>1</b> overdue", page, StringComparison.Ordinal);
        Assert.Contains("<b>1 group was not pushed to as expected</b>", page, StringComparison.Ordinal);

        host.Push("m 1\n", ("job", "other"));
        page = await PageAsync(host, "/");
        Assert.True(Place(page, "Expected, not there") < Place(page, "<table class=\"rows groups\">"), "trouble stands behind what is in order");

        host.Push("m 1\n", ("job", "nightly"));
        Assert.Contains("<b>0</b> overdue", await PageAsync(host, "/"), StringComparison.Ordinal);
        Assert.False((await host.DataAsync("/api/v1/groups")).TryGetProperty("missing", out _));
        host.Store.Delete(GroupingKey.Create(("job", "nightly")));
        missing = Assert.Single((await host.DataAsync("/api/v1/groups")).GetProperty("missing").EnumerateArray());
        Assert.True(missing.TryGetProperty("push_time", out _));
        Assert.Contains("expected, gone", await PageAsync(host, "/"), StringComparison.Ordinal);
    }

    private static int Place(string page, string text)
    {
        int at = page.IndexOf(text, StringComparison.Ordinal);
        Assert.True(at >= 0, text);
        return at;
    }

    [Fact]
    public async Task Without_rules_nothing_is_said_of_it()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "a"));
        Assert.DoesNotContain("overdue", await PageAsync(host, "/"), StringComparison.Ordinal);
        Assert.False((await host.DataAsync("/api/v1/groups")).TryGetProperty("missing", out _));
    }

    [Fact]
    public async Task A_group_whose_last_body_nobody_could_read_is_failed_and_not_ok()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("m 1\n", ("job", "a"));
        host.Push("nonsense\n", ("job", "a"));
        JsonElement group = Assert.Single((await host.DataAsync("/api/v1/groups?state=failed")).GetProperty("groups").EnumerateArray());
        Assert.Equal("failed", Assert.Single(group.GetProperty("states").EnumerateArray()).GetString());
        Assert.Equal(0, (await host.DataAsync("/api/v1/groups?state=ok")).GetProperty("total").GetInt32());
        Assert.Equal(1, (await host.DataAsync("/api/v1/jobs")).GetProperty("jobs")[0].GetProperty("failed").GetInt32());
        Assert.Contains("Last push failed!", await PageAsync(host, "/?group=" + group.GetProperty("id").GetString()),
            StringComparison.Ordinal);
        Assert.Contains("<b>1</b> failed", await PageAsync(host, "/"), StringComparison.Ordinal);
        string scrape = (await host.AskAsync("GET", "/metrics")).Body;
        Assert.Contains("pushgateway_groups_failed 1\n", scrape, StringComparison.Ordinal);

        // As in the Pushgateway: of a body that it cannot read it keeps nothing.
        Assert.Contains("push_failure_time_seconds{instance=\"\",job=\"a\"} 0\n", scrape, StringComparison.Ordinal);
        (_, string metrics) = await host.AskAsync("GET", "/api/v1/metrics");
        Assert.Contains("\"last_push_successful\":true", metrics, StringComparison.Ordinal);
        host.Push("m 2\n", ("job", "a"));
        Assert.Equal(1, (await host.DataAsync("/api/v1/groups?state=ok")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_long_refusal_ends_in_words_in_the_list_of_refusals_and_in_that_of_groups()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("# TYPE m gauge\nm 1\n", ("job", "one"));
        Assert.Equal(400, await host.PutAsync($"/metrics/job/two/long/{new string('x', 3000)}", "# TYPE m counter\nm 1\n"));
        const string Words = "pushed as COUNTER, but group <a href=\"./?match=%7Bjob%3D%22one%22%7D\">{job=&#34;one&#34;}</a> has it as GAUGE";
        foreach (string place in (string[])["/?view=refusals", "/?state=failed"])
        {
            Assert.Contains(Words, await PageAsync(host, place), StringComparison.Ordinal);
        }

        JsonElement kept = Assert.Single((await host.DataAsync("/api/v1/refusals")).EnumerateArray());
        Assert.Contains("has it as GAUGE", kept.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    private Task<ApiHost> StartAsync(params string[] more) => ApiHost.StartAsync(options =>
    {
        options.Time = _time;
        options.PushExpectations.Add(PushExpectation.Parse("{job=~\"late|x\"}=2h"));
        foreach (string rule in more)
        {
            options.PushExpectations.Add(PushExpectation.Parse(rule));
        }
    });

    private static async Task<string> PageAsync(ApiHost host, string path)
    {
        (int status, string body) = await host.AskAsync("GET", path);
        Assert.Equal(200, status);
        return body;
    }
}
