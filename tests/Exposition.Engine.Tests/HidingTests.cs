using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>What contradicts is hidden and comes back; refusals are remembered; errors name the other group; a wipe is one step.</summary>
public sealed class HidingTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");
    private static readonly GroupingKey s_zoned = Harness.Key("job", "a", "zone", "eu");

    [Theory]
    [InlineData("# TYPE x counter\nx 1\n", "# TYPE x gauge\nx 2\ny 2\n", "x",
        "is not a COUNTER: pushed as GAUGE, but group {job=\"a\",zone=\"eu\"} has it as COUNTER")]
    [InlineData("x{rack=\"7\"} 1\n", "x{zone=\"eu\",rack=\"7\"} 2\ny 2\n", "x",
        "with the same name and label values in group {job=\"a\",zone=\"eu\"}")]
    [InlineData("# TYPE x summary\nx_count 1\n", "x_count 2\ny 2\n", "x_count",
        "previously collected summary named \"x\": pushed as UNTYPED, but group {job=\"a\",zone=\"eu\"} has \"x\" as SUMMARY")]
    [InlineData("x_bucket 1\n", "# TYPE x histogram\nx_count 2\n# TYPE y untyped\ny 2\n", "x",
        "named \"x_bucket\": pushed as HISTOGRAM, but group {job=\"a\",zone=\"eu\"} has \"x_bucket\" as UNTYPED")]
    public void The_later_family_is_hidden_until_the_earlier_one_has_gone(string earlier, string later, string family, string reason)
    {
        foreach (bool byDelete in new[] { true, false })
        {
            var gateway = new Harness(check: false);
            gateway.Put(s_zoned, earlier);
            string alone = gateway.Pushed();
            for (int i = 0; i < 2; i++)
            {
                Assert.Equal(new PushOutcome(PushStatus.Accepted), gateway.Put(s_a, later));
                HiddenFamily hidden = Assert.Single(gateway.Group(s_a)!.Hidden.ToArray());
                Assert.Equal(family, Encoding.UTF8.GetString(hidden.Name.Span));
                Assert.EndsWith(reason, hidden.Reason, StringComparison.Ordinal);
                Assert.Equal(1, gateway.Store.HiddenFamilies);
                Assert.Equal(alone + "# TYPE y untyped\ny{instance=\"\",job=\"a\"} 2\n", gateway.Pushed());
                Assert.StartsWith("{job=\"a\"} " + family + ": ", Assert.Single(gateway.Notices), StringComparison.Ordinal);
            }

            if (byDelete)
            {
                gateway.Store.Delete(s_zoned);
            }
            else
            {
                gateway.Put(s_zoned, "unrelated 1\n");
            }

            Assert.Equal(0, gateway.Store.HiddenFamilies);
            Assert.True(gateway.Group(s_a)!.Hidden.IsEmpty);
            var checkedGateway = new Harness();
            checkedGateway.Put(s_a, later);
            Assert.Contains(checkedGateway.Pushed(), gateway.Pushed(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Hidden_families_hide_nobody_and_come_back_one_after_the_other()
    {
        var gateway = new Harness(check: false);
        gateway.Put(s_zoned, "# TYPE x counter\nx 1\n");
        gateway.Put(s_a, "# TYPE x gauge\nx 2\n");
        gateway.Put(s_b, "# TYPE x gauge\nx 3\n");
        Assert.Equal(2, gateway.Store.HiddenFamilies);
        gateway.Put(s_zoned, "# TYPE x counter\nx 4\n");
        Assert.Equal(2, gateway.Store.HiddenFamilies);
        gateway.Put(s_zoned, "# TYPE x gauge\nx 5\n");
        Assert.Equal(0, gateway.Store.HiddenFamilies);
        Assert.Equal(
            "# TYPE x gauge\nx{instance=\"\",job=\"a\"} 2\nx{instance=\"\",job=\"a\",zone=\"eu\"} 5\nx{instance=\"\",job=\"b\"} 3\n",
            gateway.Pushed());
    }

    [Fact]
    public void Of_several_that_are_free_at_once_the_one_that_came_first_is_shown()
    {
        var gateway = new Harness(check: false);
        gateway.Put(s_zoned, "# TYPE x counter\nx 1\n");
        string[] types = ["gauge", "untyped", "histogram", "gauge", "untyped"];
        for (int i = 0; i < types.Length; i++)
        {
            gateway.Put(Group(i), $"# TYPE x {types[i]}\nx{(types[i] == "histogram" ? "_count" : "")} 1\n");
        }

        // One that is pushed again, and still hidden, came when it came first.
        gateway.Put(Group(0), "# TYPE x gauge\nx 2\n");
        gateway.Store.Delete(s_zoned);
        Assert.Equal(["0", "3"], Shown());
        gateway.Store.Delete(Group(0));
        gateway.Store.Delete(Group(3));
        Assert.Equal(["1", "4"], Shown());
        gateway.Store.Delete(Group(1));
        gateway.Store.Delete(Group(4));
        Assert.Equal(["2"], Shown());

        static GroupingKey Group(int i) => Harness.Key("job", "b", "n", i.ToString(CultureInfo.InvariantCulture));

        string[] Shown() => [.. gateway.Pushed().Split('\n')
            .Where(static line => line.StartsWith("x{", StringComparison.Ordinal) || line.StartsWith("x_sum{", StringComparison.Ordinal))
            .Select(static line => line[(line.IndexOf("n=\"", StringComparison.Ordinal) + 3)..].Split('"')[0])];
    }

    [Fact]
    public void What_hid_many_families_goes_at_a_cost_of_so_many()
    {
        // Before, the delete published once for each family, and went through all of them each time: 500 took milliseconds, 4,000 a hundred
        // seconds.
        (long few, long many) = (Allocated(250), Allocated(2000));
        Assert.InRange(many, 0, few * 8 * 3);

        static long Allocated(int families)
        {
            var store = new MetricStore(new StoreOptions { CheckConsistency = false });
            byte[] Body(string type) =>
                Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, families).Select(i => $"# TYPE m{i:d6} {type}\nm{i:d6} 1\n")));
            store.Push(s_a, PushFormat.Text, Body("counter"), PushMode.Replace);
            store.Push(s_b, PushFormat.Text, Body("gauge"), PushMode.Replace);
            Assert.Equal(families, store.HiddenFamilies);
            long before = GC.GetAllocatedBytesForCurrentThread();
            store.Delete(s_a);
            Assert.Equal(0, store.HiddenFamilies);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_restart_shows_what_was_shown_before(bool loading)
    {
        // B was there first, but what it pushed first was something else.
        var before = new Harness(check: false);
        GroupingKey[] keys = [s_b, s_a, s_zoned];
        before.Put(s_b, "y 1\n");
        before.Put(s_a, "# TYPE x counter\nx 1\nz{zone=\"eu\"} 1\n");
        before.Post(s_b, "# TYPE x gauge\nx 2\n");
        before.Put(s_zoned, "z 1\nx 1\n");
        Assert.Equal(3, before.Store.HiddenFamilies);
        var after = new Harness(check: false);
        using (loading ? after.Store.BeginLoading() : null)
        {
            foreach (GroupingKey key in loading ? keys : [.. keys.Order()])
            {
                after.Store.Restore(key, before.Group(key)!.Families);
            }
        }

        if (loading)
        {
            Assert.Equal(before.Text(), after.Text());
            foreach (ScrapeFormat format in (ScrapeFormat[])[ScrapeFormat.ProtobufDelimited, ScrapeFormat.ProtobufText])
            {
                Assert.Equal(before.Bytes(format), after.Bytes(format));
            }
        }

        Assert.Equal(3, after.Store.HiddenFamilies);
        Assert.Equal(3, after.Notices.Count);
        Assert.All(after.Notices, static notice => Assert.DoesNotContain("was kept", notice, StringComparison.Ordinal));

        // The order of the groups is all that is known of when they were hidden.
        after.Store.Delete(s_a);
        Assert.Equal(loading ? "2" : null, after.Value("x{instance=\"\",job=\"b\"}"));
    }

    [Fact]
    public void Expiry_brings_hidden_families_back()
    {
        var gateway = new Harness(check: false);
        gateway.Push(s_zoned, "# TYPE x counter\nx 1\n", PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(5)));
        gateway.Put(s_a, "# TYPE x gauge\nx 2\n");
        Assert.Null(gateway.Value("x{instance=\"\",job=\"a\"}"));
        gateway.Clock.Advance(5);
        Assert.Equal("2", gateway.Value("x{instance=\"\",job=\"a\"}"));
    }

    [Fact]
    public void Push_times_that_two_groups_would_share_are_shown_once()
    {
        var gateway = new Harness(check: false);
        GroupingKey empty = Harness.Key("job", "a", "instance", "");
        for (int i = 0; i < 3; i++)
        {
            gateway.Put(s_a, "x 1\n");
            gateway.Put(empty, "y 1\n");
            Assert.Single(gateway.Text().Split('\n'), static line => line.StartsWith("push_time_seconds{", StringComparison.Ordinal));
        }

        Assert.Equal(2, gateway.Store.HiddenFamilies);
        foreach (GroupingKey[] order in (GroupingKey[][])[[s_a, empty], [empty, s_a]])
        {
            // A copy from before that, in which none was hidden.
            var restored = new Harness(check: false);
            foreach (GroupingKey key in order)
            {
                var alone = new Harness(check: false);
                alone.Put(key, "x 1\n");
                restored.Store.Restore(key, alone.Group(key)!.Families);
            }

            Assert.Equal(3, restored.Store.HiddenFamilies);
        }

        gateway.Store.Delete(s_a);
        Assert.Equal(0, gateway.Store.HiddenFamilies);
        Assert.Equal("1.700000006e+09", gateway.Value("push_time_seconds{instance=\"\",job=\"a\"}"));
    }

    [Fact]
    public void Restored_contradictions_are_hidden_in_a_checked_store_too()
    {
        var source = new Harness(check: false);
        source.Put(s_a, "# TYPE x gauge\nx 2\n");
        source.Put(s_zoned, "# TYPE x counter\nx 1\n");
        var gateway = new Harness();
        gateway.Store.Restore(s_zoned, source.Group(s_zoned)!.Families);
        gateway.Store.Restore(s_a, source.Group(s_a)!.Families);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\",zone=\"eu\"}"));
        Assert.Null(gateway.Value("x{instance=\"\",job=\"a\"}"));
        Assert.Single(gateway.Notices);
        gateway.Store.Delete(s_zoned);
        Assert.Equal("2", gateway.Value("x{instance=\"\",job=\"a\"}"));
    }

    [Fact]
    public void The_other_group_is_named_also_when_the_one_last_known_has_gone()
    {
        var gateway = new Harness();
        gateway.Put(s_zoned, "# TYPE x counter\nx 1\n");
        gateway.Put(s_b, "# TYPE x counter\nx 1\n");
        gateway.Store.Delete(s_b);
        const string inWords = "is not a COUNTER: pushed as UNTYPED, but group {job=\"a\",zone=\"eu\"} has it as COUNTER";
        Assert.EndsWith(inWords, gateway.Put(s_a, "x 1\n").Error, StringComparison.Ordinal);
        gateway.Put(s_a, "# TYPE x counter\nx 1\n");
        Assert.EndsWith(inWords, gateway.Put(s_a, "x 1\n").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_remembers_its_last_failure()
    {
        var gateway = new Harness();
        Assert.Equal(PushStatus.Malformed, gateway.Push(s_a, "x y\n", PushMode.Replace, new PushDetails(Sender: "10.0.0.1:5")).Status);
        Assert.Null(gateway.Group(s_a));
        gateway.Put(s_a, "x 1\n");
        Assert.Null(gateway.Group(s_a)!.LastFailure);
        gateway.Push(s_a, "x y\n", PushMode.Replace, new PushDetails(Sender: "10.0.0.1:5"));
        Assert.Equal(
            new PushFailure(
                1_700_000_003_000_000_000, "text format parsing error in line 1: expected float as value, got \"y\"", "10.0.0.1:5"),
            gateway.Group(s_a)!.LastFailure);
        Assert.Equal("0", gateway.Value("push_failure_time_seconds{instance=\"\",job=\"a\"}"));
        gateway.Push(s_a, "x 1\nx 1\n", PushMode.Replace, new PushDetails(Sender: "10.0.0.2:5"));
        Assert.Equal(
            (1_700_000_004_000_000_000, "10.0.0.2:5"), (gateway.Group(s_a)!.LastFailure!.At, gateway.Group(s_a)!.LastFailure!.Sender));
        gateway.Put(s_a, "x 2\n");
        Assert.StartsWith("pushed metrics are invalid or inconsistent", gateway.Group(s_a)!.LastFailure!.Reason, StringComparison.Ordinal);
        gateway.Store.NoteFailure(s_a, new string('x', 10_000), null);
        Assert.Equal(PushFailure.MaxReason + 3, gateway.Group(s_a)!.LastFailure!.Reason.Length);
        gateway.Store.NoteFailure(s_b, "nobody", null);
        Assert.Equal(1, gateway.Store.GroupCount);
    }

    [Fact]
    public void An_accepted_push_that_could_not_be_stored_says_why()
    {
        var gateway = new Harness(check: false);
        PushOutcome outcome = gateway.Put(s_a, "x 1 1\n");
        Assert.Equal(PushStatus.Accepted, outcome.Status);
        Assert.EndsWith("pushed metrics must not have timestamps", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wipe_is_one_step_and_quick_for_100_000_groups()
    {
        var gateway = new Harness();
        ChangeFeed feed = gateway.Store.Subscribe();
        gateway.Store.ReserveFamily("own_seconds"u8, Formats.MetricType.Summary);
        long making = Stopwatch.GetTimestamp();
        for (int i = 0; i < 100_000; i++)
        {
            gateway.Push(
                Harness.Key("job", "j", "instance", $"{i}"), "x 1\ny 2\n", PushMode.Replace, new PushDetails(TimeSpan.FromDays(i + 2)));
        }

        TimeSpan made = Stopwatch.GetElapsedTime(making);
        feed.Take(new List<FeedChange>());
        using StoreView before = gateway.Store.OpenView();
        long started = Stopwatch.GetTimestamp();
        Assert.Equal(100_000, gateway.Store.Wipe());
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        TestContext.Current.SendDiagnosticMessage($"100,000 groups wiped in {took.TotalMilliseconds:0.0} ms");

        // About a twentieth; what is not in proportion to the groups would be many times that. The machine is as busy for the one as for
        // the other.
        Assert.InRange(took, TimeSpan.Zero, made);
        Assert.Equal(100_000, before.Groups.Length);
        Assert.Equal("", gateway.Text());
        Assert.Equal((0, 0L, 100_000), (gateway.Store.GroupCount, gateway.Store.SampleCount, feed.Pending));
        Assert.Equal(PushStatus.Stored, gateway.Put(s_a, "own_seconds 1\n").Status);
        Assert.Equal(1, gateway.Store.HiddenFamilies);
        gateway.Store.Wipe();
        Assert.Equal(PushStatus.Stored, gateway.Put(s_a, "# TYPE x gauge\nx 1\n").Status);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
    }
}
