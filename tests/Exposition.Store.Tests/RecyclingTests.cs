using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Store.Internal;

namespace Exposition.Store.Tests;

/// <summary>
/// Blocks are used again, and nobody may notice. Returned blocks are poisoned here, so that a view or a consumer that still reads one shows
/// something that was never pushed.
/// </summary>
public sealed class RecyclingTests
{
    private static readonly GroupingKey s_job = Harness.Key("job", "j");

    [Theory]
    [InlineData(1, 1)]
    [InlineData(15, 15)]
    [InlineData(17, 18)]
    [InlineData(1023, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1152)]
    [InlineData(400_000, 425_984)]
    [InlineData(int.MaxValue, 0x7FFFFFC7)]
    public void Sizes_are_rounded_up_by_at_most_an_eighth(int bytes, int size)
    {
        Assert.Equal(size, BlockPool.SizeFor(bytes));
        Assert.InRange(size, Math.Min(bytes, Array.MaxLength), (long)bytes + (bytes / 8) + 1);
    }

    [Fact]
    public void The_pool_keeps_no_more_than_its_capacity()
    {
        var pool = new BlockPool(10_000, poison: true);
        byte[][] blocks = [.. Enumerable.Range(0, 20).Select(_ => pool.Rent(2000))];
        Array.ForEach(blocks, pool.Return);

        // Each processor keeps its share.
        long kept = pool.Bytes;
        Assert.InRange(kept, 0, 10_000);
        Assert.True(kept > 0 || Environment.ProcessorCount > 4);
        for (; kept > 0; kept -= 2048)
        {
            byte[] again = pool.Rent(1990);
            Assert.Contains(again, blocks);
            Assert.DoesNotContain(again, static b => b != BlockPool.Poison);
        }

        Assert.Equal(0, pool.Bytes);
        Assert.DoesNotContain(pool.Rent(1990), blocks);
    }

    [Fact]
    public void An_open_view_keeps_the_block_that_it_shows_and_no_other()
    {
        var gateway = new Harness();
        Push(gateway.Store, 0, 5);
        using (StoreView view = gateway.Store.OpenView())
        {
            string before = Text(view);
            long spare = gateway.Store.SpareBlockBytes;
            Push(gateway.Store, 5, 6);
            Assert.True(gateway.Store.SpareBlockBytes < spare, "the push has taken a spare block, and the one that it replaced is in the view");
            spare = gateway.Store.SpareBlockBytes;
            Push(gateway.Store, 6, 10);
            Assert.True(gateway.Store.SpareBlockBytes > spare || spare == 0, "of what the view does not show there is always a spare block again");
            Assert.Equal(before, Text(view));
            using StoreView later = gateway.Store.OpenView();
            string between = Text(later);
            Push(gateway.Store, 10, 15);
            Assert.Equal((before, between), (Text(view), Text(later)));
        }

        Assert.Equal("14", gateway.Value("v0{instance=\"\",job=\"j\"}"));
    }

    [Fact]
    public void More_views_than_are_counted_keep_everything()
    {
        var gateway = new Harness();
        Push(gateway.Store, 0, 5);
        StoreView[] views = [.. Enumerable.Range(0, 70).Select(_ => gateway.Store.OpenView())];
        string before = Text(views[0]);
        long spare = gateway.Store.SpareBlockBytes;
        Push(gateway.Store, 5, 10);
        Assert.InRange(gateway.Store.SpareBlockBytes, 0, spare);
        Assert.All(views, view => Assert.Equal(before, Text(view)));
        Array.ForEach(views, static view => view.Dispose());
        Push(gateway.Store, 10, 12);
        Assert.NotEqual(0, gateway.Store.SpareBlockBytes);
        Assert.Equal("11", gateway.Value("v0{instance=\"\",job=\"j\"}"));
    }

    [Fact]
    public void A_block_that_a_consumer_has_taken_is_left_alone()
    {
        var gateway = new Harness();
        ChangeFeed feed = gateway.Store.Subscribe();
        Push(gateway.Store, 0, 6);
        var taken = new List<GroupChange>();
        feed.Take(taken);
        string before = Text(taken[0].Snapshot!);
        Push(gateway.Store, 6, 7);
        Assert.Equal(before, Text(taken[0].Snapshot!));

        // What was replaced before it was taken is free, and the one taken next stays.
        Push(gateway.Store, 7, 12);
        Assert.NotEqual(0, gateway.Store.SpareBlockBytes);
        Assert.Equal(before, Text(taken[0].Snapshot!));
        feed.Take(taken);
        string after = Text(taken[1].Snapshot!);
        Push(gateway.Store, 12, 20);
        Assert.Equal((before, after), (Text(taken[0].Snapshot!), Text(taken[1].Snapshot!)));
    }

    // The snapshot in between was never taken, but it has the block of the one that was.
    [Fact]
    public void A_block_shared_with_a_taken_snapshot_is_left_alone()
    {
        var gateway = new Harness();
        ChangeFeed feed = gateway.Store.Subscribe();
        Push(gateway.Store, 0, 6);
        var taken = new List<GroupChange>();
        feed.Take(taken);
        string before = Text(taken[0].Snapshot!);
        Push(gateway.Store, 5, 6);
        Push(gateway.Store, 6, 9);
        Assert.Equal(before, Text(taken[0].Snapshot!));
    }

    // The kept push_failure_time_seconds must not hold the block before, or all would be packed anew and no block ever come back.
    [Fact]
    public void Pushes_of_changing_series_live_on_spare_blocks()
    {
        var store = new MetricStore(new StoreOptions { ShapeCacheBytes = 0, VerifyShapes = true });
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal(PushStatus.Stored, store.Push(s_job, PushFormat.Text, Body(100, 6000 + i), PushMode.Replace).Status);
        }

        long allocated = store.LargeBlockBytes;
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(PushStatus.Stored, store.Push(s_job, PushFormat.Text, Body(100, 6000 + (i % 6)), PushMode.Replace).Status);
        }

        Assert.Equal(allocated, store.LargeBlockBytes);
        Assert.NotEqual(0, allocated);
    }

    [Fact]
    public void Views_beside_pushes_show_only_what_was_pushed() => Assert.Null(Race(blindly: false, mixed: false, TimeSpan.FromSeconds(2)));

    [Fact]
    public void Views_beside_pushes_of_changing_series_show_only_what_was_pushed() => Assert.Null(Race(blindly: false, mixed: true, TimeSpan.FromSeconds(2)));

    // The checker itself: it must see a block that is used again too early.
    [Fact]
    public void A_store_that_recycles_too_early_is_caught() => Assert.NotNull(Race(blindly: true, mixed: false, TimeSpan.FromSeconds(20)));

    [Fact]
    public void A_store_that_recycles_changing_series_too_early_is_caught() => Assert.NotNull(Race(blindly: true, mixed: true, TimeSpan.FromSeconds(20)));

    // A push of other series, and one that adds to them, leave the blocks of what they replace as steady pushes do.
    [Theory]
    [InlineData(PushMode.Replace)]
    [InlineData(PushMode.Merge)]
    public void Blocks_of_changing_series_are_used_again(PushMode mode)
    {
        var store = new MetricStore(new StoreOptions { ShapeCacheBytes = 0, VerifyShapes = true });
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(PushStatus.Stored, store.Push(s_job, PushFormat.Text, Body(i, Lines + (i % 2)), mode).Status);
        }

        Assert.NotEqual(0, store.SpareBlockBytes);
    }

    // Pushes that set all values of a group to one number, views that look whether they are one number; returns what a view saw otherwise.
    private static string? Race(bool blindly, bool mixed, TimeSpan limit)
    {
        var store = new MetricStore(new StoreOptions { VerifyShapes = true }) { Faults = blindly ? StoreFaults.RecyclesBlindly : StoreFaults.None };
        string? seen = null;
        long views = 0;
        long started = Stopwatch.GetTimestamp();
        bool IsEnough() => Volatile.Read(ref views) > 100 && (mixed || store.RepeatedPushes > 100);
        bool Over() => Volatile.Read(ref seen) is not null || (Stopwatch.GetElapsedTime(started) > limit && (blindly || IsEnough())) || Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(2);
        var pushers = Enumerable.Range(0, 2).Select(thread => new Thread(() =>
        {
            for (int i = 0; !Over(); i++)
            {
                try
                {
                    store.Push(Harness.Key("job", $"{(i + thread) % 3}"), PushFormat.Text, Body(i % 1000, mixed ? Lines + (i % 7 / 5) : Lines), PushMode.Replace);
                }
                catch (Exception e) when (e is InvalidOperationException or ArgumentException)
                {
                    // A patched push is compared with the long way here, which reads what was there before; so does who makes a shape, and finds no lines in what
                    // is no text any more.
                    Volatile.Write(ref seen, e.Message);
                }

                if (i % 500 == 0)
                {
                    store.Delete(Harness.Key("job", "1"));
                }
            }
        }));
        var readers = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!Over())
            {
                using StoreView view = store.OpenView();
                Interlocked.Increment(ref views);
                for (int i = 0; i < view.Groups.Length; i++)
                {
                    string[] values = [.. Text(view.Groups[i]).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line[(line.LastIndexOf(' ') + 1)..])];
                    Thread.Yield();
                    if (values.Length < Lines || values.Length > Lines + 1 || values.Distinct().Count() != 1 || !int.TryParse(values[0], CultureInfo.InvariantCulture, out int _))
                    {
                        Volatile.Write(ref seen, string.Join(' ', values));
                    }
                }
            }
        }));
        Thread[] threads = [.. pushers, .. readers];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.True(seen is not null || IsEnough(), $"{views} views, {store.RepeatedPushes} repeated pushes");
        return seen;
    }

    private const int Lines = 60;

    private static byte[] Body(int value, int lines = Lines) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, lines).Select(line => string.Create(CultureInfo.InvariantCulture, $"v{line} {value}\n"))));

    private static void Push(MetricStore store, int from, int to)
    {
        for (int value = from; value < to; value++)
        {
            Assert.Equal(PushStatus.Stored, store.Push(s_job, PushFormat.Text, Body(value), PushMode.Replace).Status);
        }
    }

    private static string Text(StoreView view) => string.Concat(view.Groups.ToArray().Select(Text));

    private static string Text(GroupSnapshot group) =>
        string.Concat(group.Families.ToArray().Where(static entry => !OwnNames.IsEither(entry.Name.Span)).Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
}
