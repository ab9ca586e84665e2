using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Exposition.Formats;
using Exposition.Harness;

namespace Exposition.Engine.Tests;

/// <summary>The code that the library's README shows.</summary>
public sealed class SampleTests
{
    [Fact]
    public async Task Push_read_and_scrape_in_a_worker()
    {
        var output = new MemoryStream();
        CancellationToken cancellation = TestContext.Current.CancellationToken;

        var store = new MetricStore(new StoreOptions { MaxGroups = 10_000 });
        GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1"));
        store.Push(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();

        double? rows = store.GetValue("backup_rows{instance=\"db1\",job=\"nightly_backup\"}");
        Console.WriteLine($"{rows} rows, pushed at {store.Find(key)?.PushedAt}");

        var options = new ScrapeOptions { Format = ScrapeFormat.OpenMetrics };
        await store.WriteToAsync(PipeWriter.Create(output), options, cancellation);

        Assert.Equal(3.14, rows);
        string scraped = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("backup_rows{instance=\"db1\",job=\"nightly_backup\"} 3.14\n", scraped, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", scraped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch()
    {
        var store = new MetricStore(new StoreOptions());
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        CancellationToken cancellation = ended.Token;
        Task<string> told = Console.NextAsync("{job=");
        async Task WatchAsync()
        {
            await foreach (GroupChange change in store.WatchAsync(GroupSelector.Parse("{job=~\"nightly.*\"}"), cancellation))
            {
                Console.WriteLine(change.Group is { } group ? $"{change.Key} has {group.Families.Count} families" : $"{change.Key} is gone");
            }
        }

        Task watching = WatchAsync();
        store.Push(GroupingKey.Create(("job", "nightly_backup")), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
        Assert.Equal("{job=\"nightly_backup\"} has 3 families", await told.WaitAsync(TimeSpan.FromSeconds(60), cancellation));
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public void Observe()
    {
        var store = new MetricStore(new StoreOptions());
        using IDisposable subscription = store.Subscribe(new LateJobs());
        Task<string> told = Console.NextAsync("{job=");
        GroupingKey key = GroupingKey.Create(("job", "nightly_backup"));
        Assert.Equal(PushStatus.Malformed, store.Push(key, PushFormat.Text, "a\n"u8.ToArray(), PushMode.Replace).Status);
        Assert.True(told.IsCompletedSuccessfully);
        Assert.Equal(0, store.ObserverFailures());
    }

    // As in the documentation of MetricStoreReading.
    [Fact]
    public void Page_and_read_without_copies()
    {
        var store = new MetricStore(new StoreOptions());
        store.Push(GroupingKey.Create(("job", "nightly_backup")), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
        for (IReadOnlyList<GroupInfo> page = store.GetGroups(limit: 1000); page.Count > 0;
            page = store.GetGroups(after: page[^1].Key, limit: 1000))
        {
            Console.WriteLine($"{page.Count} groups");
        }

        long[] bytes = [0];
        store.Read(GroupSelector.Parse("{job=~\"nightly.*\"}"), bytes, static (GroupView view, long[] sum) =>
        {
            foreach (FamilyView family in view.Families)
            {
                sum[0] += family.Text.Length;
            }
        });
        Assert.InRange(bytes[0], 100, 1000);
    }

    // In steps of the caller's own, as Scrape says.
    [Fact]
    public void Scrape_in_steps_and_delete()
    {
        var store = new MetricStore(new StoreOptions());
        GroupingKey key = GroupingKey.Create(("job", "nightly_backup"));
        store.Push(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
        var output = new ArrayBufferWriter<byte>();
        using (var scrape = new Scrape(store, own: null, ScrapeFormat.Text, EscapingScheme.Underscores))
        {
            while (scrape.WriteNext(output, stepBytes: 64 << 10))
            {
                // Here the caller sends what there is.
            }
        }

        store.Delete(key);

        string scraped = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains("backup_rows{instance=\"\",job=\"nightly_backup\"} 3.14\n", scraped, StringComparison.Ordinal);
        Assert.Equal(0, store.GroupCount);
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() =>
        ReadmeSamples.AreIn("tests/Exposition.Engine.Tests/SampleTests.cs", "src/Exposition.Engine/README.md");

    // What the samples say. They run one after the other.
    private static class Console
    {
        private static (string Prefix, TaskCompletionSource<string> Line)? s_awaited;

        public static Task<string> NextAsync(string prefix)
        {
            var line = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            s_awaited = (prefix, line);
            return line.Task;
        }

        public static void WriteLine(string line)
        {
            if (s_awaited is { } awaited && line.StartsWith(awaited.Prefix, StringComparison.Ordinal))
            {
                awaited.Line.TrySetResult(line);
            }
        }
    }

    public sealed class LateJobs : IStoreObserver
    {
        public void Expired(GroupingKey key) => Console.WriteLine($"{key} has not pushed for too long");

        public void Refused(in RefusedEvent push) => Console.WriteLine($"{push.Key}: {push.Reason}");
    }
}
