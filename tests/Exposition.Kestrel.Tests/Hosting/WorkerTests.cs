using Exposition.Engine;
using Exposition.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>A generic host without HTTP, and the health of its store.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task A_store_comes_from_the_services_with_its_options_from_configuration()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Store:MaxGroups", (string?)"1")]);
        builder.Services.AddExpositionStore().BindStore(builder.Configuration.GetSection("Store"));
        builder.Services.AddExpositionStore("other", static options => options.MaxGroups = 2);
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        MetricStore store = host.Services.GetRequiredService<MetricStore>();
        Assert.Equal(PushStatus.Stored, Push(store, "a"));
        Assert.NotEqual(PushStatus.Stored, Push(store, "b"));
        Assert.Equal(2, host.Services.GetRequiredKeyedService<MetricStore>("other").Options.MaxGroups);
        Assert.Equal(0, host.Services.GetRequiredKeyedService<MetricStore>("other").GroupCount);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Options_that_are_wrong_end_the_start()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddExpositionStore(static options => (options.MaxGroups, options.MaxSeriesPerPush) = (-1, -2));
        using IHost host = builder.Build();

        OptionsValidationException thrown = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            ["StoreOptions.MaxSeriesPerPush is -2: expected 0, for no limit, or more",
                "StoreOptions.MaxGroups is -1: expected 0, for no limit, or more"],
            thrown.Failures);
    }

    [Fact]
    public async Task Health_tells_of_loading_of_a_fault_and_of_being_nearly_full()
    {
        var gate = new Gate();
        using ServiceProvider services = new ServiceCollection().AddLogging(static logging => logging.ClearProviders())
            .AddSingleton<ICommitGate>(gate)
            .AddExpositionStore(static options => options.MaxGroups = 10).Services
            .AddHealthChecks().AddExposition(tags: ["ready"]).Services
            .BuildServiceProvider();
        HealthCheckService health = services.GetRequiredService<HealthCheckService>();
        async Task<(HealthStatus, string?)> Ask()
        {
            HealthReport report = await health.CheckHealthAsync(TestContext.Current.CancellationToken);
            return (report.Status, report.Entries["exposition"].Description);
        }

        Assert.Equal((HealthStatus.Unhealthy, "what was kept is being loaded"), await Ask());
        gate.IsOpen = true;
        Assert.Equal((HealthStatus.Healthy, null), await Ask());
        MetricStore store = services.GetRequiredService<MetricStore>();
        for (int i = 0; i < 9; i++)
        {
            Push(store, "j" + i);
        }

        Assert.Equal((HealthStatus.Degraded, "9 groups of at most 10"), await Ask());
        gate.Fault = "the disk is full";
        Assert.Equal((HealthStatus.Unhealthy, "the disk is full"), await Ask());
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() =>
        ReadmeSamples.AreIn("tests/Exposition.Kestrel.Tests/Hosting/WorkerTests.cs", "src/Exposition.Hosting/README.md");

    [Fact]
    public void The_program_of_the_readme_stores_what_is_pushed()
    {
        string[] args = [];
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddExpositionStore(options => options.MaxGroups = 10_000).BindStore(builder.Configuration.GetSection("Store"));
        builder.Services.AddHealthChecks().AddExposition(tags: ["ready"]);
        using IHost host = builder.Build();
        MetricStore store = host.Services.GetRequiredService<MetricStore>();
        store.Push(GroupingKey.Create(("job", "nightly_backup")), PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);

        Assert.Equal(1, store.GroupCount);
    }

    private static PushStatus Push(MetricStore store, string job) =>
        store.Push(GroupingKey.Create(("job", job)), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).Status;

    private sealed class Gate : ICommitGate
    {
        public bool IsOpen { get; set; }

        public string? Fault { get; set; }

        public Task<string?>? Confirm() => null;
    }
}
