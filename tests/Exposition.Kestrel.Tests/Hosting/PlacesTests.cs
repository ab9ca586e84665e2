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
            foreach (string untrue in (string[])["Nothing is stored", "There are none", "any more", "No group matches", "Push a first"])
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
        Assert.Equal(404, (await host.AskAsync("GET", "/?group=am9i_25vbmU")).Status);
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
