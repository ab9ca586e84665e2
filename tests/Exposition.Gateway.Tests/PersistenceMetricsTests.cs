using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Gateway.Logging;
using Exposition.Kestrel.Logging;
using Exposition.Persistence;
using Exposition.Persistence.SelfMetrics;

namespace Exposition.Gateway.Tests;

/// <summary>What the operator sees of a disk that is slow or refuses.</summary>
public sealed class PersistenceMetricsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-metrics").FullName;
    private readonly ManualTime _time = new();
    private readonly MemoryStream _log = new();

    [Fact]
    public async Task A_disk_that_refuses_shows_as_lag_failures_and_old_success_with_one_warning_until_it_is_back()
    {
        string place = Path.Combine(_directory, "mount");
        var store = new MetricStore(new StoreOptions { Time = _time });
        using var provider = new LineLoggerProvider(LogTo.Stream(_log), LogFormat.Logfmt, _time, new LogBudget(_time));
        var options = new SqlitePersistenceOptions { File = $"{place}/data" };
        await using var persistence = new SqlitePersistence(store, options, _time, provider.CreateLogger("Exposition.Gateway"));
        var metrics = new PersistenceMetrics(persistence);
        await persistence.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() => persistence.IsOpen);
        double started = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        Assert.Equal((0, 0, 0, 0), Values(metrics));

        _time.Advance(TimeSpan.FromSeconds(10));
        store.Push(GroupingKey.Create(("job", "j")), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
        await UntilAsync(() => Values(metrics).Failures == 1);
        Assert.Equal(0, Values(metrics).Lag);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((3, 0), (Values(metrics).Lag, Values(metrics).Success));
        Assert.DoesNotContain("persistence is behind", Log(), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal((10, 0), (Values(metrics).Lag, Values(metrics).Success));
        Assert.Equal(2, Log().Split("level=warn msg=\"persistence is behind: the disk is slower than the changes\"").Length);

        Directory.CreateDirectory(place);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Values(metrics).Lag == 0;
        });
        Assert.True(Values(metrics).Success > started + 20);
        await persistence.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(persistence.HasFailed);
    }

    [Fact]
    public async Task A_write_shows_how_long_it_took_and_how_large_the_file_is()
    {
        string file = Path.Combine(_directory, "data");
        var store = new MetricStore(new StoreOptions { Time = TimeProvider.System });
        using var provider = new LineLoggerProvider(LogTo.Stream(_log), LogFormat.Logfmt, _time, new LogBudget(_time));
        var options = new SqlitePersistenceOptions { File = file, CommitInterval = TimeSpan.Zero };
        await using var persistence = new SqlitePersistence(
            store, options, TimeProvider.System, provider.CreateLogger("Exposition.Gateway"));
        await persistence.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() => persistence.IsOpen);
        Assert.Equal(0, Values(new PersistenceMetrics(persistence)).Success);
        store.Push(GroupingKey.Create(("job", "j")), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
        await UntilAsync(() => Row(new PersistenceMetrics(persistence), "commit_duration_seconds").Count > 0);

        var metrics = new PersistenceMetrics(persistence);
        Assert.True(Values(metrics).Success > 0);
        Assert.Equal(0, Row(metrics, "waiting_groups").Value);
        long size = new FileInfo(file).Length;
        Assert.True(size > 0 && Row(metrics, "file_bytes").Value >= size);
        Assert.InRange(Row(metrics, "free_bytes").Value, 1, double.MaxValue);
        Assert.InRange(Row(metrics, "commit_duration_seconds").Value, double.Epsilon, 60);
        await persistence.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task UntilAsync(Func<bool> done)
    {
        for (int i = 0; !done(); i++)
        {
            Assert.True(i < 20_000, "does not happen");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private string Log()
    {
        lock (_log)
        {
            return Encoding.UTF8.GetString(_log.ToArray());
        }
    }

    private static (double Damaged, double Failures, double Lag, double Success) Values(PersistenceMetrics metrics)
    {
        double Value(string name) => Row(metrics, name).Value;

        return (Value("damaged_total"), Value("failures_total"), Value("lag_seconds"), Value("last_success_timestamp_seconds"));
    }
    private static MetricRow Row(PersistenceMetrics metrics, string name)
    {
        var set = new FamilySet();
        metrics.Collect(set);
        for (int i = 0; i < set.Families.Length; i++)
        {
            if (Encoding.UTF8.GetString(set.Text(set.Families[i].Name)) == "pushgateway_persistence_" + name)
            {
                return set.Metrics[set.Families[i].FirstMetric];
            }
        }

        throw new InvalidOperationException("no " + name);
    }
}
