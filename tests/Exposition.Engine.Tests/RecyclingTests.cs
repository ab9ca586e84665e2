using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
#if DEBUG
using Exposition.Engine.Explore;
#endif

namespace Exposition.Engine.Tests;

/// <summary>
/// Blocks are used again, and nobody may notice. In debug builds, and in the explorer's, returned blocks are filled with garbage, so that a
/// view or a consumer that still reads one shows something that was never pushed.
/// </summary>
public sealed class RecyclingTests
{
    private static readonly GroupingKey s_job = Harness.Key("job", "j");

    // Long runs by hand.
    private static readonly TimeSpan s_race = TimeSpan.FromSeconds(double.TryParse(
        Environment.GetEnvironmentVariable("EXPOSITION_STRESS_SECONDS"), CultureInfo.InvariantCulture, out double seconds) ? seconds : 2);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(15, 15)]
    [InlineData(17, 18)]
    [InlineData(1023, 1024)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1152)]
    [InlineData(65_535, 65_536)]
    [InlineData(65_537, 67_584)]
    [InlineData(400_000, 401_408)]
    [InlineData(int.MaxValue, 0x7FFFFFC7)]
    public void Sizes_are_rounded_up_by_at_most_an_eighth(int bytes, int size)
    {
        Assert.Equal(size, BlockPool.SizeFor(bytes));
        Assert.InRange(size, Math.Min(bytes, Array.MaxLength), (long)bytes + (bytes / 8) + 1);
    }

    [Fact]
    public void The_pool_keeps_no_more_than_its_capacity()
    {
        var pool = new BlockPool(10_000);
        byte[][] blocks = [.. Enumerable.Range(0, 20).Select(_ => pool.Rent(2000))];
        Array.ForEach(blocks, pool.Return);

        // Each processor keeps its share.
        long kept = pool.Bytes;
        Assert.InRange(kept, 0, 10_000);
        Assert.True(kept > 0 || Environment.ProcessorCount > 4);
        for (; kept > 0; kept -= 2048)
        {
            byte[] again = pool.Rent(1990);
            Assert.Contains(blocks, block => ReferenceEquals(block, again));
#if DEBUG
            Assert.DoesNotContain(again, static b => b != Explored.Garbage);
#endif
        }

        Assert.Equal(0, pool.Bytes);
        byte[] another = pool.Rent(1990);
        Assert.DoesNotContain(blocks, block => ReferenceEquals(block, another));
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
            Assert.True(gateway.Store.SpareBlockBytes < spare,
                "the push has taken a spare block, and the one that it replaced is in the view");
            spare = gateway.Store.SpareBlockBytes;
            Push(gateway.Store, 6, 10);
            Assert.True(gateway.Store.SpareBlockBytes > spare
                || spare == 0, "of what the view does not show there is always a spare block again");
            Assert.Equal(before, Text(view));
            using StoreView later = gateway.Store.OpenView();
            string between = Text(later);
            Push(gateway.Store, 10, 15);
            Assert.Equal((before, between), (Text(view), Text(later)));
        }

        Assert.Equal("14", gateway.Value("v0{instance=\"\",job=\"j\"}"));
    }

    // A scrape that waits for its turn has opened its view: all that was pushed meanwhile waited with it, beyond every limit.
    [Fact]
    public void A_view_that_has_not_collected_yet_keeps_only_what_it_will_show()
    {
        var gateway = new Harness();
        Push(gateway.Store, 0, 6);
        string before;
        using (StoreView earlier = gateway.Store.OpenView())
        {
            before = Text(earlier);
        }

        using StoreView view = gateway.Store.OpenView();
        Push(gateway.Store, 6, 8);
        long spare = gateway.Store.SpareBlockBytes;
        Push(gateway.Store, 8, 40);
        Assert.True(gateway.Store.SpareBlockBytes > spare, "what came and went since is spare");
        Assert.Equal(before, Text(view));
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
        var taken = new List<FeedChange>();
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
        var taken = new List<FeedChange>();
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

        // What the group has, and what the next push is written to: a third would be where all is packed anew.
        using StoreView view = store.OpenView();
        Assert.InRange(allocated, 1, 5 * view.Groups[0].Block!.Bytes.Length / 2);
        Assert.True(view.Groups[0].TryGet(BuiltInFamilies.PushFailure, out FamilyEntry failure));
        Assert.True(MemoryMarshal.TryGetArray(failure.Text, out ArraySegment<byte> line) && line.Array!.Length == line.Count);
    }

    [Fact]
    public void Views_beside_pushes_show_only_what_was_pushed() => Assert.Null(Race(isFaulty: false, mixed: false, s_race));

    [Fact]
    public void Views_beside_pushes_of_changing_series_show_only_what_was_pushed() =>
        Assert.Null(Race(isFaulty: false, mixed: true, s_race));

#if EXPLORED
    // The checker itself: it must see memory that is used again too early.
    [Theory]
    [InlineData(StoreFaults.ReusesBlocksBlindly, false)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, true)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, false)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, true)]
    internal void A_store_that_recycles_too_early_is_caught(StoreFaults faults, bool mixed)
    {
        using IDisposable planted = Explored.Plant(faults);
        Assert.NotNull(Race(isFaulty: true, mixed, TimeSpan.FromMinutes(3)));
    }
#endif

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

    // Pushes that set all values of a group to one number, views that look whether they are one number; returns what a view saw otherwise,
    // or what a thread failed by: a push that is compared with the long way, or inherits from what was there before, reads blocks too.
    private static string? Race(bool isFaulty, bool mixed, TimeSpan limit)
    {
        var store = new MetricStore(new StoreOptions { VerifyShapes = true });
        string? seen = null;
        long views = 0;
        long pushes = 0;
        int[] values = new int[3];
        long started = Stopwatch.GetTimestamp();
        bool IsEnough() => Volatile.Read(ref views) > 100 && (mixed || store.RepeatedPushes > 100);
        bool Over()
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            return Volatile.Read(ref seen) is not null || (elapsed > limit && (isFaulty || IsEnough()))
                || elapsed > limit + TimeSpan.FromMinutes(2);
        }

        int seed = Environment.TickCount;
        Thread Start(Action<Random, int> once)
        {
            var random = new Random(seed++);
            var thread = new Thread(() =>
            {
                try
                {
                    for (int i = 0; !Over(); i++)
                    {
                        once(random, i);
                    }
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref seen, e.ToString(), null);
                }
            });
            thread.Start();
            return thread;
        }

        void Push(Random random, int i)
        {
            int group = random.Next(3);
            GroupingKey key = Harness.Key("job", $"{group}");
            int lines = mixed && random.Next(4) == 0 ? Lines + 1 : Lines;

            // Now and then what was pushed last, whose block stays.
            values[group] = random.Next(6) == 0 ? values[group] : i % 1000;
            byte[] body = Body(values[group], lines);
            if (mixed && random.Next(40) == 0)
            {
                // Refused, which leaves a snapshot with the blocks of the one before.
                Assert.Equal(PushStatus.Inconsistent,
                    store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes("v0 1 1000\n"), PushMode.Merge).Status);
            }

            Interlocked.Increment(ref pushes);
            PushOutcome outcome = store.Push(
                key, PushFormat.Text, body, lines > Lines && random.Next(2) == 0 ? PushMode.Merge : PushMode.Replace);
            if (outcome.Status != PushStatus.Stored)
            {
                throw new InvalidOperationException(outcome.Error);
            }

            if (i % 500 == 0)
            {
                store.Delete(Harness.Key("job", "1"));
            }
        }

        void View()
        {
            using StoreView view = store.OpenView();
            Interlocked.Increment(ref views);
            foreach (GroupSnapshot group in view.Groups)
            {
                string text = Text(group);
                Thread.Yield();
                string[] values = [
                    .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line[(line.LastIndexOf(' ') + 1)..])];
                if (values.Length is not (0 or Lines or (Lines + 1)) || values.Distinct().Skip(1).Any()
                    || !values.All(static value => int.TryParse(value, CultureInfo.InvariantCulture, out int _))
                    || text != Text(group))
                {
                    throw new InvalidOperationException($"a view shows {text}\nand then {Text(group)}");
                }
            }
        }

        void Collect(int i)
        {
            GC.Collect(i % 3, GCCollectionMode.Forced, blocking: true, compacting: i % 3 == 2);
            Thread.Sleep(5);
        }

        Thread[] threads = [Start(Push), Start(Push), Start((_, _) => View()), Start((_, _) => View()), Start((_, i) => Collect(i))];
        Array.ForEach(threads, static thread => thread.Join());
        Assert.True(seen is not null || IsEnough(), $"{views} views, {store.RepeatedPushes} repeated pushes");
        TestContext.Current.SendDiagnosticMessage(
            $"{views} views, {pushes} pushes, {store.RepeatedPushes} of them steady{(seen is null ? "" : ", until " + string.Concat(seen.Split('\n').Take(5)))}");
        return seen;
    }

    private const int Lines = 60;

    private static byte[] Body(int value, int lines = Lines) =>
        Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, lines).Select(line => string.Create(CultureInfo.InvariantCulture, $"v{line} {value}\n"))));

    private static void Push(MetricStore store, int from, int to)
    {
        for (int value = from; value < to; value++)
        {
            Assert.Equal(PushStatus.Stored, store.Push(s_job, PushFormat.Text, Body(value), PushMode.Replace).Status);
        }
    }

    private static string Text(StoreView view) => string.Concat(view.Groups.ToArray().Select(Text));

    private static string Text(GroupSnapshot group) =>
        string.Concat(group.Families.ToArray().Where(static entry => !BuiltInFamilies.IsEither(entry.Name.Span))
            .Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
}
