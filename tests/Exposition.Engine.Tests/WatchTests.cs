using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>Watchers of changes.</summary>
public sealed class WatchTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly GroupingKey s_key = Harness.Key("job", "j");
    private readonly Harness _gateway = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watcher_is_told_of_pushes_refusals_expiries_and_deletes()
    {
        await using Watcher watcher = Watch();
        Task<bool> next = watcher.MoveNextAsync();
        Assert.False(next.IsCompleted);
        _gateway.Push(s_key, "a 1\n", PushMode.Replace, new PushDetails(ExpireAfter: TimeSpan.FromSeconds(50)));
        GroupInfo pushed = (await NextAsync(watcher, next)).Group!;
        Assert.Equal((s_key, "a", null), (pushed.Key, pushed.Families[0].Name, pushed.FailedAt));

        next = watcher.MoveNextAsync();
        _gateway.Put(s_key, "a 1 1\n");
        GroupInfo refused = (await NextAsync(watcher, next)).Group!;
        Assert.Equal(("a", refused.LastFailure!.Time), (refused.Families[0].Name, refused.FailedAt));

        next = watcher.MoveNextAsync();
        _gateway.Store.NoteFailure(s_key, "too large", "me");
        Assert.Equal("too large", (await NextAsync(watcher, next)).Group!.LastFailure!.Reason);

        next = watcher.MoveNextAsync();
        _gateway.Clock.Advance(60);
        _gateway.Store.OpenView().Dispose();
        Assert.True((await NextAsync(watcher, next)).Group!.IsExpired);

        next = watcher.MoveNextAsync();
        _gateway.Store.Delete(s_key);
        Assert.Equal(new GroupChange(s_key, null), await NextAsync(watcher, next));
    }

    // The watcher does not look while much happens: of each group it is told once, and what it is told is the last.
    [Fact]
    public async Task A_slow_watcher_misses_only_what_was_in_between()
    {
        await using Watcher watcher = Watch();
        Task<bool> next = watcher.MoveNextAsync();
        _gateway.Put(s_key, "begin 1\n");
        Assert.Equal(s_key, (await NextAsync(watcher, next)).Key);
        _gateway.Store.Delete(s_key);
        Assert.Null((await NextAsync(watcher, watcher.MoveNextAsync())).Group);
        for (int i = 0; i < 100; i++)
        {
            for (int group = 0; group < 10; group++)
            {
                _gateway.Put(Harness.Key("job", $"{group}"), string.Concat(Enumerable.Range(0, (i % 7) + 1).Select(n => $"a{n} {i}\n")));
            }
        }

        _gateway.Store.Delete(Harness.Key("job", "7"));
        var told = new Dictionary<GroupingKey, GroupInfo?>();
        next = watcher.MoveNextAsync();
        for (int i = 0; i < 10; i++)
        {
            GroupChange change = await NextAsync(watcher, next);
            Assert.True(told.TryAdd(change.Key, change.Group), "a group is told twice");
            next = watcher.MoveNextAsync();
        }

        Assert.False(next.IsCompleted);
        Assert.Null(told[Harness.Key("job", "7")]);
        Assert.All(_gateway.Store.GetGroups(), group =>
        {
            Assert.Equal(group.PushedAt, told[group.Key]!.PushedAt);
            Assert.Equal(group.Families, told[group.Key]!.Families);
        });
        Assert.Equal(9, _gateway.Store.GroupCount);
        _gateway.Put(s_key, "end 1\n");
        Assert.Equal(s_key, (await NextAsync(watcher, next)).Key);
    }

    [Fact]
    public async Task A_watcher_of_some_groups_is_told_of_no_others()
    {
        await using Watcher watcher = Watch(GroupSelector.Parse("{zone=\"eu\"}"));
        Task<bool> next = watcher.MoveNextAsync();
        _gateway.Put(s_key, "a 1\n");
        _gateway.Store.Delete(s_key);
        _gateway.Put(Harness.Key("job", "j", "zone", "us"), "a 1\n");
        Assert.False(next.IsCompleted);
        GroupingKey wanted = Harness.Key("job", "j", "zone", "eu");
        _gateway.Put(wanted, "b 1\n");
        Assert.Equal(wanted, (await NextAsync(watcher, next)).Key);
        _gateway.Store.Delete(wanted);
        _gateway.Put(wanted, "b 2\n");
        _gateway.Store.Wipe();
        Assert.Equal(new GroupChange(wanted, null), await NextAsync(watcher, watcher.MoveNextAsync()));
        Assert.False(watcher.MoveNextAsync().IsCompleted);
    }

    [Fact]
    public async Task A_thousand_watches_one_after_another_leave_nothing_behind()
    {
        for (int i = 0; i < 1000; i++)
        {
            Watcher watcher = Watch();
            Task<bool> next = watcher.MoveNextAsync();
            _gateway.Put(s_key, $"a {i}\n");
            Assert.True(next.IsCompletedSuccessfully || await next.WaitAsync(s_patience, _cancellation));
            Assert.NotNull(watcher.Current.Group);
            await watcher.DisposeAsync();
        }

        Assert.False(_gateway.Store.State.Feeds.Any);
    }

    [Fact]
    public async Task Only_so_many_watch_at_once()
    {
        var watchers = new List<Watcher>();
        var pending = new List<Task<bool>>();
        for (int i = 0; i < 100; i++)
        {
            watchers.Add(Watch());
            pending.Add(watchers[i].MoveNextAsync());
        }

        await using Watcher oneMore = Watch();
        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await oneMore.MoveNextAsync());
        Assert.Contains("100", thrown.Message, StringComparison.Ordinal);

        // Feeds of a durable copy are not theirs.
        using ChangeFeed feed = _gateway.Store.Subscribe();
        _gateway.Put(s_key, "a 1\n");
        Assert.Equal(1, feed.Take([]));
        foreach (Task<bool> next in pending)
        {
            Assert.True(await next.WaitAsync(s_patience, _cancellation));
        }

        foreach (Watcher watcher in watchers)
        {
            Assert.NotNull(watcher.Current.Group);
            await watcher.DisposeAsync();
        }

        await using Watcher another = Watch();
        Assert.False(another.MoveNextAsync().IsCompleted);
    }

    [Fact]
    public async Task A_cancelled_watch_ends()
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        await using var watcher = new Watcher(_gateway.Store, null, cancelled.Token);
        Task<bool> next = watcher.MoveNextAsync();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.False(_gateway.Store.State.Feeds.Any);
    }

    // Keys that come and never come back would collect without bound; live groups never do.
    [Fact]
    public void A_watcher_that_never_looks_holds_a_bounded_number_of_groups()
    {
        using ChangeFeed feed = _gateway.Store.SubscribeToCopies(null);
        feed.MostPending = 20;
        for (int i = 0; i < 50; i++)
        {
            _gateway.Put(Harness.Key("job", $"live{i}"), "a 1\n");
        }

        // All of them at once are not too many.
        Assert.Equal((50, false), (feed.Pending, feed.IsBehind));
        while (feed.TryTakeCopy(out _))
        {
        }

        _gateway.Store.Wipe();
        Assert.Equal((50, false), (feed.Pending, feed.IsBehind));
        while (feed.TryTakeCopy(out _))
        {
        }

        for (int i = 0; i < 1000; i++)
        {
            _gateway.Put(Harness.Key("job", $"gone{i}"), "a 1\n");
            _gateway.Store.Delete(Harness.Key("job", $"gone{i}"));
        }

        Assert.True(feed.IsBehind);
        Assert.InRange(feed.Pending, 100, 105);
    }

    [Fact]
    public async Task A_steady_push_beside_a_watcher_that_does_not_look_costs_no_garbage()
    {
        byte[][] bodies = [.. Enumerable.Range(0, 2).Select(static i => Encoding.UTF8.GetBytes($"a {i}\n"))];
        var store = new MetricStore(new StoreOptions());
        await using var watcher = new Watcher(store, null, _cancellation);
        Task<bool> next = watcher.MoveNextAsync();
        long least = long.MaxValue;
        for (int round = 0; round < 12 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 500; i++)
            {
                store.Push(s_key, PushFormat.Text, bodies[i % 2], PushMode.Replace);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 0, 499);
        Assert.True(store.RepeatedPushes > 500);
        Assert.Equal(s_key, (await NextAsync(watcher, next)).Key);
    }

    // Everything at once; in the end the last that was told of each group is what there is.
    [Fact]
    public async Task Whatever_happens_at_once_the_last_word_is_told()
    {
        const int Groups = 6;
        var store = new MetricStore(new StoreOptions());
        var told = new ConcurrentDictionary<GroupingKey, GroupInfo?>();
        await using var watcher = new Watcher(store, null, _cancellation);
        Task<bool> first = watcher.MoveNextAsync();
        GroupingKey end = Harness.Key("job", "the-end");
        Task following = Task.Run(
            async () =>
            {
                Assert.True(await first);
                do
                {
                    told[watcher.Current.Key] = watcher.Current.Group;
                }
                while (watcher.Current.Key != end && await watcher.MoveNextAsync());
            },
            _cancellation);
        Task[] clients = [.. Enumerable.Range(0, 3).Select(client => Task.Run(
            () =>
            {
                var random = new Random(client);
                for (int i = 0; i < 3000; i++)
                {
                    GroupingKey key = Harness.Key("job", random.Next(Groups).ToString(CultureInfo.InvariantCulture));
                    switch (random.Next(20))
                    {
                        case 0:
                            store.Delete(key);
                            break;
                        case 1 when i % 40 == 0:
                            store.Wipe();
                            break;
                        case 2:
                            store.Push(key, PushFormat.Text, "a 1 1\n"u8.ToArray(), PushMode.Replace);
                            break;
                        case 3:
                            store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes($"b{i % 5} {i}\n"), PushMode.Merge);
                            break;
                        default:
                            store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes($"a {i}\n"), PushMode.Replace);
                            break;
                    }
                }
            },
            _cancellation))];
        await Task.WhenAll(clients);
        store.Push(end, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace);
        await following.WaitAsync(s_patience, _cancellation);
        for (int group = 0; group < Groups; group++)
        {
            GroupingKey key = Harness.Key("job", group.ToString(CultureInfo.InvariantCulture));
            GroupInfo? there = store.Find(key);
            told.TryGetValue(key, out GroupInfo? last);
            Assert.Equal((there?.PushedAt, there?.LastFailure), (last?.PushedAt, last?.LastFailure));
            Assert.Equal(there?.Families ?? [], last?.Families ?? []);
        }
    }

    private Watcher Watch(GroupSelector? groups = null) => new(_gateway.Store, groups, _cancellation);

    private async Task<GroupChange> NextAsync(Watcher watcher, Task<bool> next)
    {
        Assert.True(await next.WaitAsync(s_patience, _cancellation));
        return watcher.Current;
    }

    // An enumeration that can be ended while it waits.
    private sealed class Watcher : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended;
        private readonly IAsyncEnumerator<GroupChange> _changes;
        private Task<bool> _next = Task.FromResult(true);

        public Watcher(MetricStore store, GroupSelector? groups, CancellationToken cancellation)
        {
            _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _changes = store.WatchAsync(groups, _ended.Token).GetAsyncEnumerator(CancellationToken.None);
        }

        public GroupChange Current => _changes.Current;

        public Task<bool> MoveNextAsync() => _next = _changes.MoveNextAsync().AsTask();

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _changes.DisposeAsync();
            _ended.Dispose();
        }
    }
}
