using System.Buffers;
using System.Text;
using Exposition.Engine.Content;
using Exposition.Engine.Sharing;

namespace Exposition.Engine.Tests.Sharing;

/// <summary>A store whose changes are prepared, and applied when they come out of a log, against one that publishes at once.</summary>
public sealed class SharedGroupsTests
{
    private static readonly GroupingKey[] s_keys =
    [
        GroupingKey.Create(("job", "a")),
        GroupingKey.Create(("job", "b")),
        GroupingKey.Create(("job", "a"), ("instance", "i")),
        GroupingKey.Create(("job", "a"), ("instance", "")),
        GroupingKey.Create(("job", "b"), ("zone", "z")),
    ];

    private static readonly string[] s_lines =
    [
        "x 1\n", "x{instance=\"i\"} 1\n", "# TYPE x counter\nx 1\n", "y{zone=\"z\"} 2\n", "y 3\n", "# TYPE y gauge\ny 3\n",
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", "h_count 3\n",
        "# HELP z A help.\n# TYPE z summary\nz_sum 1\nz_count 2\n",
        "push_failure_time_seconds 12\n", "bad bad\n", "twice 1\ntwice 1\n",
    ];

    [Fact]
    public void A_wipe_removes_also_what_is_still_being_loaded()
    {
        var store = new MetricStore(new StoreOptions());
        using (store.BeginLoading())
        {
            Apply(store, s_keys[0], revision: 50);
            Assert.Equal(1, store.Shared.ApplyWipe(200));
            Apply(store, s_keys[1], revision: 201);
        }

        Assert.Equal(1, store.GroupCount);
        Assert.Equal((0L, 201L), (store.Shared.RevisionOf(s_keys[0]), store.Shared.RevisionOf(s_keys[1])));
    }

    private static void Apply(MetricStore store, GroupingKey key, long revision)
    {
        PreparedPush push = store.Shared.Prepare(key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace, default, out _)!;
        Assert.True(store.Shared.Apply(key, push.State, revision));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_applied_at_one_node_is_what_a_push_would_have_made(bool isChecked)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var clock = new Clock();
            var plain = new MetricStore(Options(clock, isChecked));
            var shared = new MetricStore(Options(clock, isChecked));
            long revision = 0;
            for (int step = 0; step < 30; step++)
            {
                clock.Advance(TimeSpan.FromSeconds(random.Next(20)));
                GroupingKey key = s_keys[random.Next(s_keys.Length)];
                if (random.Next(6) == 0)
                {
                    Assert.Equal(plain.Delete(key), shared.Shared.ApplyDelete(key, ++revision));
                }
                else if (random.Next(25) == 0)
                {
                    Assert.Equal(plain.Wipe(), shared.Shared.ApplyWipe(++revision));
                }
                else
                {
                    byte[] body = Body(random);
                    PushMode mode = random.Next(2) == 0 ? PushMode.Merge : PushMode.Replace;
                    var details = new PushDetails(random.Next(3) == 0 ? TimeSpan.FromSeconds(random.Next(60)) : null, "me");
                    PushOutcome expected = plain.Push(key, PushFormat.Text, body, mode, details);
                    PreparedPush? prepared = shared.Shared.Prepare(key, PushFormat.Text, body, mode, details, out PushOutcome outcome);

                    // Which of several groups a refusal names is not the same.
                    Assert.Equal(expected.Status, outcome.Status);
                    Assert.Equal(expected.Error?.Split(": pushed as")[0], outcome.Error?.Split(": pushed as")[0]);
                    if (prepared is not null)
                    {
                        Assert.True(shared.Shared.Apply(key, Sent(prepared.State), ++revision));
                    }
                }

                if (plain.HiddenFamilies + shared.HiddenFamilies > 0)
                {
                    // From here on one goes by who was there first, the other by revisions.
                    break;
                }

                Assert.Equal(Text(plain), Text(shared));
                Assert.Equal(plain.Find(key)?.LastFailure?.At, shared.Find(key)?.LastFailure?.At);
                Assert.Equal(plain.Find(key)?.ExpiresAt, shared.Find(key)?.ExpiresAt);
            }
        }
    }

    [Fact]
    public void A_node_that_read_the_last_states_only_shows_what_one_shows_that_has_seen_all()
    {
        int differed = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var clock = new Clock();
            var old = new MetricStore(Options(clock, isChecked: false));
            Dictionary<GroupingKey, (GroupState State, long Revision)> last = [];
            long revision = 0;

            // Prepared by two at once: none knows of the other.
            for (int step = 0; step < 20; step++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                List<PreparedPush> prepared = [];
                for (int i = 0; i < 3; i++)
                {
                    GroupingKey key = s_keys[random.Next(s_keys.Length)];
                    if (prepared.TrueForAll(other => other.Key != key) && old.Shared.Prepare(
                        key, PushFormat.Text, Body(random), (PushMode)random.Next(2), default, out _) is { } push)
                    {
                        prepared.Add(push);
                    }
                }

                foreach (PreparedPush push in prepared)
                {
                    last[push.Key] = (Sent(push.State), ++revision);
                    old.Shared.Apply(push.Key, Sent(push.State), revision);
                }

                if (random.Next(5) == 0)
                {
                    GroupingKey gone = s_keys[random.Next(s_keys.Length)];
                    last.Remove(gone);
                    old.Shared.ApplyDelete(gone, ++revision);
                }
            }

            var fresh = new MetricStore(Options(clock, isChecked: false));
            foreach ((GroupingKey key, (GroupState state, long at)) in last.OrderBy(static pair => pair.Value.Revision))
            {
                fresh.Shared.Apply(key, Sent(state), at);
            }

            differed += Text(old) == Text(fresh) ? 0 : 1;
            old.Shared.Settle();
            fresh.Shared.Settle();
            Assert.Equal(Text(old), Text(fresh));
            Assert.Equal(0, old.Shared.Settle());
            Assert.Equal(0, fresh.Shared.Settle());
        }

        Assert.True(differed > 10, "without settling they would agree: nothing was tried");
    }

    [Fact]
    public void A_state_of_an_earlier_revision_changes_nothing()
    {
        var store = new MetricStore(new StoreOptions());
        Assert.True(store.Shared.Apply(s_keys[0], State(store, "x 2\n"), 7));

        Assert.False(store.Shared.Apply(s_keys[0], State(store, "x 1\n"), 7));
        Assert.False(store.Shared.Apply(s_keys[0], State(store, "x 1\n"), 6));
        Assert.False(store.Shared.ApplyDelete(s_keys[0], 6));
        Assert.Equal(0, store.Shared.ApplyWipe(7));
        Assert.Contains("x{instance=\"\",job=\"a\"} 2\n", Text(store), StringComparison.Ordinal);
        Assert.Equal(7, store.Shared.RevisionOf(s_keys[0]));
        Assert.Equal(1, store.Shared.ApplyWipe(8));
    }

    [Fact]
    public void A_push_that_is_based_anew_keeps_what_came_between()
    {
        var clock = new Clock();
        var store = new MetricStore(Options(clock, isChecked: true));
        PreparedPush first = store.Shared.Prepare(s_keys[0], PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Merge, default, out _)!;
        PreparedPush second = store.Shared.Prepare(s_keys[0], PushFormat.Text, "y 1\n"u8.ToArray(), PushMode.Merge, default, out _)!;
        store.Shared.Apply(first.Key, Sent(first.State), 1);
        Assert.Equal(0, second.BaseRevision);

        Assert.True(store.Shared.Rebase(ref second, out _));
        Assert.Equal(1, second.BaseRevision);
        store.Shared.Apply(second.Key, Sent(second.State), 2);
        Assert.Contains("x{instance=\"\",job=\"a\"} 1\n", Text(store), StringComparison.Ordinal);
        Assert.Contains("y{instance=\"\",job=\"a\"} 1\n", Text(store), StringComparison.Ordinal);
    }

    [Fact]
    public void A_push_that_is_based_anew_on_what_contradicts_it_is_refused()
    {
        var store = new MetricStore(new StoreOptions());
        PreparedPush push = store.Shared.Prepare(s_keys[0], PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Merge, default, out _)!;
        store.Shared.Apply(s_keys[1], State(store, "# TYPE x counter\nx 1\n", s_keys[1]), 1);

        Assert.False(store.Shared.Rebase(ref push, out PushOutcome refused));
        Assert.Equal(PushStatus.Inconsistent, refused.Status);
    }

    [Fact]
    public void Push_times_do_not_go_back_where_the_clock_of_a_node_does()
    {
        var clock = new Clock();
        var store = new MetricStore(Options(clock, isChecked: true));
        store.Shared.Apply(s_keys[0], State(store, "x 1\n"), 1);
        string before = Text(store).Split('\n').First(static line => line.StartsWith("push_time_seconds{", StringComparison.Ordinal));
        clock.Advance(TimeSpan.FromSeconds(-100));
        store.Shared.Apply(s_keys[0], State(store, "x 1\n"), 2);

        Assert.Contains(before, Text(store), StringComparison.Ordinal);
    }

    [Fact]
    public void Feeds_are_told_of_what_is_applied()
    {
        var store = new MetricStore(new StoreOptions());
        using ChangeFeed feed = store.Subscribe();
        store.Shared.Apply(s_keys[0], State(store, "x 1\n"), 1);
        List<FeedChange> taken = [];
        int most = feed.Pending;
        feed.Take(taken, ref most, long.MaxValue);

        Assert.Equal(s_keys[0], Assert.Single(taken).Key);
    }

    private static GroupState State(MetricStore store, string body, GroupingKey? key = null) => Sent(store.Shared.Prepare(
        key ?? s_keys[0], PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace, default, out _)!.State);

    // As a message would bring it.
    private static GroupState Sent(in GroupState state)
    {
        var content = new GroupToWrite(state);
        byte[] bytes = new byte[GroupContent.MaxSize(content)];
        Assert.True(GroupContent.TryRead(bytes[..GroupContent.Write(content, bytes)], out GroupState read));
        return read;
    }

    private static byte[] Body(Random random)
    {
        var body = new StringBuilder();
        for (int i = random.Next(4); i >= 0; i--)
        {
            string line = s_lines[random.Next(s_lines.Length)];
            body.Append(body.ToString().Contains(line, StringComparison.Ordinal) ? "" : line);
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }

    private static StoreOptions Options(TimeProvider time, bool isChecked) => new()
    {
        Time = time,
        CheckConsistency = isChecked,
        ExpiredGrace = TimeSpan.FromSeconds(30),
        ExpiryRules = [new ExpiryRule(GroupSelector.Parse("{job=\"b\"}"), TimeSpan.FromSeconds(50))],
    };

    private static string Text(MetricStore store)
    {
        var output = new ArrayBufferWriter<byte>();
        store.WriteTo(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private sealed class Clock : TimeProvider
    {
        private TimeSpan _now = TimeSpan.FromDays(20_000);
        private long _steps = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _steps;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _now;

        public void Advance(TimeSpan by)
        {
            _now += by;
            _steps += Math.Max(0, by.Ticks);
        }
    }
}
