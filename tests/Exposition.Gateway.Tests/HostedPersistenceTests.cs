using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Gateway.Tests;

/// <summary>A durable copy in a host of somebody else's, in one line.</summary>
public sealed class HostedPersistenceTests : IDisposable
{
    private static readonly GroupingKey s_key = GroupingKey.Create(("job", "j"));

    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-hosted").FullName;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string StateFile => Path.Combine(_directory, "state.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_was_pushed_is_there_after_a_restart_and_the_copy_says_how_it_is_doing()
    {
        IConfiguration settings = Section(("File", StateFile), ("CommitInterval", "0s"));
        using (IHost host = await StartAsync(builder => builder.AddSqlitePersistence(settings)))
        {
            host.Services.GetRequiredService<MetricStore>()
                .Push(s_key, PushFormat.Text, "rows 3\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
            ICommitGate gate = host.Services.GetRequiredService<ICommitGate>();
            Assert.True(gate.IsOpen);
            Assert.Null(await gate.Confirm()!);
            await host.StopAsync(Cancelled);
        }

        using IHost again = await StartAsync(builder => builder.AddSqlitePersistence(options => options.File = StateFile));
        Assert.Equal(3, again.Services.GetRequiredService<MetricStore>().GetValue("rows{job=\"j\"}"));
        var families = new FamilySet();
        again.Services.GetRequiredService<IMetricSource>().Collect(families);
        Assert.Equal(8, families.Families.Length);
        Assert.All(families.Families.ToArray(), family =>
            Assert.StartsWith("pushgateway_persistence_", Encoding.UTF8.GetString(families.Text(family.Name)), StringComparison.Ordinal));
        SqlitePersistence persistence = again.Services.GetRequiredService<SqlitePersistence>();
        await again.StopAsync(Cancelled);
        Assert.False(persistence.HasFailed);
    }

    [Fact]
    public async Task A_file_that_another_host_has_ends_the_start_of_a_second_one()
    {
        using IHost first = await StartAsync(builder => builder.AddSqlitePersistence(options => options.File = StateFile));

        DurableStoreException thrown = await Assert.ThrowsAsync<DurableStoreException>(
            () => StartAsync(builder => builder.AddSqlitePersistence(options => options.File = StateFile)));

        Assert.Equal(DurableFault.Locked, thrown.Fault);
        Assert.Equal($"{StateFile}: the file is in use by another process, or by another engine of this one", thrown.Message);
        await first.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_log_that_shows_texts_alone_is_told_of_which_file_and_why()
    {
        var lines = new LogLines();
        using IHost first = await StartAsync(builder => builder.AddSqlitePersistence(options => options.File = StateFile));

        await Assert.ThrowsAsync<DurableStoreException>(() => StartAsync(builder =>
        {
            builder.Services.AddSingleton<ILoggerFactory>(lines);
            builder.AddSqlitePersistence(options => options.File = StateFile);
        }));

        Assert.Contains(lines.Lines, line => line.EndsWith(
            $"could not load persisted metrics file={StateFile} "
            + "err=\"the file is in use by another process, or by another engine of this one\"", StringComparison.Ordinal));
        await first.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_snapshot_to_begin_with_and_a_file_that_has_something_are_not_mixed()
    {
        string snapshot = Path.Combine(_directory, "snapshot.db");
        using (IHost first = await StartAsync(builder => builder.AddSqlitePersistence(options => options.File = StateFile)))
        {
            MetricStore store = first.Services.GetRequiredService<MetricStore>();
            store.Push(s_key, PushFormat.Text, "rows 3\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
            DurableSnapshot.Write(snapshot, store);
            await first.StopAsync(Cancelled);
        }

        DurableStoreException thrown = await Assert.ThrowsAsync<DurableStoreException>(() => StartAsync(
            builder => builder.AddSqlitePersistence(options => (options.File, options.RestoreFrom) = (StateFile, snapshot))));
        Assert.Contains("RestoreFrom", thrown.Message, StringComparison.Ordinal);

        using IHost restored = await StartAsync(
            builder => builder.AddSqlitePersistence(options => (options.File, options.RestoreFrom) = (StateFile + "2", snapshot)));
        Assert.Equal(3, restored.Services.GetRequiredService<MetricStore>().GetValue("rows{job=\"j\"}"));
        await restored.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Options_that_are_wrong_end_the_start_all_in_one_message()
    {
        OptionsValidationException thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(
            builder => builder.AddSqlitePersistence(Section(("CommitInterval", "-1s"), ("Fiel", "x")))));

        Assert.Contains("File is empty", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("CommitInterval=-1s", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Fiel", thrown.Message, StringComparison.Ordinal);
    }

    private static async Task<IHost> StartAsync(Action<IExpositionBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services.AddExpositionStore());
        IHost host = builder.Build();
        try
        {
            await host.StartAsync(Cancelled);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static IConfiguration Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
}
