using System.Globalization;
using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>Groups that nobody pushes to any more: what goes, when, and what is left.</summary>
public sealed class ExpiryTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");
    private static readonly ExpiryRule s_tenSeconds = new(null, TimeSpan.FromSeconds(10));

    [Fact]
    public void By_default_nothing_expires()
    {
        var gateway = new Harness();
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(1e9);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
        Assert.Equal((0L, false), (gateway.Group(s_a)!.ExpiresAt, gateway.Group(s_a)!.IsExpired));
    }

    [Fact]
    public void Series_leave_at_the_deadline_and_the_times_stay_for_the_grace_time()
    {
        var gateway = new Harness(grace: TimeSpan.FromSeconds(60), rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        Assert.Equal(1_700_000_011_000_000_000, gateway.Group(s_a)!.ExpiresAt);
        gateway.Clock.Advance(9.999);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
        gateway.Clock.Advance(0.001);
        Assert.Equal(
            """
            # HELP push_expired The metrics of this group have expired, because nothing was pushed to it for too long.
            # TYPE push_expired gauge
            push_expired{instance="",job="a"} 1
            # HELP push_failure_time_seconds Last Unix time when changing this group in the Pushgateway failed.
            # TYPE push_failure_time_seconds gauge
            push_failure_time_seconds{instance="",job="a"} 0
            # HELP push_time_seconds Last Unix time when changing this group in the Pushgateway succeeded.
            # TYPE push_time_seconds gauge
            push_time_seconds{instance="",job="a"} 1.700000001e+09

            """, gateway.Text());
        Assert.Equal((1L, 1L, 3L), (gateway.Store.ExpiredGroups, gateway.Store.Expiries, gateway.Store.SampleCount));
        Assert.True(gateway.Group(s_a)!.IsExpired);
        gateway.Clock.Advance(59.999);
        Assert.Equal("1", gateway.Value("push_expired{instance=\"\",job=\"a\"}"));
        gateway.Clock.Advance(0.001);
        Assert.Equal("", gateway.Text());
        Assert.Equal(
            (0, 0L, 1L, 0L), (gateway.Store.GroupCount, gateway.Store.ExpiredGroups, gateway.Store.Expiries, gateway.Store.SampleCount));
    }

    // Nobody has looked since.
    [Fact]
    public void A_group_that_is_gone_by_now_takes_no_place_from_others()
    {
        var gateway = new Harness(grace: TimeSpan.FromSeconds(60), mostGroups: 1, rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        Assert.Equal(PushStatus.TooManyGroups, gateway.Put(s_b, "x 1\n").Status);
        gateway.Clock.Advance(70);
        Assert.Equal(PushStatus.Stored, gateway.Put(s_b, "x 1\n").Status);
        Assert.Equal(1, gateway.Store.GroupCount);
    }

    [Fact]
    public void A_push_puts_the_deadline_off_and_a_refused_one_does_not()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(s_b, "y 1\n");
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(8);
        gateway.Post(s_a, "z 1\n");
        gateway.Clock.Advance(8);
        Assert.Equal("1", gateway.Value("x{instance=\"\",job=\"a\"}"));
        Assert.Equal(PushStatus.Inconsistent, gateway.Post(s_a, "x 1\nx 2\n").Status);
        gateway.Clock.Advance(1);
        Assert.Null(gateway.Value("x{instance=\"\",job=\"a\"}"));
        Assert.NotEqual("0", gateway.Value("push_failure_time_seconds{instance=\"\",job=\"a\"}"));

        // Neither does a refused push bring an expired group back.
        Assert.Equal(PushStatus.Inconsistent, gateway.Post(s_a, "x 1\nx 2\n").Status);
        Assert.Equal("1", gateway.Value("push_expired{instance=\"\",job=\"a\"}"));
    }

    [Theory]
    [InlineData(PushMode.Merge)]
    [InlineData(PushMode.Replace)]
    public void A_push_after_expiry_starts_from_an_empty_group(PushMode mode)
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(10);
        gateway.Push(s_a, "y 2\n", mode);
        Assert.Equal("# TYPE y untyped\ny{instance=\"\",job=\"a\"} 2\n", gateway.Pushed());
        Assert.Equal(0, gateway.Store.ExpiredGroups);
        Assert.False(gateway.Group(s_a)!.IsExpired);
    }

    // The short way of pushes would take the other families over.
    [Fact]
    public void A_repeated_push_after_expiry_starts_from_an_empty_group_too()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(s_a, "other 1\n");
        for (int i = 0; i < 5; i++)
        {
            gateway.Post(s_a, $"x {i}\n");
        }

        Assert.NotEqual(0, gateway.Store.RepeatedPushes);
        Assert.Equal("1", gateway.Value("other{instance=\"\",job=\"a\"}"));
        gateway.Clock.Advance(9);
        gateway.Post(s_a, "x 7\n");
        Assert.Equal("# TYPE x untyped\nx{instance=\"\",job=\"a\"} 7\n", gateway.Pushed());
    }

    [Fact]
    public void Repeated_pushes_set_deadlines()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        for (int i = 0; i < 5; i++)
        {
            gateway.Post(s_a, $"x {i}\n");
        }

        long before = gateway.Store.RepeatedPushes;
        gateway.Push(s_a, "x 5\n", PushMode.Merge, new PushDetails(TimeSpan.FromSeconds(100)));
        Assert.Equal(1_700_000_106_000_000_000, gateway.Group(s_a)!.ExpiresAt);
        gateway.Push(s_a, "x 6\n", PushMode.Merge, new PushDetails(TimeSpan.Zero));
        Assert.Equal(0, gateway.Group(s_a)!.ExpiresAt);
        gateway.Post(s_a, "x 7\n");
        Assert.Equal(1_700_000_018_000_000_000, gateway.Group(s_a)!.ExpiresAt);
        Assert.Equal(before + 3, gateway.Store.RepeatedPushes);
    }

    [Fact]
    public void The_first_rule_counts_and_a_push_can_ask_otherwise()
    {
        ExpiryRule[] rules =
        [
            new(GroupSelector.Parse("{job=~\"flink.*\"}"), TimeSpan.FromSeconds(5)),
            new(GroupSelector.Parse("{job=\"flink-keep\"}"), TimeSpan.FromSeconds(500)),
            new(GroupSelector.Parse("{keep!=\"\"}"), TimeSpan.Zero),
            s_tenSeconds,
        ];
        var gateway = new Harness(rules: rules);
        long After(GroupingKey key, TimeSpan? asked = null)
        {
            gateway.Push(key, "x 1\n", PushMode.Replace, new PushDetails(asked));
            long at = gateway.Group(key)!.ExpiresAt;
            return at == 0 ? 0 : (at / 1_000_000_000) - gateway.Clock.Now.ToUnixTimeSeconds();
        }

        Assert.Equal(5, After(Harness.Key("job", "flink-keep")));
        Assert.Equal(0, After(Harness.Key("job", "a", "keep", "yes")));
        Assert.Equal(10, After(s_a));
        Assert.Equal(900, After(s_a, TimeSpan.FromMinutes(15)));
        Assert.Equal(0, After(s_a, TimeSpan.Zero));
        Assert.Equal(10, After(s_a));
        Assert.Equal(0, After(s_a, TimeSpan.MaxValue));
    }

    [Fact]
    public void An_earlier_deadline_counts_although_a_later_one_was_set()
    {
        var gateway = new Harness();
        for (int i = 0; i < 20; i++)
        {
            gateway.Push(Harness.Key("job", $"{i}"), "x 1\n", PushMode.Replace, new PushDetails(TimeSpan.FromHours(20 - i)));
        }

        gateway.Push(s_a, "x 1\n", PushMode.Replace, new PushDetails(TimeSpan.FromHours(30)));
        gateway.Push(s_a, "x 1\n", PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(3)));
        gateway.Clock.Advance(3);
        Assert.True(gateway.Group(s_a)!.IsExpired);
        Assert.Equal(1, gateway.Store.ExpiredGroups);
        gateway.Clock.Advance(3600 * 10);
        gateway.Text();
        Assert.Equal(11, gateway.Store.ExpiredGroups);
    }

    [Fact]
    public void Expired_series_count_for_no_other_group()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(Harness.Key("job", "a", "zone", "z"), "# TYPE x counter\nx 1\ny 1\n");
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "# TYPE x gauge\nx 1\n").Status);
        Assert.Equal(PushStatus.Inconsistent, gateway.Put(s_a, "y{zone=\"z\"} 1\n").Status);
        gateway.Clock.Advance(8);
        Assert.Equal(PushStatus.Stored, gateway.Put(s_a, "# TYPE x gauge\nx 1\ny{zone=\"z\"} 1\n").Status);
    }

    [Fact]
    public void Without_a_grace_time_the_group_goes_at_once()
    {
        var gateway = new Harness(grace: TimeSpan.Zero, rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(10);
        Assert.Equal("", gateway.Text());
        Assert.Equal((0, 1L), (gateway.Store.GroupCount, gateway.Store.Expiries));
    }

    [Fact]
    public void A_view_keeps_what_it_shows_while_it_expires()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        using StoreView view = gateway.Store.OpenView();
        gateway.Clock.Advance(10);
        Assert.True(gateway.Group(s_a)!.IsExpired);
        Assert.True(view.Groups[0].TryGet("x"u8, out FamilyEntry entry));
        Assert.Equal("x{instance=\"\",job=\"a\"} 1\n", Encoding.UTF8.GetString(entry.Text.Span));
    }

    [Fact]
    public async Task The_sweep_tells_the_feeds_although_nobody_looks()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        ChangeFeed feed = gateway.Store.Subscribe();
        gateway.Put(s_a, "x 1\n");
        var taken = new List<FeedChange>();
        feed.Take(taken);
        gateway.Clock.Advance(10);
        await feed.WaitAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        feed.Take(taken);
        Assert.True(taken[1].Snapshot!.IsExpired);
        gateway.Clock.Advance(24 * 3600);
        await feed.WaitAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        feed.Take(taken);
        Assert.Null(taken[2].Snapshot);
    }

    [Fact]
    public void Deadlines_survive_a_restart()
    {
        var before = new Harness(rules: s_tenSeconds);
        before.Put(s_a, "x 1\n");
        before.Push(s_b, "x 2\n", PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(100)));
        before.Clock.Advance(9);
        Assert.True(before.Group(s_a)!.IsExpired);

        foreach (bool known in new[] { true, false })
        {
            var after = new Harness(rules: s_tenSeconds);
            foreach (GroupingKey key in new[] { s_a, s_b })
            {
                GroupSnapshot kept = before.Group(key)!;
                after.Store.Restore(key, kept.Families, known ? kept.ExpiresAt : null, null);
            }

            after.Clock.Advance(11);
            Assert.Equal((before.Group(s_a)!.ExpiresAt, true), (after.Group(s_a)!.ExpiresAt, after.Group(s_a)!.IsExpired));
            Assert.Equal(known ? 1_700_000_102_000_000_000 : 1_700_000_012_000_000_000, after.Group(s_b)!.ExpiresAt);
            Assert.Equal(before.Group(s_b)!.IsExpired, after.Group(s_b)!.IsExpired);
            after.Clock.Advance(24 * 3600);
            Assert.Null(after.Group(s_a));
        }
    }

    [Fact]
    public void What_expired_while_the_store_was_down_is_gone_at_the_first_look()
    {
        var before = new Harness(rules: s_tenSeconds);
        before.Put(s_a, "x 1\n");
        var after = new Harness(rules: s_tenSeconds);
        after.Clock.Advance(11);
        after.Store.Restore(s_a, before.Group(s_a)!.Families);
        Assert.True(after.Group(s_a)!.IsExpired);
        after.Clock.Advance(24 * 3600);
        Assert.Null(after.Group(s_a));
    }

    [Fact]
    public void A_group_with_series_is_never_restored_as_expired()
    {
        var before = new Harness(rules: s_tenSeconds);
        before.Put(s_a, "x 1\n");
        List<FamilyEntry> families = [.. before.Group(s_a)!.Families];
        before.Clock.Advance(10);
        before.Group(s_a)!.TryGet("push_expired"u8, out FamilyEntry mark);
        families.Insert(0, mark);
        var after = new Harness();
        after.Store.Restore(s_a, families.ToArray());
        after.Clock.Advance(1e6);
        Assert.False(after.Group(s_a)!.IsExpired);
        Assert.Equal("1", after.Value("x{instance=\"\",job=\"a\"}"));
    }

    [Fact]
    public void Deletes_and_wipes_end_the_expired_state()
    {
        var gateway = new Harness(rules: s_tenSeconds);
        gateway.Put(s_a, "x 1\n");
        gateway.Put(s_b, "x 1\n");
        gateway.Clock.Advance(10);
        Assert.Contains("push_expired", gateway.Text(), StringComparison.Ordinal);
        Assert.True(gateway.Store.Delete(s_a));
        Assert.Equal(1, gateway.Store.ExpiredGroups);
        Assert.Equal(1, gateway.Store.Wipe());
        Assert.Equal(0, gateway.Store.ExpiredGroups);
        gateway.Clock.Advance(25 * 3600);
        Assert.Equal("", gateway.Text());
    }

    [Fact]
    public void A_pushed_push_expired_is_left_out()
    {
        var gateway = new Harness();
        Assert.Equal(PushStatus.Stored, gateway.Put(s_a, "push_expired 1\nx 1\n").Status);
        Assert.Equal("# TYPE x untyped\nx{instance=\"\",job=\"a\"} 1\n", gateway.Pushed());
    }

    [Fact]
    public void Groups_expire_beside_pushes_and_views_without_a_trace()
    {
        var store = new MetricStore(new StoreOptions
        {
            VerifyShapes = true,
            ExpiryRules = [new ExpiryRule(null, TimeSpan.FromMilliseconds(2))],
            ExpiredGrace = TimeSpan.FromMilliseconds(3)
        });
        using var stop = new CancellationTokenSource();
        string? wrong = null;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 2).Select(thread => new Thread(() =>
            {
                for (int i = 0; !stop.IsCancellationRequested; i++)
                {
                    string body = string.Concat(
                        Enumerable.Range(0, 60).Select(line => string.Create(CultureInfo.InvariantCulture, $"v{line} {i}\n")));
                    store.Push(Harness.Key("job", $"{(i / 20 % 50) + thread}"), PushFormat.Text, Encoding.UTF8.GetBytes(body), i % 2 == 0
                        ? PushMode.Replace
                        : PushMode.Merge);
                }
            })),
            new Thread(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    using StoreView view = store.OpenView();
                    foreach (GroupSnapshot group in view.Groups)
                    {
                        int families = group.Families.Length;
                        wrong = families != (group.IsExpired ? 3 : 62) ? $"{families} families, expired: {group.IsExpired}" : wrong;
                    }
                }
            }),
        ];
        Array.ForEach(threads, static thread => thread.Start());
        Thread.Sleep(2000);

        // On a busy machine it takes longer until enough has happened.
        SpinWait.SpinUntil(() => store.Expiries >= 10 || Volatile.Read(ref wrong) is not null, TimeSpan.FromMinutes(1));
        stop.Cancel();
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Null(wrong);
        Assert.InRange(store.Expiries, 10, long.MaxValue);
        SpinWait.SpinUntil(() => { store.OpenView().Dispose(); return store.GroupCount == 0; }, TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0L, 0L), (store.GroupCount, store.ExpiredGroups, store.SampleCount));
    }
}
