using System.Text;
using Exposition.Engine.Counting;
using Exposition.Formats;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>What the store counts as it publishes; random histories are compared in ModelTests.</summary>
public sealed class CountingTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b", "instance", "i");

    [Fact]
    public void A_group_counts_as_failed_from_a_refusal_to_the_next_good_push()
    {
        var gateway = new Harness();
        for (int i = 0; i < 4; i++)
        {
            gateway.Put(s_a, $"x {i}\n");
        }

        Assert.NotEqual(0, gateway.Store.RepeatedPushes);
        Assert.Equal(0, gateway.Store.FailedGroups);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "x 1 1000\n").Status);
        Assert.Equal(1, gateway.Store.FailedGroups);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "x 1 1000\n").Status);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_b, "x 1 1000\n").Status);
        Assert.Equal(2, gateway.Store.FailedGroups);
        Assert.Equal(2, gateway.Store.JobCount);
        Recount.Check(gateway.Store);

        gateway.Put(s_a, "x 7\n");
        Assert.Equal(1, gateway.Store.FailedGroups);
        Assert.True(gateway.Store.Delete(s_b));
        Assert.Equal((0L, 1L), (gateway.Store.FailedGroups, gateway.Store.JobCount));
        Recount.Check(gateway.Store);
    }

    [Fact]
    public void A_group_counts_as_failed_after_a_body_that_nobody_can_read_too()
    {
        var gateway = new Harness();
        for (int i = 0; i < 4; i++)
        {
            gateway.Put(s_a, $"x {i}\n");
        }

        Assert.Equal(PushStatus.Malformed, gateway.Put(s_a, "x y\n").Status);
        gateway.Store.NoteFailure(s_a, "too large", null);
        Assert.Equal(1, gateway.Store.FailedGroups);
        Assert.Equal("0", gateway.Value("push_failure_time_seconds{instance=\"\",job=\"a\"}"));
        Recount.Check(gateway.Store);

        // What is kept of it says so too.
        using (StoreView view = gateway.Store.OpenView())
        {
            var other = new Harness();
            other.Store.Restore(s_a, view.Groups[0].Families, lastFailure: view.Groups[0].LastFailure);
            Assert.Equal(1, other.Store.FailedGroups);
            Recount.Check(other.Store);
        }

        // The next good push ends it, and those of the same series go the short way again.
        gateway.Put(s_a, "x 7\n");
        Assert.Equal(0, gateway.Store.FailedGroups);
        long before = gateway.Store.RepeatedPushes;
        for (int i = 0; i < 5; i++)
        {
            gateway.Put(s_a, $"x {i}\n");
        }

        Assert.NotEqual(before, gateway.Store.RepeatedPushes);
        gateway.Store.NoteFailure(s_a, "too large", null);
        gateway.Store.Wipe();
        Assert.Equal(0, gateway.Store.FailedGroups);
        gateway.Store.NoteFailure(s_a, "too large", null);
        Assert.Equal(0, gateway.Store.FailedGroups);
    }

    /// <summary>A repeat push takes no lock, so it must not be the one that changes what is counted.</summary>
    [Fact]
    public void Repeat_pushes_keep_the_count_of_failed_groups_though_the_failure_lies_in_the_future()
    {
        var gateway = new Harness();
        gateway.Put(s_a, "x 1\n");
        gateway.Post(s_a, "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 9e15\n");
        Assert.Equal(1, gateway.Store.FailedGroups);
        for (int i = 0; i < 5; i++)
        {
            gateway.Post(s_a, $"x {i}\n");
            Assert.Equal(1, gateway.Store.FailedGroups);
            Recount.Check(gateway.Store);
        }

        gateway.Post(s_a, "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds NaN\n");
        for (int i = 0; i < 5; i++)
        {
            gateway.Post(s_a, $"x {i}\n");
            Recount.Check(gateway.Store);
        }

        gateway.Post(s_a, "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 1\n");
        Assert.Equal(0, gateway.Store.FailedGroups);
        long before = gateway.Store.RepeatedPushes;
        for (int i = 0; i < 5; i++)
        {
            gateway.Post(s_a, $"x {i}\n");
            Recount.Check(gateway.Store);
        }

        Assert.NotEqual(before, gateway.Store.RepeatedPushes);
    }

    [Fact]
    public void A_clock_that_is_set_back_makes_a_repeat_push_one_before_the_failure()
    {
        var clock = new Stepping();
        var store = new MetricStore(new StoreOptions { Time = clock });
        void Push(string body) => store.Push(s_a, PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace);
        Push("x 1\n");
        Push("x 1 1000\n");
        clock.Wall += TimeSpan.FromSeconds(10);
        Push("x 2\n");
        Push("x 3\n");
        Push("x 4\n");
        Assert.NotEqual(0, store.RepeatedPushes);
        Assert.Equal(0, store.FailedGroups);
        clock.Wall -= TimeSpan.FromSeconds(60);
        Push("x 5\n");
        Recount.Check(store);
        Push("x 6\n");
        Recount.Check(store);
    }

    [Fact]
    public void Pushed_series_are_counted_whichever_way_a_push_takes()
    {
        var gateway = new Harness();
        for (int i = 1; i <= 6; i++)
        {
            gateway.Post(s_a, $"x {i}\ny{{a=\"1\"}} 2\n");
            Assert.Equal(2 * i, gateway.Store.PushedSamples);
        }

        Assert.NotEqual(0, gateway.Store.RepeatedPushes);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "x 1 1000\n").Status);
        Assert.Equal(PushStatus.Malformed, gateway.Put(s_a, "{\n").Status);
        Assert.Equal(12, gateway.Store.PushedSamples);
    }

    [Fact]
    public void How_near_pushes_come_to_limits_is_seen_of_repeat_pushes_too()
    {
        var gateway = new Harness();
        const int minutes = 12;
        for (int i = 0; i < minutes; i++)
        {
            gateway.Put(s_a, $"x{{a=\"12345678\"}} {i}\ny 1\nz 1\n");
            _ = gateway.Store.Peaks.Series.Read(gateway.Clock);
            gateway.Clock.Advance(60);
        }

        Assert.True(gateway.Store.RepeatedPushes > minutes / 2);
        PushPeaks peaks = gateway.Store.Peaks;
        Assert.Equal((3, 8, s_a.Bytes.Length, gateway.Store.StoredBytes),
            (peaks.Series.Read(gateway.Clock), peaks.LabelValue.Read(gateway.Clock), peaks.GroupingKey.Read(gateway.Clock),
                peaks.Group.Read(gateway.Clock)));
        Assert.InRange(peaks.Rendered.Read(gateway.Clock), 20, 1000);
    }

    [Fact]
    public void The_largest_is_forgotten_after_ten_minutes_and_never_before_it_was_read()
    {
        var clock = new Stepping();
        var seen = new LargestSeen();
        seen.Observe(7);
        clock.Elapsed += TimeSpan.FromHours(5);
        Assert.Equal(7, seen.Read(clock));
        for (int i = 0; i < 10; i++)
        {
            clock.Elapsed += TimeSpan.FromMinutes(1);
            seen.Observe(3);
            Assert.Equal(7, seen.Read(clock));
        }

        clock.Elapsed += TimeSpan.FromMinutes(2);
        Assert.Equal(3, seen.Read(clock));
        clock.Elapsed += TimeSpan.FromMinutes(11);
        Assert.Equal(0, seen.Read(clock));
        seen.Observe(2);
        seen.Observe(1);
        Assert.Equal(2, seen.Read(clock));
    }

    [Property(MaxTest = 200)]
    public void A_histogram_counts_each_duration_once(ushort[] milliseconds)
    {
        var histogram = new DurationHistogram(0.1, 1, 10);
        Array.ForEach(milliseconds, ms => histogram.Observe(TimeSpan.FromMilliseconds(ms)));
        var set = new FamilySet();
        histogram.Collect(set, "d_seconds"u8, "D."u8);
        Assert.Equal((ulong)milliseconds.Length, set.Metrics[0].Count);
        Assert.Equal(milliseconds.Sum(static ms => ms / 1000.0), set.Metrics[0].Value, 6);
        double[] bounds = [0.1, 1, 10, double.PositiveInfinity];
        for (int i = 0; i < bounds.Length; i++)
        {
            Assert.Equal(bounds[i], set.Points[i].Bound);
            Assert.Equal((ulong)milliseconds.Count(ms => ms / 1000.0 <= bounds[i]), set.Points[i].Count);
        }
    }

    private sealed class Stepping : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch.AddDays(20_000);

        public TimeSpan Elapsed { get; set; } = TimeSpan.FromDays(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
