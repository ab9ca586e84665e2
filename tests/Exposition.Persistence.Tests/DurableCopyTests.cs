using Exposition.Persistence.Following;
using Exposition.Store;

namespace Exposition.Persistence.Tests;

public sealed class DurableCopyTests : IDisposable
{
    private readonly FakeDurable _durable = new();
    private readonly FakeChanges _changes = new();
    private readonly List<DurableNotice> _notices = [];

    [Fact]
    public async Task Changes_are_written_after_they_happen()
    {
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        _changes.Delete("a");
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["remove a", "commit"], _durable.Calls.Where(static c => c != "begin").TakeLast(2));
        Assert.True(await copy.StopAsync());
        Assert.True(_durable.Disposed);
    }

    [Fact]
    public async Task Before_the_interval_is_over_only_a_stop_writes()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        _changes.Delete("a");
        await Task.Delay(50);
        Assert.DoesNotContain("commit", _durable.Calls);
        Assert.True(await copy.StopAsync());
        Assert.Contains("remove a", _durable.Calls);
    }

    [Fact]
    public async Task A_failed_write_is_tried_again_with_its_changes()
    {
        _durable.FailCommits = 1;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        _changes.Delete("a");
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(10));
        await copy.StopAsync();
        Assert.Contains(_notices, static n => n is { Event: DurableEvent.SaveFailed, Detail: "no space" });
        Assert.Contains("remove a", _durable.Calls);
    }

    [Fact]
    public async Task A_stop_that_cannot_write_says_so()
    {
        _durable.FailCommits = int.MaxValue;
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        _changes.Delete("a");
        Assert.False(await copy.StopAsync());
    }

    [Fact]
    public async Task A_new_copy_is_asked_for_at_stop_even_without_changes()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        Assert.True(await copy.StopAsync());
        Assert.Equal(["begin", "commit"], _durable.Calls);
    }

    [Fact]
    public async Task An_incomplete_copy_gets_everything()
    {
        _durable.Incomplete = true;
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        _changes.Delete("a");
        await copy.StopAsync();
        Assert.True(_changes.AllWasRead);
        Assert.False(_durable.Incomplete);
        Assert.Contains("remove a", _durable.Calls);
    }

    [Fact]
    public async Task A_large_backlog_is_written_in_several_transactions()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        for (int i = 0; i < 10_000; i++)
        {
            _changes.Delete($"j{i}");
        }

        await copy.StopAsync();
        Assert.Equal(10_000, _durable.Calls.Count(static c => c.StartsWith("remove", StringComparison.Ordinal)));
        Assert.InRange(_durable.Calls.Count(static c => c == "commit"), 3, 5);
    }

    [Fact]
    public void A_copy_that_is_locked_is_an_error_of_the_start()
    {
        _durable.LoadFault = DurableFault.Locked;
        Assert.Throws<DurableStoreException>(() => Make(TimeSpan.Zero).Start());
    }

    [Fact]
    public async Task A_copy_that_cannot_be_reached_is_not()
    {
        _durable.LoadFault = DurableFault.Unavailable;
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        Assert.Contains(_notices, static n => n.Event == DurableEvent.Unavailable);
    }

    [Fact]
    public async Task Who_waits_is_told_when_the_change_is_on_disk()
    {
        _durable.HoldCommits = true;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        Assert.Null(await copy.CommittedAsync());
        _changes.Delete("a");
        Task<string?> first = copy.CommittedAsync();
        Assert.True(_durable.CommitEntered.Wait(TimeSpan.FromSeconds(10)));

        // A change made while the first is being written waits for the write after it.
        _changes.Delete("b");
        Task<string?> second = copy.CommittedAsync();
        Assert.Same(second, copy.CommittedAsync());
        Assert.False(first.IsCompleted);
        _durable.HoldCommits = false;
        _durable.Released.Set();
        Assert.Null(await first.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Null(await second.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains("remove b", _durable.Calls);
        Assert.Equal(TimeSpan.Zero, copy.Status.Lag);
    }

    [Fact]
    public async Task Who_waits_for_a_disk_that_fails_is_told_why()
    {
        _durable.FailCommits = int.MaxValue;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        _changes.Delete("a");
        Assert.Equal("no space", await copy.CommittedAsync().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("no space", await copy.CommittedAsync());
        Assert.True(copy.Status.Lag > TimeSpan.Zero);
        Assert.True(copy.Status.Failures > 0);

        _durable.FailCommits = 0;
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(10));
        for (int i = 0; await copy.CommittedAsync() is not null; i++)
        {
            Assert.True(i < 1000, "did not recover");
            await Task.Delay(10);
        }
    }

    public void Dispose()
    {
        _durable.CommitEntered.Dispose();
        _durable.Released.Dispose();
        _durable.Dispose();
        _changes.Dispose();
    }

    private DurableCopy Make(TimeSpan interval) => new("file", _durable, () => _changes, static (in _) => { }, new DurableCopyOptions
    {
        Interval = interval,
        Report = notice =>
        {
            lock (_notices)
            {
                _notices.Add(notice);
            }
        },
    });

    private sealed class FakeChanges : IChangeSource, IDisposable
    {
        private readonly List<GroupChange> _waiting = [];
        private readonly SemaphoreSlim _signal = new(0);

        public int Pending
        {
            get
            {
                lock (_waiting)
                {
                    return _waiting.Count;
                }
            }
        }

        public long? PendingSince => Pending > 0 ? Since : null;

        public long Since { get; set; } = TimeProvider.System.GetTimestamp();

        public bool AllWasRead { get; private set; }

        public void Delete(string job)
        {
            lock (_waiting)
            {
                _waiting.Add(new GroupChange(Samples.Key(job), 1, null));
            }

            _signal.Release();
        }

        public async ValueTask WaitAsync(CancellationToken cancellation) => await _signal.WaitAsync(cancellation);

        public int Take(ICollection<GroupChange> into)
        {
            lock (_waiting)
            {
                _waiting.ForEach(into.Add);
                int taken = _waiting.Count;
                _waiting.Clear();
                return taken;
            }
        }

        public void Dispose() => _signal.Dispose();

        public IEnumerable<GroupSnapshot> All()
        {
            AllWasRead = true;
            return [];
        }
    }

    private sealed class FakeDurable : IDurableStore
    {
        private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Calls { get; } = [];

        public int FailCommits { get; set; }

        /// <summary>Lets commits of changes wait for <see cref="Released"/>.</summary>
        public volatile bool HoldCommits;

        public ManualResetEventSlim CommitEntered { get; } = new();

        public ManualResetEventSlim Released { get; } = new();

        public DurableFault? LoadFault { get; set; }

        public bool Incomplete { get; set; }

        public bool Disposed { get; private set; }

        /// <summary>Done when a batch with changes has been committed.</summary>
        public Task Committed => _committed.Task;

        public void Open()
        {
        }

        public LoadReport Load(RestoreGroup restore) =>
            LoadFault is { } fault ? throw new DurableStoreException(fault, "cannot") : default;

        public IDurableBatch Begin()
        {
            Calls.Add("begin");
            return new Batch(this);
        }

        public void Completed() => Incomplete = false;

        public void Dispose() => Disposed = true;

        private sealed class Batch(FakeDurable owner) : IDurableBatch
        {
            private readonly List<string> _calls = [];

            public long Bytes => 0;

            public void Put(in KeptGroup group, long version) => _calls.Add("put " + Job(group.Key));

            public void Remove(GroupingKey key) => _calls.Add("remove " + Job(key));

            public void Commit()
            {
                if (owner.HoldCommits && _calls.Count > 0)
                {
                    owner.CommitEntered.Set();
                    owner.Released.Wait(TimeSpan.FromSeconds(10));
                }

                if (owner.FailCommits > 0)
                {
                    owner.FailCommits--;
                    throw new DurableStoreException(DurableFault.Unavailable, "no space");
                }

                owner.Calls.AddRange(_calls);
                owner.Calls.Add("commit");
                if (_calls.Count > 0)
                {
                    owner._committed.TrySetResult();
                }
            }

            public void Dispose()
            {
            }

            private static string Job(GroupingKey key)
            {
                foreach (GroupingLabel label in key.Labels)
                {
                    if (label.Name.SequenceEqual("job"u8))
                    {
                        return System.Text.Encoding.UTF8.GetString(label.Value);
                    }
                }

                return "";
            }
        }
    }
}
