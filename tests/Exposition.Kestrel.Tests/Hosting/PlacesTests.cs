using System.Net;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Hosting;
using Exposition.Kestrel.Page;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>What every place of the page shows, and how large it may be.</summary>
public sealed class PlacesTests
{
    private static readonly string s_id = GroupCursor.IdOf(GroupingKey.Create(("job", "a")));

    private static readonly string[] s_places =
        ["/", "/?by=job", "/?group=" + s_id, "/?view=refusals", "/?match=zzz", "/?match={", "/status"];

    [Fact]
    public async Task Conditions_are_shown_on_every_place_with_the_way_to_the_status()
    {
        await using ApiHost host = await ApiHost.StartAsync(static options =>
        {
            options.CheckConsistency = false;
            options.MaxGroups = 2;
        });
        foreach (string place in s_places)
        {
            string html = (await host.AskAsync("GET", place)).Body;
            Assert.DoesNotContain("LimitNear", html, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"status\">Conditions", html, StringComparison.Ordinal);
        }

        host.Push("# TYPE m gauge\nm 1\n", ("job", "a"));
        host.Push("# TYPE m counter\nm 1\n", ("job", "b"), ("x", "1"));
        foreach (string place in s_places)
        {
            string html = (await host.AskAsync("GET", place)).Body;
            Assert.Contains("<b>LimitNear</b>: groups: 2 of 2 are in use", html, StringComparison.Ordinal);
            Assert.Equal(place != "/status", html.Contains("<a href=\"status\">Conditions</a>", StringComparison.Ordinal));

            // The list of groups says it in a line of its own, with the way to them.
            Assert.Equal(place is not ("/" or "/?match=zzz" or "/?match={"),
                html.Contains("<b>FamiliesHidden</b>", StringComparison.Ordinal));
            Assert.Contains("left out of scrapes", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task While_the_state_is_loaded_every_place_says_so_and_shows_what_is_there()
    {
        var gate = new Gate();
        await using ApiHost host = await ApiHost.StartAsync(options => options.CommitGate = gate);
        foreach (string place in s_places)
        {
            (int status, string html) = await host.AskAsync("GET", place);
            Assert.Equal(place.Contains("group=", StringComparison.Ordinal) ? 503 : place.EndsWith('{') ? 400 : 200, status);
            Assert.Contains("<b>Loading</b>: what was kept is being loaded", html, StringComparison.Ordinal);
            foreach (string untrue in (string[])
                ["Nothing is stored", "There are none", "no such group", "No group matches", "Push a first"])
            {
                Assert.DoesNotContain(untrue, html, StringComparison.Ordinal);
            }

            Assert.Equal(place is "/" or "/?by=job" or "/status" or "/?match=zzz",
                html.Contains("Nothing is loaded yet.", StringComparison.Ordinal));
        }

        host.Push("m 1\n", ("job", "a"));
        foreach (string place in (string[])["/", "/?group=" + s_id])
        {
            (int status, string html) = await host.AskAsync("GET", place);
            Assert.Equal(200, status);
            Assert.Contains("<b>Loading</b>", html, StringComparison.Ordinal);
            Assert.Contains("job=\"a\"", html, StringComparison.Ordinal);

            // A delete would be refused.
            Assert.DoesNotContain("data-do=", html, StringComparison.Ordinal);
        }

        gate.IsOpen = true;
        string loaded = (await host.AskAsync("GET", "/")).Body;
        Assert.DoesNotContain("Loading", loaded, StringComparison.Ordinal);
        Assert.Contains("data-do=", loaded, StringComparison.Ordinal);
        (int none, string text) = await host.AskAsync("GET", "/?group=am9i_25vbmU");
        Assert.Equal(404, none);
        Assert.Contains("There is no such group", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_nearest_to_its_limit_stands_first()
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.MaxGroups = 1);
        host.Push("m 1\n", ("job", "a"));
        string html = (await host.AskAsync("GET", "/status")).Body;
        Assert.StartsWith("groups</th>", html.Split("<th scope=\"row\">")[1], StringComparison.Ordinal);
        Assert.Contains("head-timeout</th>", html, StringComparison.Ordinal);
        Assert.Contains("data-h=\"most\">30 s</td>", html, StringComparison.Ordinal);
        Assert.Contains("data-h=\"most\">16 KiB/s</td>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_leads_to_its_group_where_that_is_there_and_leaves_out_what_all_begin_with()
    {
        await using ApiHost host = await ApiHost.StartAsync(static options => options.MaxGroups = 1);
        Assert.Equal(400, await host.PutAsync("/metrics/job/a", "m 1 5\n"));
        Assert.Equal(507, await host.PutAsync("/metrics/job/none", "m 1\n"));
        string html = (await host.AskAsync("GET", "/?view=refusals")).Body;
        Assert.Contains("<code><bdi>/metrics/job/none</bdi></code></td>", html, StringComparison.Ordinal);
        Assert.Contains($"<code><bdi>/metrics/job/a</bdi></code> <a href=\"./?group={s_id}\">its group</a></td>", html,
            StringComparison.Ordinal);
        foreach (string place in (string[])["/", "/?view=refusals", "/?group=" + s_id])
        {
            Assert.Contains("<bdi>pushed metrics must not have timestamps</bdi>", (await host.AskAsync("GET", place)).Body,
                StringComparison.Ordinal);
        }

        html = (await host.AskAsync("GET", "/?group=" + s_id)).Body;
        Assert.Contains("<pre>pushed metrics are invalid or inconsistent with existing metrics: pushed", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_family_of_one_distribution_has_its_count_and_sum_in_the_line_that_is_seen()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        host.Push("""
            # TYPE h histogram
            h_bucket{le="1"} 2
            h_bucket{le="+Inf"} 6
            h_sum 12.5
            h_count 6
            # TYPE s summary
            s{quantile="0.5",n="1"} 1
            s_sum{n="1"} 3
            s_count{n="1"} 2
            s_sum{n="2"} 3
            s_count{n="2"} 2
            # TYPE bare summary
            bare_sum 3
            bare_count 2

            """.ReplaceLineEndings("\n"), ("job", "a"));
        string html = (await host.AskAsync("GET", "/?group=" + s_id)).Body;
        Assert.Contains("<code>h</code> <span class=\"type\">HISTOGRAM</span> count 6, sum 12.5</summary>", html, StringComparison.Ordinal);
        Assert.Contains("<code>bare</code> <span class=\"type\">SUMMARY</span> count 2, sum 3</summary>", html, StringComparison.Ordinal);
        Assert.Contains("<code>s</code> <span class=\"type\">SUMMARY</span> 5 lines</summary>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_assets_together_are_less_than_25_kilobytes_and_linked_relative_to_the_page()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        int bytes = 0;
        foreach (string name in (string[])["page.css", "functions.js", "idiomorph.js", "favicon.svg"])
        {
            using HttpResponseMessage answer = await host.SendAsync("GET", $"/static/{name}?v={Assets.All.Version}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("max-age=31536000, immutable", answer.Headers.GetValues("Cache-Control").Single());
            bytes += (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length;
            foreach (string place in (string[])["/", "/status"])
            {
                string html = (await host.AskAsync("GET", place)).Body;
                Assert.Contains($"\"./static/{name}?v={Assets.All.Version}\"", html, StringComparison.Ordinal);
            }
        }

        Assert.Equal(4, (await host.AskAsync("GET", "/static/")).Body.Split("<a href=").Length - 1);
        Assert.InRange(bytes, 20_000, 25_000);
    }

    [Fact]
    public async Task A_list_of_fifty_is_below_40_kilobytes_and_6_compressed()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int i = 0; i < 200; i++)
        {
            host.Push("# TYPE rows gauge\nrows{table=\"users\"} 1\nrows{table=\"orders\"} 2\nseconds 3\n",
                ("instance", $"db{i * 7919 % 1000:d4}.prod.example"), ("job", $"nightly_backup_{i % 12}"));
        }

        foreach (string list in (string[])["/", "/?sort=size", "/?match=example", "/?match={job=~\"nightly.*\"}", "/?by=job"])
        {
            string html = (await host.AskAsync("GET", list)).Body;
            Assert.InRange(html.Length, 2000, 40_000);
            using HttpResponseMessage packed = await host.SendAsync("GET", list, ("Accept-Encoding", "gzip"));
            byte[] bytes = await packed.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.InRange(bytes.Length, 500, 6000);
        }
    }

    private sealed class Gate : ICommitGate
    {
        public bool IsOpen { get; set; }

        public Task<string?>? Confirm() => null;
    }
}
