using System.Diagnostics;
using System.Text;
using Exposition.Engine.Publishing;

namespace Exposition.Engine.Tests;

/// <summary>Deletes of all groups that a selector chooses.</summary>
public sealed class SelectedDeleteTests
{
    private readonly Harness _gateway = new();

    [Fact]
    public void The_chosen_groups_go_and_no_others()
    {
        foreach (string job in new[] { "flink-1", "flink-2", "cron" })
        {
            _gateway.Put(Harness.Key("job", job), "a 1\n");
        }

        Assert.Equal(2, _gateway.Store.Delete(GroupSelector.Parse("{job=~\"flink.*\"}")));
        Assert.Equal("{job=\"cron\"}", Assert.Single(_gateway.Store.GetGroups()).Key.ToString());
        Assert.Equal(0, _gateway.Store.Delete(GroupSelector.Parse("{job=~\"flink.*\"}")));
        Assert.Equal(1, _gateway.Store.Delete(GroupSelector.Parse("{}")));
        Assert.Equal((0, 0L), (_gateway.Store.GroupCount, _gateway.Store.StoredBytes));
    }

    [Fact]
    public void Only_those_go_that_nothing_was_pushed_to_for_longer()
    {
        _gateway.Put(Harness.Key("job", "old"), "a 1\n");
        _gateway.Put(Harness.Key("job", "kept"), "a 1\n");
        _gateway.Push(Harness.Key("job", "failed"), "a 1 5\n", PushMode.Replace);
        _gateway.Clock.Advance(100);
        _gateway.Put(Harness.Key("job", "kept"), "a 2\n");
        GroupSelector all = GroupSelector.Parse("{}");
        Assert.Equal(2, _gateway.Store.Delete(all, TimeSpan.FromSeconds(100)));
        Assert.Equal("{job=\"kept\"}", Assert.Single(_gateway.Store.GetGroups()).Key.ToString());
        Assert.Equal(0, _gateway.Store.Delete(all, TimeSpan.Zero));
        _gateway.Clock.Advance(1);
        Assert.Equal(1, _gateway.Store.Delete(all, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => _gateway.Store.Delete(all, TimeSpan.FromSeconds(-1)));
    }

    // A group that never was pushed to well is as old as what was refused last.
    [Fact]
    public void Of_a_group_that_only_failed_the_last_failure_counts()
    {
        _gateway.Push(Harness.Key("job", "failed"), "a 1 5\n", PushMode.Replace);
        GroupSelector all = GroupSelector.Parse("{}");
        _gateway.Clock.Advance(100);
        Assert.Equal(0, _gateway.Store.Delete(all, TimeSpan.FromSeconds(100)));
        _gateway.Store.NoteFailure(Harness.Key("job", "failed"), "too large", null);
        _gateway.Clock.Advance(50);
        Assert.Equal(0, _gateway.Store.Delete(all, TimeSpan.FromSeconds(100)));
        _gateway.Clock.Advance(51);
        Assert.Equal(1, _gateway.Store.Delete(all, TimeSpan.FromSeconds(100)));
    }

    [Fact]
    public void Nothing_goes_where_another_number_is_expected()
    {
        for (int i = 0; i < 5; i++)
        {
            _gateway.Put(Harness.Key("job", $"{i}"), "a 1\n");
        }

        DeletedTogether refused = _gateway.Store.Deletes.Together.Delete(static _ => true, expected: 4);
        Assert.Equal((5, 0L, false), (refused.Groups, refused.Series, refused.IsDone));
        Assert.Equal(5, _gateway.Store.GroupCount);
        DeletedTogether done = _gateway.Store.Deletes.Together.Delete(static _ => true, expected: 5);
        Assert.Equal((5, 15L, true), (done.Groups, done.Series, done.IsDone));
        Assert.Equal((0, 0L, 0L), (_gateway.Store.GroupCount, _gateway.Store.SampleCount, _gateway.Store.StoredBytes));
    }

    // While groups come and go that are chosen and that are not: a view shows a generation whole or not at all.
    [Fact]
    public async Task A_view_shows_all_that_is_deleted_together_or_none()
    {
        const int Groups = 500;
        var store = new MetricStore(new StoreOptions());
        using var done = new CancellationTokenSource();
        Task others = Task.Run(
            () =>
            {
                for (int i = 0; !done.IsCancellationRequested; i++)
                {
                    GroupingKey key = Harness.Key("job", "other", "n", $"{i % 50}");
                    store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes($"a {i}\n"), PushMode.Replace);
                    if (i % 7 == 0)
                    {
                        store.Delete(key);
                    }
                }
            },
            TestContext.Current.CancellationToken);
        int whole = 0;
        Task scrapes = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    using StoreView view = store.OpenView();
                    int first = 0;
                    int last = 0;
                    foreach (GroupSnapshot group in view.Groups)
                    {
                        string key = group.Key.ToString();
                        first += key.Contains("\"chosen-1\"", StringComparison.Ordinal) ? 1 : 0;
                        last += key.Contains("\"chosen-2\"", StringComparison.Ordinal) ? 1 : 0;
                    }

                    // The first half is pushed first: where the second has begun it is whole, until both go at once.
                    Assert.True(last == 0 || first == Groups, $"{first} and {last}");
                    whole += last == Groups ? 1 : 0;
                }
            },
            TestContext.Current.CancellationToken);
        var feed = store.Subscribe();
        for (int round = 0; round < 60; round++)
        {
            foreach (string job in new[] { "chosen-1", "chosen-2" })
            {
                for (int i = 0; i < Groups; i++)
                {
                    store.Push(Harness.Key("job", job, "n", $"{i}"), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
                }
            }

            Assert.Equal(2 * Groups, store.Delete(GroupSelector.Parse("{job=~\"chosen.*\"}")));
            var changes = new List<FeedChange>();
            int most = feed.Pending;
            feed.Take(changes, ref most, 1);
            Assert.Equal(2 * Groups, changes.Count(static change => change.Snapshot is null));
            Assert.Equal(2 * Groups, changes.Count);
            while (most > 0)
            {
                changes.Clear();
                feed.Take(changes, ref most, long.MaxValue);
                Assert.DoesNotContain(changes, static change => change.Key.ToString().Contains("chosen", StringComparison.Ordinal));
            }
        }

        await done.CancelAsync();
        await others;
        await scrapes;
        feed.Dispose();
        Assert.True(whole > 0);
        int left = store.GroupCount;
        Assert.Equal(left, store.Delete(GroupSelector.Parse("{}")));
        Assert.Equal((0L, 0L), (store.SampleCount, store.StoredBytes));
    }

    // What contradicted a deleted group does not any more when the delete has returned, nor while it ends the rest.
    [Fact]
    public async Task Nothing_is_refused_for_what_is_deleted_together()
    {
        var store = new MetricStore(new StoreOptions());
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < 300; i++)
            {
                store.Push(Harness.Key("job", "old", "n", $"{i}"), PushFormat.Text, "# TYPE a gauge\na 1\n"u8.ToArray(), PushMode.Replace);
            }

            GroupingKey key = Harness.Key("job", "new");
            Task<PushOutcome> pushes = Task.Run(
                () =>
                {
                    while (store.GetGroups(limit: 1) is [{ } first] && first.Key.ToString().Contains("old", StringComparison.Ordinal))
                    {
                    }

                    return store.Push(key, PushFormat.Text, "# TYPE a counter\na 1\n"u8.ToArray(), PushMode.Replace);
                },
                TestContext.Current.CancellationToken);
            Assert.Equal(300, store.Delete(GroupSelector.Parse("{job=\"old\"}")));
            PushOutcome outcome = await pushes;
            Assert.True(outcome.IsStored, outcome.Error);
            Assert.True(store.Delete(key));
        }
    }

    // Repeat pushes take no lock: none that was answered may be lost to a delete of what is old.
    [Fact]
    public async Task A_group_that_is_pushed_to_meanwhile_is_not_old()
    {
        var store = new MetricStore(new StoreOptions());
        GroupingKey key = Harness.Key("job", "j");
        byte[][] bodies = [.. Enumerable.Range(0, 2).Select(static i => Encoding.UTF8.GetBytes($"a {i}\n"))];
        store.Push(key, PushFormat.Text, bodies[0], PushMode.Replace);
        using var done = new CancellationTokenSource();
        Task deletes = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    Assert.Equal(0, store.Delete(GroupSelector.Parse("{}"), TimeSpan.FromMinutes(10)));
                }
            },
            TestContext.Current.CancellationToken);
        for (int i = 0; i < 20_000; i++)
        {
            store.Push(key, PushFormat.Text, bodies[i % 2], PushMode.Replace);
        }

        await done.CancelAsync();
        await deletes;
        Assert.Equal(1, store.GroupCount);
        Assert.True(store.RepeatedPushes > 10_000);
    }

    [Fact]
    public void A_wipe_that_expects_another_number_of_groups_removes_none()
    {
        _gateway.Put(Harness.Key("job", "a"), "a 1\n");
        _gateway.Put(Harness.Key("job", "b"), "a 1\n");
        Assert.Equal((2, false), _gateway.Store.WipeIf(expected: 1));
        Assert.Equal(2, _gateway.Store.GroupCount);
        Assert.Equal((2, true), _gateway.Store.WipeIf(expected: 2));
        Assert.Equal((0, true), _gateway.Store.WipeIf(expected: 0));
    }

    // On an idle machine with two cores: see the comment of DeletingTogether.
    [Theory(Explicit = true)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void The_longest_hold_of_the_writer_lock_is_timed(int groups)
    {
        double best = double.MaxValue;
        double whole = double.MaxValue;
        for (int round = 0; round < 7; round++)
        {
            var store = new MetricStore(new StoreOptions { MaxGroups = 2 * groups, ShapeCacheBytes = 0, BundleCacheBytes = 0 });
            for (int i = 0; i < groups; i++)
            {
                store.Push(Harness.Key("instance", $"host-{i:d7}", "job", $"job-{i % 50}"), PushFormat.Text,
                    "a_metric 1\nb_metric 2\nc_metric 3\nx_metric 4\n"u8.ToArray(), PushMode.Replace);
            }

            using StoreView view = store.OpenView();
            view.Dispose();
            GC.Collect();
            using var begun = new ManualResetEventSlim();
            long longest = 0;
            bool done = false;
            var watch = new Thread(() =>
            {
                begun.Set();
                long last = Stopwatch.GetTimestamp();
                while (!Volatile.Read(ref done))
                {
                    if (store.State.Lock.TryEnter())
                    {
                        store.State.Lock.Exit();
                        last = Stopwatch.GetTimestamp();
                    }
                    else
                    {
                        longest = Math.Max(longest, Stopwatch.GetTimestamp() - last);
                    }
                }
            });
            watch.Start();
            begun.Wait(TestContext.Current.CancellationToken);
            Thread.Sleep(20);
            long started = Stopwatch.GetTimestamp();
            Assert.Equal(groups, store.Delete(GroupSelector.Parse("{job=~\"job-.*\"}")));
            double took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            Volatile.Write(ref done, true);
            watch.Join();
            best = Math.Min(best, longest * 1e3 / Stopwatch.Frequency);
            whole = Math.Min(whole, took);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{groups} groups: longest hold {best:f2} ms of {whole:f1} ms");
    }
}
