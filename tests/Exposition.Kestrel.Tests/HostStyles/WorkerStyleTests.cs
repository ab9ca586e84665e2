using System.Buffers;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>A generic host without ASP.NET Core: services push into the store and read from it.</summary>
public sealed class WorkerStyleTests
{
    [Fact]
    public async Task A_worker_pushes_into_its_store_and_another_sees_it_and_writes_it_out()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddExpositionStore(static options => options.MaxGroups = 10);
        builder.Services.AddHostedService<Writer>();
        builder.Services.AddSingleton<Reader>().AddHostedService(static services => services.GetRequiredService<Reader>());
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        string scraped = await host.Services.GetRequiredService<Reader>().Scraped.Task.WaitAsync(
            TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Contains("rows{instance=\"\",job=\"nightly\"} 3", scraped, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", scraped, StringComparison.Ordinal);
    }

    private sealed class Writer(MetricStore store, Reader reader) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await reader.Watches.Task;
            store.Push(GroupingKey.Create(("job", "nightly")), PushFormat.Text, "rows 3\n"u8.ToArray(), PushMode.Replace);
        }
    }

    private sealed class Reader(MetricStore store) : BackgroundService
    {
        public TaskCompletionSource Watches { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string> Scraped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await using IAsyncEnumerator<GroupChange> changes = store.WatchAsync(cancellation: stoppingToken)
                .GetAsyncEnumerator(stoppingToken);
            ValueTask<bool> change = changes.MoveNextAsync();
            Watches.SetResult();
            await change;
            var output = new ArrayBufferWriter<byte>();
            store.WriteTo(output, new ScrapeOptions { Format = ScrapeFormat.OpenMetrics });
            Scraped.SetResult(Encoding.UTF8.GetString(output.WrittenSpan));
        }
    }
}
