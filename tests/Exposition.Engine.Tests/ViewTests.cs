using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>Views and scrapes: a point in time, in pieces of any size, in every language.</summary>
public sealed class ViewTests
{
    private readonly Harness _gateway = new(names: NameScheme.Utf8);

    [Fact]
    public void A_view_does_not_change()
    {
        GroupingKey key = Harness.Key("job", "j");
        _gateway.Put(key, "a 1\n");
        using StoreView view = _gateway.Store.OpenView();
        _gateway.Put(key, "a 2\n");
        _gateway.Put(Harness.Key("job", "k"), "a 2\n");
        _gateway.Store.Delete(key);
        Assert.Equal(1, view.Groups.Length);
        Assert.True(view.Groups[0].TryGet("a"u8, out FamilyEntry entry));
        Assert.Equal("a{instance=\"\",job=\"j\"} 1\n", Encoding.UTF8.GetString(entry.Text.Span));
    }

    [Theory]
    [InlineData(ScrapeFormat.Text)]
    [InlineData(ScrapeFormat.ProtobufDelimited)]
    [InlineData(ScrapeFormat.ProtobufText)]
    [InlineData(ScrapeFormat.ProtobufCompactText)]
    public void Steps_of_any_size_write_the_same(ScrapeFormat format)
    {
        Fill();
        byte[] whole = _gateway.Bytes(format);
        Assert.NotEmpty(whole);
        foreach (int step in (int[])[1, 2, 7, 64, 1000])
        {
            Assert.Equal(whole, _gateway.Bytes(format, step: step));
        }
    }

    [Theory]
    [InlineData(EscapingScheme.Underscores, "# TYPE a_b gauge\na_b{c_d=\"1\",instance=\"\",job=\"j\"} 1\n")]
    [InlineData(EscapingScheme.AllowUtf8, "# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"1\",instance=\"\",job=\"j\"} 1\n")]
    [InlineData(EscapingScheme.Values, "# TYPE U__a_2e_b gauge\nU__a_2e_b{U__c_2e_d=\"1\",instance=\"\",job=\"j\"} 1\n")]
    [InlineData(EscapingScheme.Dots, "# TYPE a_dot_b gauge\na_dot_b{c_dot_d=\"1\",instance=\"\",job=\"j\"} 1\n")]
    public void Names_outside_the_legacy_charset_follow_the_scheme(EscapingScheme scheme, string expected)
    {
        Assert.Equal(PushStatus.Stored, _gateway.Put(Harness.Key("job", "j"), "# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"1\"} 1\n").Status);
        Assert.Equal(expected, _gateway.Pushed(scheme));
    }

    [Fact]
    public void What_a_feed_gives_restores_to_the_same_exposition()
    {
        ChangeFeed feed = _gateway.Store.Subscribe();
        Fill();
        _gateway.Store.Delete(Harness.Key("job", "gone"));
        var changes = new List<FeedChange>();
        Assert.Equal(4, feed.Take(changes));
        Assert.Equal(0, feed.Pending);
        var other = new Harness();
        foreach (FeedChange change in changes)
        {
            if (change.Snapshot is { } snapshot)
            {
                other.Store.Restore(change.Key, snapshot.Families);
            }
        }

        Assert.Equal(_gateway.Text(EscapingScheme.AllowUtf8), other.Text(EscapingScheme.AllowUtf8));
        Assert.Equal(_gateway.Bytes(ScrapeFormat.ProtobufDelimited), other.Bytes(ScrapeFormat.ProtobufDelimited));
        Assert.Equal(_gateway.Store.SampleCount, other.Store.SampleCount);
    }

    [Fact]
    public void Changes_of_a_group_coalesce_into_the_newest()
    {
        ChangeFeed feed = _gateway.Store.Subscribe();
        GroupingKey key = Harness.Key("job", "j");
        _gateway.Put(key, "a 1\n");
        _gateway.Put(key, "a 2\n");
        _gateway.Store.Delete(key);
        Assert.Equal(1, feed.Pending);
        var changes = new List<FeedChange>();
        feed.Take(changes);
        Assert.Null(Assert.Single(changes).Snapshot);
        Assert.Equal(0, feed.Take(changes));
    }

    // What is left coalesces on, keeps its age, and wakes the consumer again.
    [Fact]
    public void A_feed_gives_little_at_a_time()
    {
        ChangeFeed feed = _gateway.Store.Subscribe();
        for (int group = 0; group < 5; group++)
        {
            _gateway.Put(Harness.Key("job", $"{group}"), "a 1\n");
        }

        long? since = feed.PendingSince;
        int most = feed.Pending;
        var changes = new List<FeedChange>();
        Assert.Equal(1, feed.Take(changes, ref most, 1));
        Assert.Equal((4, 4), (most, feed.Pending));
        Assert.Equal(since, feed.PendingSince);
        Assert.True(feed.WaitAsync(TestContext.Current.CancellationToken).AsTask().IsCompleted);
        _gateway.Put(Harness.Key("job", "4"), "a 2\n");
        _gateway.Put(Harness.Key("job", "5"), "a 2\n");
        Assert.Equal(5, feed.Pending);
        Assert.Equal(4, feed.Take(changes, ref most, long.MaxValue));
        Assert.Equal((0, 1), (most, feed.Pending));
        Assert.Equal(["0", "1", "2", "3", "4"], changes.Select(static change => change.Key.ToString().Split('"')[1]));
        Assert.Equal("a{instance=\"\",job=\"4\"} 2\n", Encoding.UTF8.GetString(changes[4].Snapshot!.Families[0].Text.Span));
        Assert.Equal(1, feed.Take(changes));
        Assert.Null(feed.PendingSince);
    }

    [Fact]
    public void A_refusal_that_repeats_another_is_taken_as_it_is_pending()
    {
        GroupingKey key = Harness.Key("job", "j");
        ChangeFeed feed = _gateway.Store.Subscribe();
        _gateway.Put(key, "a 1\n");
        foreach (string reason in new[] { "no", "no", "never", "no" })
        {
            _gateway.Store.NoteFailure(key, reason, sender: null);
            Assert.Equal(1, feed.Pending);
            Assert.Equal(1, feed.Take([]));
        }

        _gateway.Store.NoteFailure(key, "never", sender: null);
        _gateway.Store.NoteFailure(key, "no", sender: null);
        Assert.Equal(1, feed.Pending);
        Assert.Equal(1, feed.Take([]));
        Assert.Equal(0, feed.Take([]));
    }

    [Fact]
    public void A_thousand_feeds_one_after_another_each_see_what_changes_in_their_time()
    {
        GroupingKey key = Harness.Key("job", "j");
        using ChangeFeed other = _gateway.Store.Subscribe();
        for (int i = 0; i < 1000; i++)
        {
            using ChangeFeed feed = _gateway.Store.Subscribe();
            _gateway.Put(key, $"a {i}\n");
            var changes = new List<FeedChange>();
            Assert.Equal((1, 1), (feed.Take(changes), other.Take([])));
            Assert.Equal(
                $"a{{instance=\"\",job=\"j\"}} {i}\n", Encoding.UTF8.GetString(Assert.Single(changes).Snapshot!.Families[0].Text.Span));

            // Some go without a word on what they have taken, some with a change that was not taken, some with a group that has gone.
            if (i % 3 == 0)
            {
                feed.Release(changes[0]);
            }
            else if (i % 3 == 1)
            {
                _gateway.Store.Delete(key);
                other.Take([]);
            }
        }

        Assert.Equal("a{instance=\"\",job=\"j\"} 999\n", _gateway.Pushed().Split('\n', 2)[1]);
    }

    [Fact]
    public void Only_feeds_that_live_count_for_their_limit()
    {
        ChangeFeed[] feeds = [.. Enumerable.Range(0, 8).Select(_ => _gateway.Store.Subscribe())];
        Assert.Throws<InvalidOperationException>(_gateway.Store.Subscribe);
        feeds[3].Dispose();
        feeds[3].Dispose();
        using ChangeFeed feed = _gateway.Store.Subscribe();
        Assert.Throws<InvalidOperationException>(_gateway.Store.Subscribe);

        GroupingKey key = Harness.Key("job", "j");
        _gateway.Put(key, "a 1\n");
        Assert.Equal([1, 1, 1, 0, 1, 1, 1, 1, 1], feeds.Append(feed).Select(static each => each.Take([])));
    }

    // What a feed that has ended had taken is for the next one at its place to release.
    [Fact]
    public void A_feed_that_has_ended_releases_nothing_that_another_reads()
    {
        GroupingKey key = Harness.Key("job", "j");
        _gateway.Put(key, "a 1\n");
        ChangeFeed first = _gateway.Store.Subscribe();
        _gateway.Put(key, "a 2\n");
        var taken = new List<FeedChange>();
        first.Take(taken);
        first.Dispose();
        using ChangeFeed second = _gateway.Store.Subscribe();
        _gateway.Store.NoteFailure(key, "no", sender: null);
        var read = new List<FeedChange>();
        Assert.Equal(1, second.Take(read));
        Assert.Same(taken[0].Snapshot, read[0].Snapshot);

        first.Release(taken[0]);

        for (int i = 0; i < 50; i++)
        {
            _gateway.Put(key, $"a {i + 3}\n");
        }

        Assert.Equal("a{instance=\"\",job=\"j\"} 2\n", Encoding.UTF8.GetString(read[0].Snapshot!.Families[0].Text.Span));
    }

    [Fact]
    public async Task A_feed_wakes_its_waiter()
    {
        ChangeFeed feed = _gateway.Store.Subscribe();
        Task waiting = feed.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);
        _gateway.Put(Harness.Key("job", "j"), "a 1\n");
        await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        feed.Take([]);
        Assert.False(feed.WaitAsync(TestContext.Current.CancellationToken).AsTask().IsCompleted);
    }

    // A client pushes to A and then to B, over and over; no view may show B without the A before it. Groups come and go beside it.
    [Fact]
    public async Task A_view_is_a_point_in_time()
    {
        const int Rounds = 3000;
        GroupingKey first = Harness.Key("job", "z-first");
        GroupingKey second = Harness.Key("job", "a-second");
        MetricStore store = _gateway.Store;
        using var done = new CancellationTokenSource();
        Task churn = Task.Run(() =>
        {
            for (int i = 0; !done.IsCancellationRequested; i++)
            {
                GroupingKey key = Harness.Key("job", "churn", "n", $"{i % 5}");
                Push(store, key, i);
                if (i % 3 == 0)
                {
                    store.Delete(key);
                }
            }
        }, TestContext.Current.CancellationToken);
        Task writer = Task.Run(() =>
        {
            for (int i = 1; i <= Rounds; i++)
            {
                Push(store, first, i);
                Push(store, second, i);
                if (i % 100 == 0)
                {
                    store.Delete(first);
                    store.Delete(second);
                }
            }
        }, TestContext.Current.CancellationToken);
        int views = 0;
        while (!writer.IsCompleted)
        {
            using StoreView view = store.OpenView();
            (long a, long b) = (Counter(view, first), Counter(view, second));
            Assert.True(a >= b || a == 0, $"second at {b} without first, which is at {a}");
            GroupingKey? last = null;
            foreach (GroupSnapshot group in view.Groups)
            {
                Assert.True(last is null || last < group.Key);
                last = group.Key;
            }

            views++;
        }

        await done.CancelAsync();
        await writer;
        await churn;
        Assert.True(views > 10, $"only {views} views");
    }

    private static void Push(MetricStore store, GroupingKey key, int value) =>
        Assert.Equal(PushStatus.Stored, store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes($"n {value}\n"), PushMode.Replace).Status);

    private static long Counter(StoreView view, GroupingKey key)
    {
        foreach (GroupSnapshot group in view.Groups)
        {
            if (group.Key == key && group.TryGet("n"u8, out FamilyEntry entry))
            {
                string line = Encoding.UTF8.GetString(entry.Text.Span).Trim();
                return (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }

    private void Fill()
    {
        _gateway.Put(Harness.Key("job", "j"),
            "# HELP g Text with \\\\ and \\n.\n# TYPE g gauge\ng{l=\"a\\\"b\"} -0\n# TYPE \"a.b\" counter\n{\"a.b\"} 7\n");
        _gateway.Put(
            Harness.Key("job", "j", "zone", "eu"),
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1.5\nh_sum 1\nh_count 2\n# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 1\ns_count "
            + "2\n");
        _gateway.Put(Harness.Key("job", "k"), "g_other 1e300\nh_other{x=\"y\"} +Inf\n");
        _gateway.Put(Harness.Key("job", "gone"), "g_other 1\n");
    }
}
