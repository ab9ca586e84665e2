using System.IO.Compression;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>push_overdue: which groups show it, and when it is 1.</summary>
public sealed class OverdueTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");
    private static readonly GroupSelection s_onlyB = new([GroupSelector.Parse("{job=\"b\"}")]);

    [Fact]
    public void It_is_0_in_time_and_1_when_the_last_push_is_older_than_the_rule_says()
    {
        Harness gateway = With("{job=~\"a|x\"}=10s");
        gateway.Put(s_a, "x 1\n");
        gateway.Put(s_b, "x 1\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        Assert.Contains(
            "# HELP push_overdue Whether the last successful push of this group is longer ago than expected.\n# TYPE push_overdue gauge\n",
            gateway.Text(), StringComparison.Ordinal);
        gateway.Clock.Advance(9);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        gateway.Clock.Advance(0.001);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(gateway));
        gateway.Post(s_a, "x 2\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
    }

    [Fact]
    public void The_first_rule_counts_and_0_expects_nothing()
    {
        Harness gateway = With("{job=\"a\"}=0", "{job=~\"a|b\"}=10s", "1h");
        gateway.Put(s_a, "x 1\n");
        gateway.Put(s_b, "x 1\n");
        gateway.Put(Harness.Key("job", "c", "zone", "eu"), "x 1\n");
        gateway.Clock.Advance(60);
        Assert.Equal(["push_overdue{instance=\"\",job=\"b\"} 1", "push_overdue{instance=\"\",job=\"c\",zone=\"eu\"} 0"], Lines(gateway));
    }

    [Fact]
    public void A_refused_push_is_none()
    {
        Harness gateway = With("{job=~\"a\"}=10s");
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(10);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "x 1\nx 1\n").Status);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(gateway));
    }

    [Fact]
    public void A_group_without_a_good_push_is_overdue_a_while_after_its_first_bad_one()
    {
        Harness gateway = With("{job=~\"a\"}=10s");
        gateway.Put(s_a, "x 1\nx 1\n");
        gateway.Clock.Advance(9);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        gateway.Put(s_a, "x 1\nx 1\n");
        gateway.Clock.Advance(1);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(gateway));
    }

    [Fact]
    public void An_expired_group_shows_it_for_the_grace()
    {
        var gateway = new Harness(expectations: [PushExpectation.Parse("{job=~\"a\"}=10s")], grace: TimeSpan.FromSeconds(60),
            rules: new ExpiryRule(null, TimeSpan.FromSeconds(5)));
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(6);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        gateway.Clock.Advance(5);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(gateway));
        Assert.True(gateway.Group(s_a)!.IsExpired);
        gateway.Clock.Advance(60);
        Assert.Equal("", gateway.Text());
    }

    [Fact]
    public void A_group_that_a_rule_names_is_shown_before_its_first_push()
    {
        Harness gateway = With("{job=\"a\",zone=\"eu\"}=10s", "{job=\"b\"}=20s", "{job=~\"c\"}=1s", "{zone=\"us\"}=1s", "{job!=\"x\"}=1s");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\",zone=\"eu\"} 0", "push_overdue{instance=\"\",job=\"b\"} 0"], Lines(gateway));
        gateway.Clock.Advance(10);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\",zone=\"eu\"} 0", "push_overdue{instance=\"\",job=\"b\"} 0"], Lines(gateway));
        gateway.Clock.Advance(0.001);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\",zone=\"eu\"} 1", "push_overdue{instance=\"\",job=\"b\"} 0"], Lines(gateway));

        // With another label it is one of the rule all the same.
        gateway.Put(Harness.Key("job", "b", "host", "h"), "x 1\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\",zone=\"eu\"} 1", "push_overdue{host=\"h\",instance=\"\",job=\"b\"} 0"],
            Lines(gateway));
        Assert.Equal(["push_overdue{host=\"h\",instance=\"\",job=\"b\"} 0"], Lines(gateway, s_onlyB));
    }

    [Fact]
    public void A_named_group_that_has_gone_is_overdue_when_its_last_push_is_too_old()
    {
        Harness gateway = With("{job=\"a\"}=10s");
        gateway.Clock.Advance(100);
        gateway.Put(s_a, "x 1\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        gateway.Store.Delete(s_a);
        gateway.Clock.Advance(10);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
        gateway.Clock.Advance(1);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(gateway));
    }

    [Fact]
    public void A_selected_scrape_has_those_of_its_groups_named_ones_too()
    {
        Harness gateway = With("{job=\"b\"}=10s", "{job=\"c\"}=10s", "1h");
        gateway.Put(s_a, "x 1\n");
        gateway.Put(s_b, "x 1\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"b\"} 0"], Lines(gateway, s_onlyB));
        string[] parts = [.. Enumerable.Range(0, 4).SelectMany(shard => Lines(gateway, new GroupSelection(shard: new Shard(shard, 4))))];
        Assert.Equal(Lines(gateway).Order(StringComparer.Ordinal), parts.Order(StringComparer.Ordinal));
        Assert.Equal(3, parts.Length);
    }

    [Fact]
    public void The_name_is_the_stores_with_rules_alone()
    {
        const string Body = "# TYPE push_overdue counter\npush_overdue{a=\"b\"} 7\nx 1\n";
        var free = new Harness();
        free.Put(s_a, Body);
        Assert.Equal("7", free.Value("push_overdue{a=\"b\",instance=\"\",job=\"a\"}"));
        Harness gateway = With("{job=~\"a\"}=10s");
        for (int push = 0; push < 3; push++)
        {
            Assert.Equal(PushStatus.Stored, gateway.Put(s_a, Body).Status);
            Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(gateway));
            Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
        }

        // So is what was kept from before there were rules.
        using StoreView view = free.Store.OpenView();
        gateway.Store.Restore(s_a, view.Groups[0].Families);
        Assert.Single(Lines(gateway));
        Assert.DoesNotContain("a=\"b\"", gateway.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_survives_a_restart()
    {
        Harness before = With("{job=~\"a\"}=10s");
        before.Put(s_a, "x 1\n");
        using StoreView view = before.Store.OpenView();
        Harness after = With("{job=~\"a\"}=10s");
        after.Clock.Advance(8);
        after.Store.Restore(s_a, view.Groups[0].Families);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 0"], Lines(after));
        after.Clock.Advance(4);
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\"} 1"], Lines(after));
    }

    [Fact]
    public void A_wall_clock_that_is_set_does_not_make_what_never_came_late()
    {
        var time = new SetClock();
        var store = new MetricStore(new StoreOptions { Time = time, PushExpectations = [PushExpectation.Parse("{job=\"a\"}=10s")] });
        time.Wall += TimeSpan.FromHours(1);
        Assert.Contains("push_overdue{instance=\"\",job=\"a\"} 0\n", Written(store), StringComparison.Ordinal);
        time.Passed += TimeSpan.FromSeconds(11);
        Assert.Contains("push_overdue{instance=\"\",job=\"a\"} 1\n", Written(store), StringComparison.Ordinal);
    }

    /// <summary>
    /// Compressed scrapes keep parts from scrape to scrape. Groups become overdue one after the other, some are pushed to again, some go.
    /// </summary>
    [Theory]
    [InlineData(30, 1)]
    [InlineData(3000, 1)]
    [InlineData(3000, 2)]
    public async Task Compressed_scrapes_never_show_what_was_before(int groups, int rulesFor)
    {
        Harness gateway = With($"{{n=~\".*[{(rulesFor == 1 ? "0-9" : "13579")}]\"}}=1h", "{job=\"named\"}=30s");
        for (int i = 0; i < groups; i++)
        {
            gateway.Put(Key(i), $"x{{a=\"{new string('a', 30)}\"}} {i}\n");
        }

        for (int round = 0; round < 12; round++)
        {
            Assert.Equal(gateway.Text(), Unzip(await gateway.GzipAsync()));
            Assert.Equal(groups / rulesFor, Lines(gateway).Count(static line => !line.Contains("named", StringComparison.Ordinal)));
            gateway.Clock.Advance(3000.0 / 10);
            for (int i = round; i < groups; i += 97)
            {
                gateway.Put(Key(i), $"x{{a=\"{new string('a', 30)}\"}} {round}\n");
            }

            if (round == 6)
            {
                gateway.Put(Harness.Key("job", "named", "k", "v"), "y 1\n");
            }
        }

        Assert.Contains("} 1", string.Concat(Lines(gateway)), StringComparison.Ordinal);
        Assert.Contains("} 0", string.Concat(Lines(gateway)), StringComparison.Ordinal);
        Assert.Equal(gateway.Text(), Unzip(await gateway.GzipAsync()));

        static GroupingKey Key(int i) => Harness.Key("job", "j", "n", $"{i}");
    }

    [Fact]
    public void Every_format_has_it()
    {
        Harness gateway = With("{job=~\"a\"}=10s", "{job=\"named\"}=1s");
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(11);
        string openMetrics = Encoding.UTF8.GetString(gateway.Bytes(ScrapeFormat.OpenMetrics));
        Assert.Contains("push_overdue{instance=\"\",job=\"a\"} 1.0\n", openMetrics, StringComparison.Ordinal);
        Assert.Contains("push_overdue{instance=\"\",job=\"named\"} 1.0\n", openMetrics, StringComparison.Ordinal);
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(gateway.Bytes(ScrapeFormat.ProtobufDelimited), set, out _));
        int overdue = Enumerable.Range(0, set.Families.Length)
            .Single(f => set.Text(set.Families[f].Name).SequenceEqual("push_overdue"u8));
        Assert.Equal((2, MetricType.Gauge), (set.Families[overdue].MetricCount, set.Families[overdue].Type));
    }

    [Fact]
    public void Labels_outside_the_legacy_charset_follow_the_scheme()
    {
        var gateway = new Harness(names: NameScheme.Utf8, expectations: [PushExpectation.Parse("{job=~\"a\"}=10s")]);
        gateway.Put(Harness.Key("job", "a", "my.zone", "eu"), "x 1\n");
        Assert.Equal(["push_overdue{instance=\"\",job=\"a\",my_zone=\"eu\"} 0"], Lines(gateway));
        Assert.Contains("push_overdue{instance=\"\",job=\"a\",\"my.zone\"=\"eu\"} 0\n", gateway.Text(EscapingScheme.AllowUtf8),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_rules_nothing_is_different()
    {
        (Harness without, Harness with) = (new Harness(), With("{job=~\"none\"}=10s"));
        foreach (Harness gateway in (Harness[])[without, with])
        {
            gateway.Put(s_a, "x 1\n");
            gateway.Put(s_b, "x 1\n");
        }

        Assert.Equal(without.Text(), with.Text());
        Assert.Null(without.Store.State.Expectations);
        Assert.Null(without.Group(s_a)!.Slot.Overdue);
    }

    private static Harness With(params string[] rules) => new(expectations: [.. rules.Select(PushExpectation.Parse)]);

    private static string[] Lines(Harness gateway, GroupSelection? selection = null) =>
        [.. Encoding.UTF8.GetString(gateway.Bytes(ScrapeFormat.Text, selection: selection)).Split('\n')
            .Where(static line => line.StartsWith("push_overdue", StringComparison.Ordinal))];

    private static string Written(MetricStore store)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        store.WriteTo(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static string Unzip(byte[] member)
    {
        using var gzip = new GZipStream(new MemoryStream(member), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return reader.ReadToEnd();
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        public TimeSpan Passed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall + Passed;

        public override long GetTimestamp() => Passed.Ticks;
    }
}
