using System.Collections.Concurrent;
using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>Observers of pushes, refusals, deletes and expiries.</summary>
public sealed class ObserverTests
{
    private static readonly GroupingKey s_key = Harness.Key("job", "j");
    private readonly Harness _gateway = new();

    [Fact]
    public void An_observer_is_told_of_pushes_with_and_without_a_shape()
    {
        var told = new Told();
        using IDisposable subscription = _gateway.Store.Subscribe(told);
        for (int i = 0; i < 10; i++)
        {
            _gateway.Put(s_key, $"a {i}\n");
        }

        _gateway.Post(s_key, "bc 1\n");
        Assert.True(_gateway.Store.RepeatedPushes > 5);
        Assert.Equal([.. Enumerable.Repeat("pushed {job=\"j\"} Text Replace 4", 10), "pushed {job=\"j\"} Text Merge 5"], told.All);
    }

    [Fact]
    public void An_observer_is_told_why_a_push_was_refused()
    {
        var told = new Told();
        var store = new MetricStore(new StoreOptions { MaxSeriesPerPush = 3, MaxGroups = 1 });
        using IDisposable subscription = store.Subscribe(told);
        Push(store, s_key, "a 1 1\n", sender: "me");
        Push(store, s_key, "a\n");
        Push(store, s_key, "a 1\nb 1\nc 1\nd 1\n");
        Push(store, Harness.Key("job", "other"), "a 1\n");
        Assert.Equal(
            [
                "refused {job=\"j\"} Inconsistent me pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must "
                    + "not have timestamps",
                "refused {job=\"j\"} Malformed  text format parsing error in line 1: expected float as value, got \"\"",
                "refused {job=\"j\"} TooManySeries  too many series in one push: 4 are more than 3",
                "refused {job=\"other\"} TooManyGroups  too many groups: 1 are stored",
            ],
            told.All.Select(static line => line.Split(" (")[0]));
    }

    [Fact]
    public void An_unchecked_store_refuses_what_it_can_keep_nothing_of()
    {
        var gateway = new Harness(check: false);
        var told = new Told();
        using IDisposable subscription = gateway.Store.Subscribe(told);
        PushOutcome outcome = gateway.Put(s_key, "a 1 1\n");
        Assert.Equal((PushStatus.Accepted, false), (outcome.Status, outcome.IsStored));
        Assert.True(gateway.Put(s_key, "a 1\n").IsStored);
        Assert.StartsWith("refused {job=\"j\"} Accepted  pushed metrics are invalid", told.All[0], StringComparison.Ordinal);
        Assert.Equal("pushed {job=\"j\"} Text Replace 4", told.All[1]);
    }

    [Fact]
    public void An_observer_is_told_of_each_group_that_goes()
    {
        var told = new Told();
        using IDisposable subscription = _gateway.Store.Subscribe(told);
        GroupingKey[] keys = [.. Enumerable.Range(0, 5).Select(static i => Harness.Key("job", $"{i}"))];
        foreach (GroupingKey key in keys)
        {
            _gateway.Put(key, "a 1\n");
        }

        told.Clear();
        Assert.False(_gateway.Store.Delete(s_key));
        _gateway.Store.Delete(keys[1]);
        _gateway.Store.Delete(GroupSelector.Parse("{job=~\"2|3\"}"));
        Assert.Equal(["deleted {job=\"1\"}", "deleted {job=\"2\"}", "deleted {job=\"3\"}"], told.All);
        told.Clear();
        _gateway.Store.Wipe();
        Assert.Equal(["deleted {job=\"0\"}", "deleted {job=\"4\"}"], told.All.Order());
    }

    [Theory]
    [InlineData(0, "expired {job=\"j\"}", "deleted {job=\"j\"}")]
    [InlineData(3600, "expired {job=\"j\"}")]
    public void An_observer_is_told_of_expiries(int graceSeconds, params string[] expected)
    {
        var gateway = new Harness(grace: TimeSpan.FromSeconds(graceSeconds), rules: new ExpiryRule(null, TimeSpan.FromSeconds(10)));
        gateway.Put(s_key, "a 1\n");
        var told = new Told();
        using IDisposable subscription = gateway.Store.Subscribe(told);
        gateway.Clock.Advance(20);

        // Whoever looks next lets it expire: here a view.
        gateway.Store.GetGroups();
        Assert.Equal(expected, told.All);
        if (graceSeconds > 0)
        {
            gateway.Clock.Advance(graceSeconds);
            gateway.Store.Delete(Harness.Key("job", "another"));
            Assert.Equal([.. expected, "deleted {job=\"j\"}"], told.All);
        }

        // And here the push that finds it due.
        told.Clear();
        gateway.Put(s_key, "a 1\n");
        gateway.Clock.Advance(20);
        gateway.Put(s_key, "a 2\n");
        Assert.Equal(["pushed {job=\"j\"} Text Replace 4", .. expected, "pushed {job=\"j\"} Text Replace 4"], told.All);
    }

    // The timer, while nobody looks.
    [Fact]
    public void The_sweep_tells_of_expiries()
    {
        var clock = new SweptClock();
        var store = new MetricStore(new StoreOptions { Time = clock, ExpiredGrace = TimeSpan.Zero });
        var told = new Told();
        using IDisposable subscription = store.Subscribe(told);
        store.Push(s_key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(ExpireAfter: TimeSpan.FromSeconds(5)));
        clock.Now += TimeSpan.FromSeconds(6);
        clock.Tick();
        Assert.Equal(["pushed {job=\"j\"} Text Replace 4", "expired {job=\"j\"}", "deleted {job=\"j\"}"], told.All);
    }

    [Fact]
    public void A_thousand_subscriptions_one_after_another_leave_nothing_behind()
    {
        for (int i = 0; i < 1000; i++)
        {
            var told = new Told();
            using (_gateway.Store.Subscribe(told))
            {
                _gateway.Put(s_key, $"a {i}\n");
            }

            _gateway.Store.Delete(s_key);
            Assert.Equal("pushed", told.All[0].Split(' ')[0]);
            Assert.Single(told.All);
        }

        Assert.False(_gateway.Store.State.Observers.Any);
    }

    [Fact]
    public void Only_so_many_observe_at_once_and_one_may_do_so_twice()
    {
        var told = new Told();
        IDisposable[] places = [.. Enumerable.Range(0, 1000).Select(_ => _gateway.Store.Subscribe(told))];
        Assert.Contains(
            "1000", Assert.Throws<InvalidOperationException>(() => _gateway.Store.Subscribe(told)).Message, StringComparison.Ordinal);
        _gateway.Put(s_key, "a 1\n");
        Assert.Equal(1000, told.All.Count);
        places[5].Dispose();
        places[5].Dispose();
        using IDisposable another = _gateway.Store.Subscribe(told);
        Assert.Throws<InvalidOperationException>(() => _gateway.Store.Subscribe(told));
        Array.ForEach(places, static place => place.Dispose());
        told.Clear();
        _gateway.Put(s_key, "a 2\n");
        Assert.Single(told.All);
    }

    [Fact]
    public void An_observer_that_throws_harms_neither_pushes_nor_other_observers()
    {
        var thrown = new List<string>();
        var store = new MetricStore(new StoreOptions
        {
            ObserverFailed = e =>
            {
                thrown.Add(e.Message);
                throw new InvalidOperationException("whoever is told throws, too");
            },
        });
        var told = new Told();
        using IDisposable bad = store.Subscribe(new Throwing());
        using IDisposable good = store.Subscribe(told);
        Assert.True(Push(store, s_key, "a 1\n").IsStored);
        Assert.True(Push(store, s_key, "a 2\n").IsStored);
        Assert.True(Push(store, s_key, "a 3\n").IsStored);
        Assert.Equal(PushStatus.Malformed, Push(store, s_key, "a\n").Status);
        Assert.True(store.Delete(s_key));
        Assert.Equal(5, store.ObserverFailures());
        Assert.Equal(["pushed", "pushed", "pushed", "refused", "deleted"], thrown);
        Assert.Equal(["pushed", "pushed", "pushed", "refused", "deleted"], told.All.Select(static line => line.Split(' ')[0]));
    }

    // In the callback, and by another thread while one is at work.
    [Fact]
    public async Task Whoever_unsubscribes_during_a_push_is_not_called_again()
    {
        var told = new Told();
        IDisposable? self = null;
        told.OnPush = () => self!.Dispose();
        self = _gateway.Store.Subscribe(told);
        _gateway.Put(s_key, "a 1\n");
        _gateway.Put(s_key, "a 2\n");
        Assert.Single(told.All);

        using var isIn = new SemaphoreSlim(0);
        using var mayGo = new SemaphoreSlim(0);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var slow = new Told
        {
            OnPush = () =>
            {
                isIn.Release();
                mayGo.Wait(TimeSpan.FromSeconds(60), cancellation);
            },
        };
        IDisposable place = _gateway.Store.Subscribe(slow);
        Task<PushOutcome> push = Task.Run(() => _gateway.Put(s_key, "a 3\n"), cancellation);
        Assert.True(await isIn.WaitAsync(TimeSpan.FromSeconds(60), cancellation));
        place.Dispose();

        // The store is free meanwhile: the call is outside of its locks.
        Assert.True(_gateway.Put(Harness.Key("job", "other"), "a 1\n").IsStored);
        Assert.True(_gateway.Put(s_key, "a 4\n").IsStored);
        Assert.True(_gateway.Store.Delete(s_key));
        mayGo.Release();
        Assert.True((await push).IsStored);
        Assert.Single(slow.All);
    }

    [Fact]
    public void An_observer_may_use_the_store()
    {
        var told = new Told();
        MetricStore store = _gateway.Store;
        told.OnPush = () =>
        {
            if (store.Find(s_key) is not null)
            {
                Assert.Equal(7, store.GetValue("a{job=\"j\"}"));
                Assert.True(store.Delete(s_key));
                Push(store, Harness.Key("job", "after"), "a 1\n");
            }
        };
        using IDisposable subscription = store.Subscribe(told);
        Push(store, s_key, "a 7\n");
        Assert.Equal(
            ["pushed {job=\"j\"} Text Replace 4", "deleted {job=\"j\"}", "pushed {job=\"after\"} Text Replace 4"], told.All);
        Assert.Equal(0, store.ObserverFailures());
    }

    [Fact]
    public async Task Subscribing_and_unsubscribing_beside_pushes_loses_nothing_for_those_who_stay()
    {
        const int Pushes = 3000;
        var store = new MetricStore(new StoreOptions());
        int pushed = 0;
        var counting = new Told { OnPush = () => Interlocked.Increment(ref pushed), Keeps = false };
        using IDisposable stays = store.Subscribe(counting);
        using var done = new CancellationTokenSource();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task[] others = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    store.Subscribe(new Told { Keeps = false }).Dispose();
                }
            },
            cancellation))];
        await Task.WhenAll(Enumerable.Range(0, 2).Select(client => Task.Run(
            () =>
            {
                for (int i = 0; i < Pushes; i++)
                {
                    Push(store, Harness.Key("job", $"{client}"), $"a {i}\n");
                }
            },
            cancellation)));
        await done.CancelAsync();
        await Task.WhenAll(others);
        Assert.Equal(2 * Pushes, pushed);
    }

    [Fact]
    public void Steady_pushes_allocate_nothing_beside_an_observer()
    {
        var store = new MetricStore(new StoreOptions());
        using IDisposable subscription = store.Subscribe(new Told { Keeps = false });
        byte[][] bodies = [.. Enumerable.Range(0, 2).Select(static i => Encoding.UTF8.GetBytes($"a {i}\n"))];
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
    }

    private static PushOutcome Push(MetricStore store, GroupingKey key, string body, object? sender = null) =>
        store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace, new PushDetails(Sender: sender));

    private sealed class Told : IStoreObserver
    {
        private readonly ConcurrentQueue<string> _all = [];

        public IReadOnlyList<string> All => [.. _all];

        public Action? OnPush { get; set; }

        public bool Keeps { get; init; } = true;

        public void Clear() => _all.Clear();

        public void Pushed(in PushedEvent push)
        {
            if (Keeps)
            {
                _all.Enqueue($"pushed {push.Key} {push.Format} {push.Mode} {push.Bytes}");
            }

            OnPush?.Invoke();
        }

        public void Refused(in RefusedEvent push) => _all.Enqueue($"refused {push.Key} {push.Status} {push.Sender} {push.Reason}");

        public void Deleted(GroupingKey key) => _all.Enqueue($"deleted {key}");

        public void Expired(GroupingKey key) => _all.Enqueue($"expired {key}");
    }

    private sealed class Throwing : IStoreObserver
    {
        public void Pushed(in PushedEvent push) => throw new InvalidOperationException("pushed");

        public void Refused(in RefusedEvent push) => throw new InvalidOperationException("refused");

        public void Deleted(GroupingKey key) => throw new InvalidOperationException("deleted");

        public void Expired(GroupingKey key) => throw new InvalidOperationException("expired");
    }
}
