using System.Globalization;
using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Tests;

/// <summary>
/// Whoever stops having a block, it comes back: each way for a group to give one up, and each reader that it has to wait for.
/// </summary>
public sealed class OwnershipTests
{
    private static readonly GroupingKey s_job = Harness.Key("job", "j");
    private static readonly GroupingKey s_rival = Harness.Key("job", "j", "instance", "i");

    // Of pushes that are not steady. Each body is of more than 85,000 bytes, so that LargeBlockBytes tells of it.
    private readonly MetricStore _store = new(new StoreOptions { ShapeCacheBytes = 0 });

    [Fact]
    public void A_refused_push_gives_back_what_it_was_rendered_to()
    {
        Push(Body("v", 1));

        // The other group shall exist, and be refused the same series.
        Assert.Equal(PushStatus.Stored, _store.Push(s_rival, PushFormat.Text, Body("w", 1), PushMode.Replace).Status);
        byte[] clash = Body("v", 2, "{instance=\"i\"}");
        Assert.Equal(PushStatus.Stored, _store.Push(s_rival, PushFormat.Text, clash, PushMode.Replace).Status);
        AssertNothingAllocated(
            () => Assert.Equal(PushStatus.Inconsistent, _store.Push(s_job, PushFormat.Text, clash, PushMode.Replace).Status));
    }

    [Fact]
    public void What_expires_comes_back()
    {
        var gateway = new Harness(grace: TimeSpan.FromHours(1), rules: new ExpiryRule(null, TimeSpan.FromSeconds(10)));
        gateway.Put(s_job, Encoding.UTF8.GetString(Body("v", 1)));
        Assert.Equal(0, gateway.Store.SpareBlockBytes);
        gateway.Clock.Advance(20);
        gateway.Store.OpenView().Dispose();
        Assert.Equal(1, gateway.Store.ExpiredGroups);
        Assert.NotEqual(0, gateway.Store.SpareBlockBytes);
    }

    [Fact]
    public void What_is_deleted_comes_back()
    {
        Push(Body("v", 1));
        Push(Body("w", 1), PushMode.Merge);
        Assert.Equal(0, _store.SpareBlockBytes);
        _store.Delete(s_job);
        Assert.True(_store.SpareBlockBytes > 2 * 85_000);
    }

    // A failure is one more block: with eight others all is packed into one.
    [Fact]
    public void A_merge_that_packs_all_into_one_block_gives_back_its_own_and_the_others()
    {
        for (int i = 0; i < 7; i++)
        {
            Push(Body($"v{i}_", 1), PushMode.Merge);
        }

        Assert.Equal(0, _store.SpareBlockBytes);
        Push(Body("w", 1), PushMode.Merge);
        long spare = _store.SpareBlockBytes;

        // Eight as large together as the one: seven would be an eighth less.
        using StoreView view = _store.OpenView();
        Assert.True(spare > 0.96 * view.Groups[0].Block!.Bytes.Length, $"{spare} of {view.Groups[0].Block!.Bytes.Length}");
    }

    [Fact]
    public void Merges_of_one_part_live_on_spare_blocks_although_a_consumer_has_the_other()
    {
        ChangeFeed feed = _store.Subscribe();
        Push(Body("v", 1), PushMode.Merge);
        Push(Body("w", 1), PushMode.Merge);
        feed.Take(new List<FeedChange>());
        Push(Body("w", 2), PushMode.Merge);
        Push(Body("w", 3), PushMode.Merge);
        AssertNothingAllocated(() => Push(Body("w", 4), PushMode.Merge));
    }

    [Fact]
    public void What_a_consumer_releases_comes_back_when_the_group_has_given_it_up()
    {
        ChangeFeed feed = _store.Subscribe();
        Push(Body("v", 1));
        var taken = new List<FeedChange>();
        feed.Take(taken);

        // While the group has it, nothing happens; nor if it is said twice.
        feed.Release(taken[0]);
        feed.Release(taken[0]);
        Assert.Equal(0, _store.SpareBlockBytes);
        taken.Clear();
        Push(Body("v", 2));
        long spare = _store.SpareBlockBytes;
        Assert.NotEqual(0, spare);
        feed.Take(taken);
        string before = Text(taken[0].Snapshot!);
        Push(Body("v", 3));
        Push(Body("v", 4));
        Assert.Equal(before, Text(taken[0].Snapshot!));
        spare = _store.SpareBlockBytes;
        feed.Release(taken[0]);
        Assert.True(_store.SpareBlockBytes > spare);
    }

    [Fact]
    public void What_two_consumers_have_comes_back_with_the_last_of_them()
    {
        ChangeFeed[] feeds = [_store.Subscribe(), _store.Subscribe()];
        Push(Body("v", 1));
        List<FeedChange>[] taken = [[], []];
        feeds[0].Take(taken[0]);
        feeds[1].Take(taken[1]);
        Push(Body("v", 2));
        feeds[0].Release(taken[0][0]);
        Assert.Equal(0, _store.SpareBlockBytes);
        feeds[1].Release(taken[1][0]);
        Assert.NotEqual(0, _store.SpareBlockBytes);
    }

    [Fact]
    public void What_a_view_shows_comes_back_when_it_is_closed()
    {
        Push(Body("v", 1));
        using (StoreView view = _store.OpenView())
        {
            Push(Body("v", 2));
            Assert.Equal(0, _store.SpareBlockBytes);
        }

        Assert.NotEqual(0, _store.SpareBlockBytes);
    }

    [Fact]
    public void Steady_merges_allocate_nothing_beside_older_blocks()
    {
        var store = new MetricStore(new StoreOptions());
        byte[][] bodies = [Body("w", 1, lines: 40), Body("w", 2, lines: 40)];
        store.Push(s_job, PushFormat.Text, Body("v", 1, lines: 40), PushMode.Merge);
        for (int i = 0; i < 20; i++)
        {
            store.Push(s_job, PushFormat.Text, bodies[i % 2], PushMode.Merge);
        }

        long least = long.MaxValue;
        for (int round = 0; round < 8 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 500; i++)
            {
                store.Push(s_job, PushFormat.Text, bodies[i % 2], PushMode.Merge);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 0, 499);
        Assert.True(store.RepeatedPushes > 500);
    }

    [Fact]
    public void A_block_waits_for_each_of_its_readers_and_then_is_spare()
    {
        (var timeline, var pool) = (new Timeline(), new BlockPool(1 << 20));
        var retired = new RetiredBlocks(timeline, pool);
        var slot = new GroupSlot(s_job, new NameSetTable().Acquire(s_job));
        Block block = retired.Of(pool.Rent(1000));
        block.Since = 2;
        block.AddReader();
        int place = timeline.Announce();
        long at = timeline.Take();
        timeline.Settle(place, at);
        timeline.BeginWrite();
        slot.Pin();
        slot.Pin();
        retired.Retire(block, slot, at + 1, ownPins: 1);
        slot.Unpin();
        retired.LookAfterWriter();
        Assert.Equal(0, pool.Bytes);

        // The pins are gone, so the marks count; after them the writer; after that the view. A writer who comes later does not.
        slot.Unpin();
        retired.LookAfterWriter();
        retired.Release(block);
        Assert.Equal(0, pool.Bytes);
        timeline.EndWrite();
        timeline.BeginWrite();
        retired.LookAfterWriter();
        Assert.Equal(0, pool.Bytes);
        timeline.Leave(place);
        retired.LookAfterView();
        Assert.Equal(1024, pool.Bytes);
    }

    // Else a burst beside a long check of another push would leave everything to the garbage collector.
    [Fact]
    public void What_is_replaced_beside_a_writer_comes_back_when_he_has_gone()
    {
        (var timeline, var pool) = (new Timeline(), new BlockPool(1 << 20));
        var retired = new RetiredBlocks(timeline, pool);
        var slot = new GroupSlot(s_job, new NameSetTable().Acquire(s_job));
        timeline.BeginWrite();
        for (int i = 0; i < 10; i++)
        {
            retired.Retire(retired.Of(pool.Rent(1000)), slot, 3, ownPins: 0);
        }

        Assert.Equal(0, pool.Bytes);
        timeline.EndWrite();

        // Nobody looks until the next one is retired.
        retired.Retire(retired.Of(pool.Rent(1000)), slot, 3, ownPins: 0);
        Assert.Equal(11 * 1024, pool.Bytes);
    }

    [Fact]
    public void Sizes_that_nobody_asks_for_any_more_make_room()
    {
        const int Capacity = 1 << 20;
        var pool = new BlockPool(Capacity);

        // Of one processor's share.
        int share = Capacity / Math.Min(8, Environment.ProcessorCount);
        for (int used = 0; used < Capacity; used += 2000)
        {
            pool.Return(new byte[BlockPool.SizeFor(2000)]);
        }

        byte[] block = new byte[BlockPool.SizeFor(share / 2)];
        for (int i = 0; i < 64; i++)
        {
            pool.Return(block);
            Assert.True(pool.Bytes <= Capacity);
            byte[] again = pool.Rent(share / 2);
            if (ReferenceEquals(again, block))
            {
                return;
            }
        }

        Assert.Fail("the pool keeps what it has for ever");
    }

    [Fact]
    public void Spare_memory_that_was_not_needed_for_a_while_is_let_go()
    {
        var pool = new BlockPool(1 << 20);
        byte[][] blocks = [.. Enumerable.Range(0, 4).Select(_ => pool.Rent(1000))];
        Array.ForEach(blocks, pool.Return);
        long kept = pool.Bytes;
        Assert.Equal(0, pool.Trim());
        byte[] needed = pool.Rent(1000);
        pool.Return(needed);
        Assert.Equal(kept - 1024, pool.Trim());
        Assert.Equal(1024, pool.Bytes);
        Assert.Equal(1024, pool.Trim());
        Assert.Equal((0L, 0L), (pool.Bytes, pool.Trim()));
    }

    private void AssertNothingAllocated(Action push)
    {
        push();
        push();
        long before = _store.LargeBlockBytes;
        Assert.NotEqual(0, before);
        for (int i = 0; i < 20; i++)
        {
            push();
        }

        Assert.Equal(before, _store.LargeBlockBytes);
    }

    private void Push(byte[] body, PushMode mode = PushMode.Replace) =>
        Assert.Equal(PushStatus.Stored, _store.Push(s_job, PushFormat.Text, body, mode).Status);

    private static byte[] Body(string prefix, int value, string labels = "", int lines = 4000) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, lines)
            .Select(line => string.Create(CultureInfo.InvariantCulture, $"{prefix}{line:d5}{labels} {value}\n"))));

    private static string Text(GroupSnapshot group) =>
        string.Concat(group.Families.ToArray().Where(static entry => !BuiltInFamilies.IsEither(entry.Name.Span))
            .Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
}
