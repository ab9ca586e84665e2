using System.Globalization;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>How long others wait for one who deletes many groups in one step.</summary>
public sealed class DeletesTogetherTests(ITestOutputHelper output)
{
    // Less than a tenth of a microsecond for each group, of which the build here, with its assertions and marks, makes more.
    private static readonly TimeSpan s_most = TimeSpan.FromMilliseconds(Environment.GetEnvironmentVariable("CI") == "true" ? 40 : 20);

    [Theory]
    [InlineData(null)]
    [InlineData(60)]
    public void The_writer_lock_is_held_briefly_in_processor_time(int? olderThan)
    {
        const int Groups = 100_000;
        TimeSpan least = TimeSpan.MaxValue;
        for (int round = 0; round < 3 || (least > s_most && round < 9); round++)
        {
            (MetricStore store, Action delete) = Filled(Groups, olderThan);
            List<TimeSpan> holds = WriterHolds.Of(delete);
            Assert.Equal((0, 0L, 0L), (store.GroupCount, store.SampleCount, store.StoredBytes));
            least = holds.Max() < least ? holds.Max() : least;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"the longest hold: {least.TotalMilliseconds:f3} ms of processor time"));
        Assert.InRange(least, TimeSpan.Zero, s_most);
    }

    // What is allocated under it, others wait for, and for the collection that it may cause.
    [Theory]
    [InlineData(null)]
    [InlineData(60)]
    public void What_is_allocated_under_the_writer_lock_does_not_grow_with_the_groups(int? olderThan)
    {
        long few = WriterHolds.MostAllocated(Filled(300, olderThan).Delete);
        long many = WriterHolds.MostAllocated(Filled(30_000, olderThan).Delete);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{few} bytes for 300 groups, {many} for 30,000"));
        Assert.InRange(many, 0, few + (64 << 10));
    }

    private static (MetricStore Store, Action Delete) Filled(int groups, int? olderThan)
    {
        var clock = new ManualClock();
        var store = new MetricStore(new StoreOptions { ShapeCacheBytes = 0, BundleCacheBytes = 0, Time = clock });
        using ChangeFeed feed = store.Subscribe();
        for (int i = 0; i < groups; i++)
        {
            GroupingKey key = Harness.Key("instance", $"{i:d7}", "job", $"{i % 50}");
            store.Push(key, PushFormat.Text, "a 1\nb 2\nc 3\n"u8.ToArray(), PushMode.Replace);
        }

        clock.Advance(300);
        TimeSpan? age = olderThan is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        return (store, () => Assert.Equal(groups, store.Delete(GroupSelector.Parse("{job=~\".+\"}"), age)));
    }
}
