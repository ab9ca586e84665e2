using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests;

/// <summary>What fails while a feed is told, for want of memory perhaps, fails that push alone: it does not keep the feed's lock.</summary>
public sealed class FeedLockTests
{
    [Fact]
    public async Task A_failure_while_a_change_is_queued_stops_neither_others_nor_the_next_of_the_same_group()
    {
        var clock = new FailingClock();
        var store = new MetricStore(new StoreOptions { Time = clock });
        using ChangeFeed feed = store.Subscribe();
        GroupingKey key = Harness.Key("job", "j");
        Explored.Hook = step => clock.Fails |= step == Steps.ReadEntry;
        try
        {
            Assert.Throws<InsufficientMemoryException>(() => Push(store, key));
        }
        finally
        {
            Explored.Hook = null;
        }

        clock.Fails = false;
        Assert.Equal(0, feed.Pending);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await Task.Run(() => Push(store, Harness.Key("job", "other")), cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        await Task.Run(() => Push(store, key), cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        var changes = new List<FeedChange>();
        Assert.Equal(2, feed.Take(changes));
        Assert.Contains(changes, change => change.Key == key);
    }

    private static PushOutcome Push(MetricStore store, GroupingKey key) =>
        store.Push(key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);

    private sealed class FailingClock : TimeProvider
    {
        public bool Fails { get; set; }

        public override long GetTimestamp() => Fails ? throw new InsufficientMemoryException("no memory") : base.GetTimestamp();
    }
}
