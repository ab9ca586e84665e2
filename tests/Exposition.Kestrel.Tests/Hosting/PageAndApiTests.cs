using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Exposition.Engine;
using Exposition.Hosting;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>The status page and the JSON API in hosts of somebody else's, over real sockets.</summary>
public sealed partial class PageAndApiTests
{
    private static readonly (string Name, string Value)[] s_foreign = [("Origin", "https://other.example")];

    // Where the page is mapped, where pushes are, and under which path base a browser asks.
    public static TheoryData<string, string, string> Layouts => new()
    {
        { "", "", "" },
        { "/gw", "/gw", "" },
        { "/gw", "/gw", "/base" },
        { "/admin/page", "/gw", "" },
        { "/admin", "/admin/gw", "/base" },
        { "", "/a b/c:d", "" },
        { "/a b", "", "" },
        { "/gw/{tenant}", "/gw", "" },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task All_that_the_page_links_to_is_there_wherever_it_is_mapped(string page, string pushes, string pathBase)
    {
        await using WebApplication app = await StartAsync(static services => services.AddExposition(), app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapGroup(pushes).MapExposition();
            app.MapExpositionPage(page);
            app.MapExpositionAdminApi(pushes);
        });
        MetricStore store = app.Services.GetRequiredService<MetricStore>();
        Push(store, "a");
        Push(store, "b");
        var root = new Uri(Address(app), (pathBase + page + "/").Replace("{tenant}", "t1", StringComparison.Ordinal));

        foreach (Uri address in (Uri[])[root, new Uri(root, "status")])
        {
            (int status, string html) = await SendAsync("GET", address);
            Assert.Equal(200, status);
            Uri[] assets = [.. Linked().Matches(html).Select(match => new Uri(address, match.Groups[1].Value))];
            Assert.Equal(4, assets.Length);
            foreach (Uri asset in assets)
            {
                Assert.Equal(200, (await SendAsync("GET", asset)).Status);
            }

            Uri[] places = [.. Places().Matches(html).Select(match => new Uri(address, WebUtility.HtmlDecode(match.Groups[1].Value)))];
            Assert.Equal(4, places.Distinct().Count());
            foreach (Uri place in places)
            {
                Assert.Equal(200, (await SendAsync("GET", place)).Status);
            }
        }

        // As the script does: fetch() of what the row says, relative to the page.
        string list = (await SendAsync("GET", root)).Body;
        foreach (Match row in Deletes().Matches(list))
        {
            string delete = WebUtility.HtmlDecode(row.Groups[1].Value);
            Assert.Equal(202, (await SendAsync("DELETE", new Uri(root, delete))).Status);
        }

        Assert.Equal(0, store.GroupCount);
        Push(store, "c");
        string wipe = WebUtility.HtmlDecode(Wipes().Match((await SendAsync("GET", root)).Body).Groups[1].Value);
        Assert.Equal(202, (await SendAsync("PUT", new Uri(root, wipe))).Status);
        Assert.Equal(0, store.GroupCount);
    }

    [Fact]
    public async Task However_long_keys_are_a_list_has_an_end_and_goes_on_there()
    {
        await using WebApplication app = await StartAsync(static services => services.AddExposition(), static app =>
        {
            app.MapExposition();
            app.MapExpositionPage();
        });
        MetricStore store = app.Services.GetRequiredService<MetricStore>();
        for (int i = 0; i < 200; i++)
        {
            Push(store, $"{i}".PadRight(3000, 'x'));
        }

        var shown = new HashSet<string>();
        int pages = 0;
        for (string? next = "?limit=500&sort=job"; next is not null; pages++)
        {
            string html = (await SendAsync("GET", new Uri(Address(app), next))).Body;
            Assert.InRange(html.Length, 1, 2 << 20);
            Assert.All(Rows().Matches(html), row => Assert.True(shown.Add(row.Groups[1].Value)));
            next = Next().Match(html) is { Success: true } link ? WebUtility.HtmlDecode(link.Groups[1].Value) : null;
        }

        Assert.Equal(200, shown.Count);
        Assert.InRange(pages, 2, 20);
    }

    [Theory]
    [InlineData("/gw?limit=2", "/gw/?limit=2")]
    [InlineData("/gw/status/", "/gw/status")]
    [InlineData("/gw/static", "/gw/static/")]
    [InlineData("/base/gw", "/base/gw/")]
    public async Task An_address_from_which_links_would_not_hold_is_redirected(string path, string right)
    {
        await using WebApplication app = await StartAsync(static services => services.AddExposition(), static app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapExpositionPage("/gw");
        });

        using HttpClient client = Client();
        using HttpResponseMessage answer = await client.GetAsync(new Uri(Address(app), path), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
        Assert.Equal(right, answer.Headers.Location!.OriginalString);
        Assert.Equal(200, (await SendAsync("GET", new Uri(Address(app), right))).Status);
    }

    [Fact]
    public async Task Rules_of_the_host_hold_for_each_part_and_for_no_other()
    {
        await using WebApplication app = await StartAsync(static services =>
        {
            services.AddAuthorization().AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Nobody>("t", null);
            services.AddExposition();
        }, static app =>
        {
            app.MapExposition();
            app.MapExpositionPage().RequireAuthorization();
            app.MapExpositionApi().RequireHost("api.example");
            app.MapExpositionAdminApi().RequireAuthorization();
        });

        foreach (string path in (string[])["/", "/status", "/static/page.css"])
        {
            Assert.Equal(401, (await SendAsync("GET", new Uri(Address(app), path))).Status);
        }

        Assert.Equal(401, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/wipe"))).Status);
        Assert.Equal(401, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/snapshot"))).Status);
        Assert.Equal(404, (await SendAsync("GET", new Uri(Address(app), "/api/v1/metrics"))).Status);
        Assert.Equal(200, (await SendAsync("GET", new Uri(Address(app), "/api/v1/metrics"), ("Host", "api.example"))).Status);
        Assert.Equal(200, (await SendAsync("GET", new Uri(Address(app), "/metrics"))).Status);
    }

    [Fact]
    public async Task Two_engines_show_their_own_groups_and_say_their_own()
    {
        await using WebApplication app = await StartAsync(static services =>
        {
            services.AddExposition("one");
            services.AddExposition("two", static options => options.RoutePrefix = "/inner");
            services.Configure<ExpositionStatusOptions>("one", static status => status.Flags["color"] = "red & <blue>");
            services.Configure<ExpositionStatusOptions>("two", static status =>
            {
                (status.Build.Version, status.Build.BuiltBy) = ("2.2", "ci");
                status.Title = "Jobs <of> two";
            });
        }, static app =>
        {
            app.MapGroup("/1").MapExpositionPage(name: "one");
            app.MapGroup("/1").MapExpositionApi(name: "one");
            app.MapExpositionPage("/2", "two");
            app.MapExpositionApi("/2", "two");
            app.MapExposition("/2", "two");
        });
        Push(app.Services.GetRequiredKeyedService<MetricStore>("one"), "first");
        Push(app.Services.GetRequiredKeyedService<MetricStore>("two"), "second");

        string one = (await SendAsync("GET", new Uri(Address(app), "/1/"))).Body;
        string two = (await SendAsync("GET", new Uri(Address(app), "/2/inner/"))).Body;
        JsonElement build = await DataAsync(app, "/1/api/v1/status");

        string oneStatus = (await SendAsync("GET", new Uri(Address(app), "/1/status"))).Body;
        string twoStatus = (await SendAsync("GET", new Uri(Address(app), "/2/inner/status"))).Body;

        Assert.Contains("job=\"first\"", one, StringComparison.Ordinal);
        Assert.Contains("red &amp; &lt;blue&gt;", oneStatus, StringComparison.Ordinal);

        // Neither its pushes nor its admin API are mapped: there is nothing that buttons could do.
        Assert.DoesNotContain("data-do=", one, StringComparison.Ordinal);
        Assert.Contains("job=\"second\"", two, StringComparison.Ordinal);
        Assert.Contains("<td>2.2</td>", twoStatus, StringComparison.Ordinal);
        Assert.DoesNotContain("<h2>Settings</h2>", twoStatus, StringComparison.Ordinal);
        Assert.Contains("<title>Status · Jobs &lt;of&gt; two</title>", twoStatus, StringComparison.Ordinal);
        Assert.Contains("<header><b>Jobs &lt;of&gt; two</b>", two, StringComparison.Ordinal);
        Assert.Contains("<title>Groups · Pushgateway</title>", one, StringComparison.Ordinal);
        Assert.Contains("<h2>Settings</h2>", oneStatus, StringComparison.Ordinal);
        Assert.DoesNotContain("lags", oneStatus, StringComparison.Ordinal);
        Assert.Contains("data-address=\"metrics/job/second/path@base64/", two, StringComparison.Ordinal);
        Assert.DoesNotContain("data-do=\"wipe\"", two, StringComparison.Ordinal);
        Assert.Equal("red & <blue>", build.GetProperty("flags").GetProperty("color").GetString());
        Assert.Equal("dotnet" + Environment.Version, build.GetProperty("build_information").GetProperty("goVersion").GetString());
        Assert.Equal(["branch", "buildDate", "buildUser", "goVersion", "revision", "version"],
            build.GetProperty("build_information").EnumerateObject().Select(static part => part.Name));
        Assert.Equal("2.2 ci", (await DataAsync(app, "/2/inner/api/v1/status")).GetProperty("build_information") is var other
            ? $"{other.GetProperty("version")} {other.GetProperty("buildUser")}" : "");
        Assert.InRange(build.GetProperty("start_time").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow);
        JsonElement group = Assert.Single((await DataAsync(app, "/2/inner/api/v1/metrics")).EnumerateArray());
        Assert.Equal("second", group.GetProperty("labels").GetProperty("job").GetString());
    }

    [Fact]
    public async Task Without_being_asked_for_there_is_no_admin_api()
    {
        await using WebApplication app = await StartAsync(static services => services.AddExposition(), static app =>
        {
            app.MapExposition();
            app.MapExpositionPage();
            app.MapExpositionApi();
        });
        Push(app.Services.GetRequiredService<MetricStore>(), "a");

        Assert.Equal(404, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/wipe"))).Status);
        Assert.Equal(404, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/snapshot"))).Status);
        Assert.Equal(404, (await SendAsync("GET", new Uri(Address(app), "/api/v1/orders"))).Status);
        Assert.Equal(405, (await SendAsync("POST", new Uri(Address(app), "/api/v1/status"))).Status);
        Assert.DoesNotContain("data-do=\"wipe\"", (await SendAsync("GET", Address(app))).Body, StringComparison.Ordinal);
        Assert.Equal(1, app.Services.GetRequiredService<MetricStore>().GroupCount);
    }

    [Theory]
    [InlineData(null, 409, "AddSqlitePersistence")]
    [InlineData("closed today", 409, "closed today")]
    [InlineData("", 500, "see the log")]
    [InlineData("/tmp/x.snapshot", 200, """{"status":"success","data":{"file":"/tmp/x.snapshot","groups":3}}""")]
    public async Task A_snapshot_is_written_by_the_host_or_it_is_said_why_not(string? writer, int expected, string body)
    {
        await using WebApplication app = await StartAsync(services =>
        {
            services.AddExposition("e");
            if (writer is not null)
            {
                services.AddKeyedSingleton<ISnapshotWriter>("e", new Snapshots(writer));
            }
        }, static app => app.MapExpositionAdminApi(name: "e"));

        (int status, string answer) = await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/snapshot"));

        Assert.Equal(expected, status);
        Assert.Contains(body, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_engine_refuses_it_refuses_here_too()
    {
        await using WebApplication app = await StartAsync(static services => services.AddExposition(static options =>
        {
            options.AllowedHosts.Add("127.0.0.1");
            options.MaxTargetBytes = 100;
            options.CommitGate = new Closed();
        }), static app =>
        {
            app.MapExpositionPage();
            app.MapExpositionApi();
            app.MapExpositionAdminApi();
        });

        Assert.Equal(403, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/wipe"), s_foreign)).Status);
        Assert.Equal(421, (await SendAsync("GET", Address(app), ("Host", "evil.example"))).Status);
        Assert.Equal(414, (await SendAsync("GET", new Uri(Address(app), "/?group=" + new string('a', 200)))).Status);

        // What is kept is being loaded.
        Assert.Equal(503, (await SendAsync("GET", new Uri(Address(app), "/api/v1/metrics"))).Status);
        Assert.Equal(503, (await SendAsync("PUT", new Uri(Address(app), "/api/v1/admin/wipe"))).Status);
        Assert.Equal(200, (await SendAsync("GET", new Uri(Address(app), "/api/v1/status"))).Status);
    }

    [Theory]
    [InlineData(false, false, null, 405)]
    [InlineData(true, false, "*", 200)]
    [InlineData(false, true, "https://other.example", 204)]
    [InlineData(true, true, "https://other.example", 204)]
    public async Task Pages_of_other_origins_read_the_api_where_the_host_lets_them(
        bool any, bool policy, string? expected, int preflight)
    {
        await using WebApplication app = await StartAsync(services =>
        {
            services.AddCors(static cors => cors.AddPolicy("p", static p => p.WithOrigins("https://other.example")));
            services.AddExposition();
            services.Configure<ExpositionStatusOptions>(status => status.AllowAnyOrigin = any);
        }, app =>
        {
            app.UseRouting();
            app.UseCors();
            IEndpointConventionBuilder api = app.MapExpositionApi();
            _ = policy ? api.RequireCors("p") : api;
        });
        var address = new Uri(Address(app), "/api/v1/status");
        using HttpClient client = Client();

        using HttpResponseMessage read = await SendAsync(client, "GET", address, s_foreign);
        using HttpResponseMessage asked = await SendAsync(
            client, "OPTIONS", address, [.. s_foreign, ("Access-Control-Request-Method", "GET")]);
        using HttpResponseMessage stranger = await SendAsync(client, "GET", address, ("Origin", "https://stranger.example"));

        Assert.Equal(expected, AllowedOrigin(read));
        Assert.Equal(preflight, (int)asked.StatusCode);
        Assert.Equal(expected, AllowedOrigin(asked));
        Assert.Equal(policy ? null : expected, AllowedOrigin(stranger));
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("/a/b", "/a/b", "")]
    [InlineData("/a/b", "/a/c", "../c/")]
    [InlineData("/a", "", "../")]
    [InlineData("", "/a b/c:d", "a%20b/c%3Ad/")]
    [InlineData("/{}/x", "/a/x", "../../a/x/")]
    public void A_folder_is_named_from_another(string from, string to, string expected) =>
        Assert.Equal(expected, RelativePath.Of(from, to));

    private static void Push(MetricStore store, string job)
    {
        GroupingKey key = GroupingKey.Create(("job", job), ("path", "/a b/<"));
        store.Push(key, PushFormat.Text, "m 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
    }

    private static string? AllowedOrigin(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? values) ? string.Join(", ", values) : null;

    private static async Task<JsonElement> DataAsync(WebApplication app, string path)
    {
        (int status, string body) = await SendAsync("GET", new Uri(Address(app), path));
        Assert.Equal(200, status);
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("data").Clone();
    }

    private static async Task<(int Status, string Body)> SendAsync(string method, Uri address, params (string Name, string Value)[] headers)
    {
        using HttpClient client = Client();
        using HttpResponseMessage answer = await SendAsync(client, method, address, headers);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, string method, Uri address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false });

    private static Uri Address(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> services, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        services(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    [GeneratedRegex("(?:href|src)=\"([^\"#?]*static/[^\"]+)\"")]
    private static partial Regex Linked();

    [GeneratedRegex("<a href=\"([^\"#]*)\"(?: aria-current=\"page\")?>(?:Groups|Jobs|Refused pushes|Status)</a>")]
    private static partial Regex Places();

    [GeneratedRegex("<tr data-address=\"([^\"]+)\"")]
    private static partial Regex Deletes();

    [GeneratedRegex("class=\"to\" href=\"./\\?group=([^\"]+)\"")]
    private static partial Regex Rows();

    [GeneratedRegex("href=\"([^\"]+)\">next ")]
    private static partial Regex Next();

    [GeneratedRegex("data-do=\"wipe\" data-address=\"([^\"]+)\"")]
    private static partial Regex Wipes();

    // The empty text fails, one with a blank is a reason, another a file.
    private sealed class Snapshots(string text) : ISnapshotWriter
    {
        public string? Unavailable => text.Contains(' ', StringComparison.Ordinal) ? text : null;

        public Task<WrittenSnapshot?> WriteSnapshotAsync() =>
            Task.FromResult(text.Length > 0 ? new WrittenSnapshot(text, 3) : null);
    }

    private sealed class Closed : ICommitGate
    {
        public bool IsOpen => false;

        public Task<string?>? Confirm() => null;
    }
}
