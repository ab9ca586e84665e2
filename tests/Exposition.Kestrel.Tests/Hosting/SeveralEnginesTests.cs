using System.Net;
using Exposition.Engine;
using Exposition.Formats;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Where a host maps its engines, and how many it has: over real sockets, with the raw door and without.</summary>
public sealed class SeveralEnginesTests
{
    private static readonly string[] s_none = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_engines_each_have_their_store_options_sources_and_prefix(bool raw)
    {
        await using WebApplication app = await StartAsync(raw, ["one", "two"], static services =>
        {
            services.AddExposition("one", static o => o.MaxGroups = 1).AddSource(new Gauge("only_one"));
            services.AddExposition("two", static o => o.TelemetryPath = "/all");
        }, static app =>
        {
            app.MapExposition("/one", "one");
            app.MapGroup("/gateways").MapGroup("/two").MapExposition(name: "two");
        });

        Assert.Equal(200, await StatusAsync(app, "PUT", "/one/metrics/job/a"));
        Assert.Equal(507, await StatusAsync(app, "PUT", "/one/metrics/job/b"));
        Assert.Equal(200, await StatusAsync(app, "PUT", "/gateways/two/metrics/job/a"));
        Assert.Equal(200, await StatusAsync(app, "PUT", "/gateways/two/metrics/job/b"));
        Assert.Equal(404, await StatusAsync(app, "PUT", "/two/metrics/job/a"));
        Assert.Equal(404, await StatusAsync(app, "PUT", "/metrics/job/a"));
        Assert.Equal((1, 2), (StoreOf(app, "one").GroupCount, StoreOf(app, "two").GroupCount));
        string one = await GetAsync(app, "/one/metrics");
        string two = await GetAsync(app, "/gateways/two/all");
        Assert.Contains("only_one 1\n", one, StringComparison.Ordinal);
        Assert.DoesNotContain("only_one", two, StringComparison.Ordinal);
        Assert.DoesNotContain("job=\"b\"", one, StringComparison.Ordinal);
        Assert.Contains("job=\"b\"", two, StringComparison.Ordinal);
        Assert.Equal(raw, RawRequests(one) > 0);
        Assert.Equal(raw, RawRequests(two) > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Below_a_prefix_misspelled_paths_are_redirected_to_what_is_mapped(bool raw)
    {
        await using WebApplication app = await StartAsync(
            raw, [""], static services => services.AddExposition(), static app => app.MapGroup("/gw").MapExposition("/x"));

        (HttpStatusCode status, Uri? location) = await SendAsync(app, "GET", "/gw/x/metrics/");

        Assert.Equal(HttpStatusCode.MovedPermanently, status);
        Assert.Equal("/gw/x/metrics", location!.OriginalString);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_path_base_stands_above_a_prefix(bool raw)
    {
        await using WebApplication app = await StartAsync(raw, [""], static services => services.AddExposition(), static app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapExposition("/gw");
        });

        Assert.Equal(200, await StatusAsync(app, "PUT", "/gw/metrics/job/a"));
        Assert.Contains("job=\"a\"", await GetAsync(app, "/gw/metrics"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pushes_and_scrapes_have_rules_of_their_own_where_they_are_mapped_apart(bool raw)
    {
        await using WebApplication app = await StartAsync(raw, [""], static services =>
        {
            services.AddAuthorization().AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Nobody>("t", null);
            services.AddExposition();
        }, static app =>
        {
            app.MapExpositionPush().RequireAuthorization();
            app.MapExpositionScrape();
        });

        Assert.Equal(401, await StatusAsync(app, "PUT", "/metrics/job/a"));
        Assert.Equal(401, await StatusAsync(app, "DELETE", "/metrics/job@base64/YQ"));
        Assert.Equal(200, await StatusAsync(app, "GET", "/metrics"));
        Assert.Equal(0, StoreOf(app, "").GroupCount);
    }

    [Fact]
    public async Task An_engine_that_was_not_added_is_named()
    {
        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            raw: false, s_none, static services => services.AddExposition(), static app => app.MapExposition(name: "other")));

        Assert.Contains("AddExposition(\"other\")", thrown.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(
        bool raw, string[] doors, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        services(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            foreach (string door in raw ? doors : [])
            {
                listen.UseExposition(name: door);
            }
        }));
        WebApplication app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static MetricStore StoreOf(WebApplication app, string name) =>
        name.Length == 0 ? app.Services.GetRequiredService<MetricStore>() : app.Services.GetRequiredKeyedService<MetricStore>(name);

    private static async Task<int> StatusAsync(WebApplication app, string method, string path) =>
        (int)(await SendAsync(app, method, path)).Status;

    private static Task<string> GetAsync(WebApplication app, string path) => ClientOf(app).GetStringAsync(path);

    // A connection for each request: the raw door of one engine leaves the requests of another to Kestrel, and all that follow.
    private static async Task<(HttpStatusCode Status, Uri? Location)> SendAsync(WebApplication app, string method, string path)
    {
        using HttpClient client = ClientOf(app);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = method == "PUT" ? new StringContent("x 1\n") : null;
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, response.Headers.Location);
    }

    private static HttpClient ClientOf(WebApplication app) => new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
    };

    private static double RawRequests(string scraped) => scraped.Split('\n')
        .Where(static line => line.StartsWith("pushgateway_engine_requests_total{door=\"raw\"", StringComparison.Ordinal))
        .Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    private sealed class Gauge(string name) : IMetricSource
    {
        public void Collect(FamilySet into)
        {
            int metric = into.AddMetric(into.AddFamily(System.Text.Encoding.UTF8.GetBytes(name), MetricType.Gauge, "h"u8));
            into.Metrics[metric].Content = MetricContent.Gauge;
            into.Metrics[metric].Value = 1;
        }
    }
}
