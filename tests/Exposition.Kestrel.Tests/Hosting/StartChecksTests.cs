using Exposition.Kestrel.Tests.HostStyles;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>What is wrong with how a host uses its engines ends its start, and is no surprise of the first request.</summary>
public sealed class StartChecksTests
{
    [Theory]
    [InlineData(true, "exposition")]
    [InlineData(true, "push")]
    [InlineData(true, "scrape")]
    [InlineData(false, "exposition")]
    [InlineData(false, "push")]
    [InlineData(false, "scrape")]
    [InlineData(false, "page")]
    [InlineData(false, "api")]
    [InlineData(false, "admin")]
    [InlineData(false, "otlp")]
    public async Task An_engine_that_is_mapped_twice_at_one_prefix_ends_the_start(bool raw, string what)
    {
        OptionsValidationException thrown = await StartAsync(raw ? ["one"] : [], static services => services.AddExposition("one"), app =>
        {
            Map(app, what, "/gw", "one");
            Map(app.MapGroup("/gw"), what, "", "one");
        });

        Assert.All(thrown.Failures, static fault => Assert.StartsWith("engine one: mapped twice at /gw", fault, StringComparison.Ordinal));
        Assert.NotEmpty(thrown.Failures);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_engine_that_is_mapped_wrong_and_each_health_check_without_one_is_in_the_one_message(bool raw)
    {
        OptionsValidationException thrown = await StartAsync(raw ? ["", "two"] : [], static services =>
        {
            services.AddExposition().Services.AddExposition("two").Services.AddExposition("three");
            services.AddHealthChecks().AddExposition("ohter").AddExposition("two").AddExposition("Three");
        }, static app =>
        {
            app.MapExposition();
            app.MapExposition();
            app.MapExposition("/gw", "two");
            app.MapExposition("/gw", "three");
        });

        Assert.Equal(
            ["engine without a name: mapped twice at /metrics/{**rest}: ", "engines two and three: both mapped at /gw/metrics/{**rest}: ",
                "health check exposition-Three: the services have no exposition engine of the name Three: call ",
                "health check exposition-ohter: the services have no exposition engine of the name ohter: "],
            thrown.Failures.Order(StringComparer.Ordinal), static (start, fault) => fault.StartsWith(start, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_engine_below_two_prefixes_or_below_many_ends_the_start(bool raw)
    {
        OptionsValidationException two = await StartAsync(raw ? [""] : [], static services => services.AddExposition(), static app =>
        {
            app.MapExposition("/a");
            app.MapExposition("/b");
        });
        OptionsValidationException many = await StartAsync(
            raw ? ["batch"] : [], static services => services.AddExposition("batch"),
            static app => app.MapGroup("/{tenant}").MapExposition(name: "batch"));

        Assert.StartsWith("the engine without a name is mapped below \"/a\" and below \"/b\": expected one prefix", two.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("engine batch is mapped at /{tenant}/metrics/{**rest}: ", many.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Options_of_two_engines_that_are_wrong_are_in_the_one_message(bool raw)
    {
        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(() => StyleHost.StartAsync(raw ? ["one", "two"] : [], static services =>
        {
            services.AddExposition("one", static options => options.MaxGroups = -1);
            services.AddExposition("two", static options => (options.MaxGroups, options.MaxHeaders) = (-2, -3));
        }, static app => app.MapExposition("/one", "one")));

        foreach (string fault in (string[])["engine one: ExpositionOptions.MaxGroups is -1: ",
            "engine two: ExpositionOptions.MaxGroups is -2: ", "engine two: ExpositionOptions.MaxHeaders is -3: "])
        {
            Assert.Contains(fault, thrown.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Twice_for_hosts_that_differ_and_in_branches_of_the_pipeline_is_no_fault(bool raw)
    {
        await using StyleHost hosts = await StyleHost.StartAsync(raw ? [""] : [], static services => services.AddExposition(), static app =>
        {
            app.MapExposition().RequireHost("a");
            app.MapExposition().RequireHost("b");
        });
        await using StyleHost branches = await StyleHost.StartAsync(
            raw ? ["one"] : [], static services => services.AddExposition("one").Services.AddExposition("two"), static app =>
            {
                app.MapExposition(name: "one");
                app.MapWhen(static context => context.Request.Headers.ContainsKey("X-Two"), static branch =>
                {
                    branch.UseRouting();
                    branch.UseEndpoints(static routes => routes.MapGroup("").MapExposition(name: "two"));
                });
            });

        Assert.Equal(200, (await hosts.SendAsync("PUT", "/metrics/job/a", "a 1\n")).Status);
        Assert.Equal(200, (await branches.SendAsync("GET", "/metrics")).Status);
    }

    [Fact]
    public async Task In_a_host_without_http_a_health_check_without_an_engine_ends_the_start_together_with_options_that_are_wrong()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddExpositionStore(static options => options.MaxGroups = -1);
        builder.Services.AddHealthChecks().AddExposition().AddExposition("other");
        using IHost host = builder.Build();

        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("StoreOptions.MaxGroups is -1: ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("health check exposition-other: the services have no exposition engine of the name other: call ", thrown.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("health check exposition:", thrown.Message, StringComparison.Ordinal);
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes, string what, string prefix, string name) => what switch
    {
        "push" => routes.MapExpositionPush(prefix, name),
        "scrape" => routes.MapExpositionScrape(prefix, name),
        "page" => routes.MapExpositionPage(prefix, name),
        "api" => routes.MapExpositionApi(prefix, name),
        "admin" => routes.MapExpositionAdminApi(prefix, name),
        "otlp" => routes.MapExpositionOtlp(prefix, name),
        _ => routes.MapExposition(prefix, name),
    };

    private static Task<OptionsValidationException> StartAsync(
        string[] raw, Action<IServiceCollection> services, Action<WebApplication> map) =>
        Assert.ThrowsAsync<OptionsValidationException>(() => StyleHost.StartAsync(raw, services, map));
}
