using System.Collections.Concurrent;
using System.Net;
using System.Threading.RateLimiting;
using Exposition.Kestrel.Tests.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests;

/// <summary>Hosts with rules of their own, over real sockets: the raw door bypasses none of them.</summary>
public sealed class HostRulesTests
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n";
    private const string Scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";

    // What a host can say of the endpoints that only its middleware, or nobody but the endpoint, keeps.
    private static readonly Dictionary<string, Action<IEndpointConventionBuilder>> s_rules = new()
    {
        ["authorization"] = static routes => routes.RequireAuthorization(),
        ["policy"] = static routes => routes.RequireAuthorization(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()),
        ["host"] = static routes => routes.RequireHost("other"),
        ["cors"] = static routes => routes.RequireCors("p"),
        ["no cors"] = static routes => routes.WithMetadata(new Microsoft.AspNetCore.Cors.DisableCorsAttribute()),
        ["rate"] = static routes => routes.RequireRateLimiting("p"),
        ["timeout"] = static routes => routes.WithRequestTimeout("p"),
        ["cache"] = static routes => routes.CacheOutput("p"),
        ["size"] = static routes => routes.WithMetadata(new SizeRule()),
        ["filter"] = static routes =>
            ((RouteGroupBuilder)routes).AddEndpointFilter(static (_, _) => new ValueTask<object?>(Results.StatusCode(418))),
        ["wrapped"] = static routes => routes.Add(static endpoint => endpoint.RequestDelegate = static _ => Task.CompletedTask),
        ["foreign"] = static routes => routes.WithMetadata(new object()),
    };

    public static TheoryData<string> Rules => [.. s_rules.Keys];

    [Fact]
    public async Task Authorization_holds_at_both_doors_for_the_first_request_of_a_connection_and_for_later_ones()
    {
        await using Host host = await Host.StartAsync(static routes => routes.RequireAuthorization());

        foreach (int port in host.Ports)
        {
            List<string> answers = TwoDoors.Split(await TwoDoors.SendAsync(
                port, Push + Scrape + "HEAD /metrics HTTP/1.1\r\nHost: h\r\n\r\n" + Push, answers: 4, head: true), head: true);

            Assert.Equal(4, answers.Count);
            Assert.All(answers, static answer => Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal));
        }

        Assert.Equal(0, host.Engine.Store.GroupCount);
        Assert.Single(host.Log, static line => line.Contains("AuthorizeAttribute", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task What_an_endpoint_carries_for_others_closes_the_raw_door_which_says_why_once(string rule)
    {
        await using Host host = await Host.StartAsync(s_rules[rule]);

        Assert.Equal(host.Ports.Length, (await host.EachDoorAsync(Push)).Count);
        await host.EachDoorAsync(Scrape);

        Assert.Equal(0, host.ServedRaw);
        Assert.Single(host.Log);
    }

    [Theory]
    [InlineData("fallback")]
    [InlineData("policies")]
    [InlineData("hosts")]
    [InlineData("rate")]
    [InlineData("timeout")]
    public async Task A_rule_for_all_endpoints_closes_it_too(string rule)
    {
        await using Host host = await Host.StartAsync(static _ => { }, services => _ = rule switch
        {
            "fallback" => services.AddAuthorization(
                static o => o.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()),
            "policies" => services.AddSingleton<IAuthorizationPolicyProvider, ChangingPolicies>(),
            "hosts" => services.Configure<HostFilteringOptions>(static o => o.AllowedHosts = ["other"]),
            "rate" => services.Configure<RateLimiterOptions>(static o => o.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext,
                int>(static _ => RateLimitPartition.GetNoLimiter(0))),
            _ => services.Configure<RequestTimeoutOptions>(static o => o.DefaultPolicy = new RequestTimeoutPolicy()),
        });

        List<string> answers = await host.EachDoorAsync(Push);

        Assert.Equal(answers[0], answers[1]);
        Assert.StartsWith(rule == "fallback" ? "HTTP/1.1 401" : "HTTP/1.1 200", answers[0], StringComparison.Ordinal);
        Assert.Equal(0, host.ServedRaw);
        Assert.Single(host.Log);
    }

    [Fact]
    public async Task Without_the_endpoints_the_raw_door_serves_nothing_either()
    {
        await using Host host = await Host.StartAsync(
            routes: null, app: static app => app.MapGet("/other", static context => Task.CompletedTask));

        Assert.All(await host.EachDoorAsync(Push), static answer => Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal));
        Assert.Single(host.Log, static line => line.Contains("MapExposition", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/metrics", 0)]
    [InlineData("/METRICS/{format?}", 0)]
    [InlineData("/metrics/job/{job}", 0)]
    [InlineData("/metrics/{job}/{name}/{**rest}", 0)]
    [InlineData("/{**all}", -1)]
    public async Task A_route_of_the_host_that_takes_our_requests_takes_them_at_both_doors(string pattern, int order)
    {
        await using Host host = await Host.StartAsync(static _ => { },
            app: app => app.Map(pattern, static context => context.Response.WriteAsync("other")).WithOrder(order));

        foreach (string request in (string[])[Push, Scrape])
        {
            List<string> answers = await host.EachDoorAsync(request);
            Assert.Equal(answers[0].EndsWith("other", StringComparison.Ordinal), answers[1].EndsWith("other", StringComparison.Ordinal));
        }

        Assert.Equal(0, host.ServedRaw);
        Assert.Single(host.Log, line => line.Contains(pattern, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/other/{**rest}", 0)]
    [InlineData("/{**all}", 0)]
    [InlineData("/{a}/{b}/{c}", 0)]
    [InlineData("/metrics/job", -1)]
    [InlineData("/metrics/jobs/{job}", 0)]
    [InlineData("/metrics", 1)]
    public async Task A_route_of_the_host_that_gives_way_does_not_close_it(string pattern, int order)
    {
        await using Host host = await Host.StartAsync(static _ => { },
            app: app => app.Map(pattern, static context => context.Response.WriteAsync("other")).WithOrder(order));

        Assert.All(await host.EachDoorAsync(Push), static answer => Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal));

        Assert.Equal(1, host.ServedRaw);
        Assert.Empty(host.Log);
    }

    [Fact]
    public async Task A_route_that_comes_later_closes_the_door_for_connections_that_are_open()
    {
        using var routes = new LateRoutes();
        await using Host host = await Host.StartAsync(static _ => { }, app: app => ((IEndpointRouteBuilder)app).DataSources.Add(routes));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{host.Ports[0]}") };
        Assert.NotEqual("other", await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken));
        Assert.Equal(1, host.ServedRaw);

        routes.Add("/metrics");

        Assert.Equal("other", await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken));
        Assert.Single(host.Log);
    }

    [Fact]
    public async Task AllowAnonymous_lifts_authorization_and_nothing_else()
    {
        await using (Host open = await Host.StartAsync(static routes => routes.RequireAuthorization().AllowAnonymous(),
            static services => services.AddAuthorization(
                static o => o.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())))
        {
            Assert.All(await open.EachDoorAsync(Push),
                static answer => Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal));
            Assert.Equal(1, open.ServedRaw);
            Assert.Empty(open.Log);
        }

        await using Host host = await Host.StartAsync(static routes => routes.AllowAnonymous().RequireHost("other"));
        Assert.All(await host.EachDoorAsync(Push), static answer => Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal));
        Assert.Equal(0, host.ServedRaw);
    }

    [Fact]
    public async Task A_gate_stands_for_the_rules_of_the_host()
    {
        await using Host host = await Host.StartAsync(static routes => routes.RequireAuthorization(), gate: new OpenGate());

        List<string> answers = await host.EachDoorAsync(Push);

        Assert.StartsWith("HTTP/1.1 200", answers[0], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 401", answers[1], StringComparison.Ordinal);
        Assert.Empty(host.Log);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_endpoint_for_http2_alone_does_not_answer_http1(bool hasGate)
    {
        await using Host host = await Host.StartAsync(
            static _ => { }, gate: hasGate ? new OpenGate() : null, protocols: HttpProtocols.Http2);

        Assert.DoesNotContain("HTTP/1.1 200", await TwoDoors.SendAsync(host.Ports[0], Push), StringComparison.Ordinal);
        using var client = new HttpClient
        { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var body = new StringContent("a 1\n");
        using HttpResponseMessage answer = await client.PutAsync(
            $"http://127.0.0.1:{host.Ports[0]}/metrics/job/a", body, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, host.ServedRaw);
        Assert.Single(host.Log, static line => line.Contains("HTTP/1.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_and_descriptions_of_the_endpoints_keep_it_open()
    {
        await using Host host = await Host.StartAsync(
            static routes => routes.WithTags("t").WithSummary("s").WithDescription("d").WithGroupName("g").DisableHttpMetrics());

        await host.EachDoorAsync(Push);

        Assert.Equal(1, host.ServedRaw);
        Assert.Empty(host.Log);
    }

    private sealed class Host : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Host(WebApplication app, ConcurrentQueue<string> log)
        {
            (_app, Log) = (app, log);
            Ports = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(
                static a => new Uri(a).Port)];
        }

        /// <summary>One with the raw door, one without.</summary>
        public int[] Ports { get; }

        /// <summary>What the engine has logged.</summary>
        public ConcurrentQueue<string> Log { get; }

        public ExpositionEngine Engine => _app.Services.GetRequiredService<ExpositionEngine>();

        public double ServedRaw
        {
            get
            {
                var set = new Formats.FamilySet();
                Engine.Collect(set);
                int family = Enumerable.Range(0, set.Families.Length)
                    .First(i => set.Text(set.Families[i].Name).SequenceEqual("pushgateway_engine_requests_total"u8));
                return set.Metrics[set.Metrics[set.Families[family].FirstMetric].Next].Value;
            }
        }

        public static async Task<Host> StartAsync(Action<IEndpointConventionBuilder>? routes, Action<IServiceCollection>? services = null,
            Action<WebApplication>? app = null, IRequestGate? gate = null, HttpProtocols protocols = HttpProtocols.Http1)
        {
            var log = new RecordedLog();
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Logging.ClearProviders().AddProvider(log);
            builder.Services.AddRouting().AddAuthorization().AddCors(static o => o.AddPolicy("p", static p => p.AllowAnyOrigin()))
                .AddRequestTimeouts(static o => o.AddPolicy("p", TimeSpan.FromMinutes(1)))
                    .AddOutputCache(static o => o.AddPolicy("p", static _ => { }))
                .AddRateLimiter(
                    static o => o.AddFixedWindowLimiter("p", static w => (w.PermitLimit, w.Window) = (100, TimeSpan.FromMinutes(1))))
                .AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Nobody>("t", null);
            builder.Services.AddExposition();
            services?.Invoke(builder.Services);
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen =>
                {
                    listen.UseExposition(gate);
                    listen.Protocols = protocols;
                });
                kestrel.Listen(IPAddress.Loopback, 0);
            });
            WebApplication built = builder.Build();
            built.UseRouting();
            built.UseRequestTimeouts();
            built.UseCors();
            built.UseRateLimiter();
            built.UseAuthentication();
            built.UseAuthorization();
            built.UseOutputCache();
            if (routes is not null)
            {
                routes(built.MapExposition());
            }

            app?.Invoke(built);
            await built.StartAsync();
            return new Host(built, log.Lines);
        }

        public async Task<List<string>> EachDoorAsync(string request)
        {
            var answers = new List<string>();
            foreach (int port in Ports)
            {
                answers.AddRange(TwoDoors.Split(await TwoDoors.SendAsync(port, request)));
            }

            return answers;
        }

        public async ValueTask DisposeAsync()
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    private sealed class ChangingPolicies(IOptions<AuthorizationOptions> options) : DefaultAuthorizationPolicyProvider(options);

    private sealed class OpenGate : IRequestGate
    {
        public ReadOnlyMemory<byte> HeaderLines => default;

        public bool Admits(ReadOnlySpan<byte> authorization) => true;
    }

    private sealed class SizeRule : Microsoft.AspNetCore.Http.Metadata.IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => 1;
    }

    private sealed class LateRoutes : EndpointDataSource, IDisposable
    {
        private readonly List<Endpoint> _endpoints = [];
        private CancellationTokenSource _changed = new();

        public override IReadOnlyList<Endpoint> Endpoints => [.. _endpoints];

        public override Microsoft.Extensions.Primitives.IChangeToken GetChangeToken() =>
            new Microsoft.Extensions.Primitives.CancellationChangeToken(_changed.Token);

        public void Dispose() => _changed.Dispose();

        public void Add(string pattern)
        {
            _endpoints.Add(new RouteEndpoint(static context => context.Response.WriteAsync("other"),
                Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse(pattern), 0, null, null));
            Interlocked.Exchange(ref _changed, new CancellationTokenSource()).Cancel();
        }
    }
}
