using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Exposition.Engine;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>
/// The ways in which hosts of ASP.NET Core are put together, over real sockets, each with the raw door and without. Beside it:
/// endpoints from the environment in <see cref="UrlsTests"/>, a host in a test in <see cref="TestServerTests"/>, a generic host without
/// ASP.NET Core in <see cref="WorkerStyleTests"/>. Rules of hosts are in <see cref="HostRulesTests"/>, several engines in
/// <see cref="Hosting.SeveralEnginesTests"/>.
/// </summary>
public sealed class HostStylesTests
{
    private const string Known = "Authorization: known\r\n";

    private static readonly string[] s_unnamed = [""];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_authorization_each_request_of_a_connection_is_asked_for_its_credentials(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? s_unnamed : [], static services =>
        {
            services.AddAuthorization().AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Users>("t", null);
            services.AddExposition();
        }, static app => app.MapExposition().RequireAuthorization());
        string stranger = PushTo("");
        string user = stranger.Replace("Host: h\r\n", "Host: h\r\n" + Known, StringComparison.Ordinal);
        string scrape = $"GET /metrics HTTP/1.1\r\nHost: h\r\n{Known}\r\n";
        string strangersScrape = scrape.Replace(Known, "", StringComparison.Ordinal);

        Assert.Equal("401 200 401 200 401 200", await StatusesAsync(
            host, stranger, user, strangersScrape, scrape, stranger, user));
        Assert.Equal("200 401", await StatusesAsync(host, user, stranger));
        Assert.Equal(0, host.ServedRaw());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_http2_alone_pushes_deletes_and_scrapes_are_served(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? s_unnamed : [],
            static services => services.AddExposition(), static app => app.MapExposition(), HttpProtocols.Http2);
        using var client = new HttpClient
        {
            BaseAddress = host.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        Assert.Equal(HttpStatusCode.OK, await PutAsync(client, "/metrics/job/a%2Fb", "a 1\n"));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(client, "/metrics/job@base64/Yw", "b 1\n"));
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(client, "/metrics/job/d", "{"));
        using HttpResponseMessage deleted = await client.DeleteAsync("/metrics/job/c", TestContext.Current.CancellationToken);
        string scraped = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Contains("a{instance=\"\",job=\"a/b\"} 1\n", scraped, StringComparison.Ordinal);
        Assert.DoesNotContain("b{", scraped, StringComparison.Ordinal);
        Assert.Equal(0, host.ServedRaw());
    }

    /// <summary>As prometheus-net's MapMetrics and OpenTelemetry's MapPrometheusScrapingEndpoint do it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_hosts_own_metrics_stay_where_they_are_and_pushes_go_below_a_prefix(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? s_unnamed : [],
            static services => services.AddExposition(), static app =>
            {
                app.MapGet("/metrics", static context => context.Response.WriteAsync("the_hosts_own 1\n"));
                app.MapExposition("/gateway");
            });
        string push = PushTo("/gateway");
        const string own = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";

        List<string> answers = TwoDoors.Split(await TwoDoors.SendAsync(
            host.Port, push + push + own + push + own.Replace("/metrics", "/gateway/metrics", StringComparison.Ordinal) + own, answers: 6));

        Assert.Equal([200, 200, 200, 200, 200, 200], answers.Select(StatusOf));
        Assert.EndsWith("the_hosts_own 1\n", answers[2], StringComparison.Ordinal);
        Assert.Contains("a{instance=\"\",job=\"a\"} 1\n", answers[4], StringComparison.Ordinal);
        Assert.DoesNotContain("the_hosts_own", answers[4], StringComparison.Ordinal);
        Assert.EndsWith("the_hosts_own 1\n", answers[5], StringComparison.Ordinal);
        Assert.Equal(404, (await host.SendAsync("PUT", "/metrics/job/a", "a 1\n")).Status);

        // Until a request is not for it, the raw door serves.
        Assert.Equal(raw ? 2 : 0, host.ServedRaw());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_a_group_of_routes_the_prefix_and_the_rules_of_the_group_hold(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? s_unnamed : [], static services =>
        {
            services.AddAuthorization().AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Users>("t", null);
            services.AddExposition();
            services.AddExposition("closed");
        }, static app =>
        {
            app.MapGroup("/open").MapExposition();
            app.MapGroup("/closed").RequireAuthorization().MapExposition(name: "closed");
        });

        Assert.Equal("200 200 200 401 200 404", await StatusesAsync(host,
            PushTo("/open"), "GET /open/metrics HTTP/1.1\r\nHost: h\r\n\r\n",
            "PUT /open/metrics/job@base64/YQ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", PushTo("/closed"),
            PushTo("/closed").Replace("Host: h\r\n", "Host: h\r\n" + Known, StringComparison.Ordinal),
            PushTo("")));
        Assert.Equal(raw ? 3 : 0, host.ServedRaw());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_engines_at_one_port_do_not_mix_their_groups_on_one_connection(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(raw ? ["one", "two"] : [], static services =>
        {
            services.AddExposition("one");
            services.AddExposition("two", static options => options.RoutePrefix = "/second");
        }, static app =>
        {
            app.MapExposition("/one", "one");
            app.MapExposition("/two", "two");
        });

        Assert.Equal("200 200 200 404 200", await StatusesAsync(host, PushTo("/one"),
            PushTo("/two/second").Replace("job/a", "job/b", StringComparison.Ordinal), PushTo("/one"),
            PushTo("/two"), "GET /two/second/metrics HTTP/1.1\r\nHost: h\r\n\r\n"));
        Assert.Equal(["{job=\"a\"}"], Jobs(host, "one"));
        Assert.Equal(["{job=\"b\"}"], Jobs(host, "two"));
        Assert.Equal(raw ? 1 : 0, host.ServedRaw("one"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_a_path_base_both_paths_lead_to_the_engine(bool raw)
    {
        await using StyleHost host = await StyleHost.StartAsync(
            raw ? s_unnamed : [], static services => services.AddExposition(), static app =>
            {
                app.UsePathBase("/base");
                app.UseRouting();
                app.MapExposition("/gw");
            });

        Assert.Equal("200 200 200 200 404", await StatusesAsync(host, PushTo("/gw"),
            PushTo("/base/gw"), "PUT /base/gw/metrics/job/x%2Fy HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nb 1\n",
            "GET /base/gw/metrics HTTP/1.1\r\nHost: h\r\n\r\n", PushTo("/base")));
        Assert.Equal(["{job=\"a\"}", "{job=\"x/y\"}"], Jobs(host, ""));
        (int status, string text) = await host.SendAsync("GET", "/base/gw/metrics");
        Assert.Equal(200, status);
        Assert.Contains("b{instance=\"\",job=\"x/y\"} 1\n", text, StringComparison.Ordinal);
        Assert.Equal(raw ? 1 : 0, host.ServedRaw());
        Assert.Equal(
            (301, "<a href=\"/base/gw/metrics?a=b\">Moved Permanently</a>.\n\n"), await host.SendAsync("GET", "/base/gw/metrics/?a=b"));
    }

    /// <summary>As hosts with a startup class are: the web host is a service of a generic host.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_a_generic_host_with_a_web_host_pushes_and_scrapes_are_served(bool raw)
    {
        IHost generic = new HostBuilder().ConfigureWebHost(web => web.UseKestrelCore()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (raw)
                {
                    listen.UseExposition();
                }
            }))
            .ConfigureServices(static services => services.AddRouting().AddExposition())
            .Configure(static app => app.UseRouting().UseEndpoints(static routes => routes.MapExposition("/gw")))).Build();
        await generic.StartAsync(TestContext.Current.CancellationToken);
        await using var host = new StyleHost(generic);

        Assert.Equal("200 200 404", await StatusesAsync(
            host, PushTo("/gw"), "GET /gw/metrics HTTP/1.1\r\nHost: h\r\n\r\n", PushTo("")));
        Assert.Equal(["{job=\"a\"}"], Jobs(host, ""));
        Assert.Equal(raw ? 2 : 0, host.ServedRaw());
    }

    private static string PushTo(string prefix) => $"PUT {prefix}/metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n";

    private static string[] Jobs(StyleHost host, string name)
    {
        MetricStore store = name.Length == 0
            ? host.Services.GetRequiredService<MetricStore>()
            : host.Services.GetRequiredKeyedService<MetricStore>(name);
        return [.. store.GetGroups().Select(static group => group.Key.ToString()).Order(StringComparer.Ordinal)];
    }

    private static async Task<HttpStatusCode> PutAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body);
        using HttpResponseMessage answer = await client.PutAsync(path, content, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    // All on one connection.
    private static async Task<string> StatusesAsync(StyleHost host, params string[] requests) => string.Join(
        ' ', TwoDoors.Split(await TwoDoors.SendAsync(host.Port, string.Concat(requests), requests.Length)).Select(StatusOf));

    private static int StatusOf(string answer) =>
        int.Parse(answer["HTTP/1.1 ".Length..][..3], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A scheme that knows one user.</summary>
    private sealed class Users(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers.Authorization == "known"
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity("t")), "t"))
                : AuthenticateResult.NoResult());
    }
}
