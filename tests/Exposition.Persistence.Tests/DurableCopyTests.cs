using System.Text;
using Exposition.Engine;

namespace Exposition.Persistence.Tests;

public sealed class DurableCopyTests : IDisposable
{
    private readonly FakeDurable _durable = new();
    private readonly MetricStore _store = new(new StoreOptions());
    private readonly List<DurableNotice> _notices = [];

    [Fact]
    public async Task Changes_are_written_after_they_happen()
    {
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        Push("a");
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["put a", "commit"], _durable.Calls.Where(static c => c != "begin").TakeLast(2));
        Assert.True(await copy.StopAsync());
        Assert.True(_durable.Disposed);
    }

    [Fact]
    public async Task Before_the_interval_is_over_only_a_stop_writes()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        Push("a");
        await Task.Delay(50);
        Assert.DoesNotContain("commit", _durable.Calls);
        Assert.True(await copy.StopAsync());
        Assert.Contains("put a", _durable.Calls);
    }

    [Fact]
    public async Task A_failed_write_is_tried_again_with_its_changes()
    {
        _durable.FailCommits = 1;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        Push("a");
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(60));
        await copy.StopAsync();
        Assert.Contains(_notices, static n => n is { Event: DurableEvent.SaveFailed, Detail: "no space" });
        Assert.Contains("put a", _durable.Calls);
    }

    // Some of them have changes that wait already, so they are taken at other times than the rest; others are pushed meanwhile.
    [Fact]
    public async Task What_is_deleted_in_one_step_is_forgotten_in_one_transaction()
    {
        const int Groups = 6000;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        for (int i = 0; i < Groups; i++)
        {
            _store.Push(Samples.Key("gone", $"{i}"), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
        }

        Assert.Null(await copy.CommittedAsync());
        using var done = new CancellationTokenSource();
        Task others = Task.Run(() =>
        {
            for (int i = 0; !done.IsCancellationRequested; i++)
            {
                Push($"kept{i % 10}");
                _store.Push(Samples.Key("gone", $"{i % 500}"), PushFormat.Text, "x 2\n"u8.ToArray(), PushMode.Merge);
            }
        });
        int deleted = _store.Delete(GroupSelector.Parse("{job=\"gone\"}"));
        Assert.Null(await copy.CommittedAsync());
        await done.CancelAsync();
        await others;
        Assert.True(await copy.StopAsync());
        int[] removed = [.. string.Join('\n', _durable.Calls).Split("commit").Select(static batch =>
            batch.Split('\n').Count(static call => call == "remove gone"))];
        Assert.Equal(Groups, deleted);

        // Not those that had come back before it was written.
        Assert.InRange(Assert.Single(removed, static count => count > 0), Groups - 500, Groups);
    }

    // As little as fits the memory that may be held while it is written; all of it before anybody is told that it is on disk.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Changes_are_taken_and_written_in_parts(int failures)
    {
        // Of 16 MiB that may be held, two are more.
        string large = string.Concat(Enumerable.Range(0, 150).Select(static i => $"x{{n=\"{i:d60000}\"}} 1\n"));
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        _durable.FailCommits = failures;
        copy.Start();
        foreach (string job in new[] { "a", "b", "c", "d", "e" })
        {
            Push(job, large);
        }

        Task<string?> committed = copy.CommittedAsync();
        Assert.True(await copy.StopAsync());
        string[] batches = string.Join(
            ' ', _durable.Calls.Where(static c => c != "begin").Select(static c => c.Replace("put ", "", StringComparison.Ordinal)))
            .Split("commit", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(["ab", "cd", "e"], batches.Select(static batch => string.Concat(batch.Split(' ').Order())));
        Assert.Equal(TimeSpan.Zero, copy.Status.Lag);
        Assert.True(await committed is null or "no space");
    }

    [Fact]
    public async Task A_stop_that_cannot_write_says_so()
    {
        _durable.FailCommits = int.MaxValue;
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        Push("a");
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
        Push("before");
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        Push("a");
        await copy.StopAsync();
        Assert.Contains("put before", _durable.Calls);
        Assert.False(_durable.Incomplete);
        Assert.Contains("put a", _durable.Calls);
    }

    [Fact]
    public async Task A_large_backlog_is_written_in_several_transactions()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        for (int i = 0; i < 10_000; i++)
        {
            Push($"j{i}");
        }

        await copy.StopAsync();
        Assert.Equal(10_000, _durable.Calls.Count(static c => c.StartsWith("put", StringComparison.Ordinal)));
        Assert.InRange(_durable.Calls.Count(static c => c == "commit"), 3, 5);
    }

    // One by one, a million take half a minute.
    [Fact]
    public async Task Where_no_group_is_left_the_copy_forgets_all_of_them_at_once()
    {
        await using DurableCopy copy = Make(TimeSpan.FromHours(1));
        copy.Start();
        for (int i = 0; i < 10_000; i++)
        {
            Push($"j{i}");
        }

        _store.Wipe();
        await copy.StopAsync();
        Assert.Equal(["clear", "commit"], _durable.Calls.Where(static c => c != "begin").TakeLast(2));
        Assert.All(_durable.Calls, static c => Assert.Contains(c, (string[])["begin", "clear", "commit"]));
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
        Push("a");
        Task<string?> first = copy.CommittedAsync();
        Assert.True(_durable.CommitEntered.Wait(TimeSpan.FromSeconds(10)));

        // A change made while the first is being written waits for the write after it.
        Push("b");
        Task<string?> second = copy.CommittedAsync();
        Assert.Same(second, copy.CommittedAsync());
        Assert.False(first.IsCompleted);
        _durable.HoldCommits = false;
        _durable.Released.Set();
        Assert.Null(await first.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Null(await second.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("put b", _durable.Calls);
        Assert.Equal(TimeSpan.Zero, copy.Status.Lag);
    }

    [Fact]
    public async Task Who_waits_for_a_disk_that_fails_is_told_why()
    {
        _durable.FailCommits = int.MaxValue;
        await using DurableCopy copy = Make(TimeSpan.Zero);
        copy.Start();
        Push("a");
        Assert.Equal("no space", await copy.CommittedAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("no space", await copy.CommittedAsync());
        Assert.True(copy.Status.Lag > TimeSpan.Zero);
        Assert.True(copy.Status.Failures > 0);

        _durable.FailCommits = 0;
        await _durable.Committed.WaitAsync(TimeSpan.FromSeconds(60));
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
    }

    private void Push(string job, string body = "x 1\n") => Assert.Equal(
        PushStatus.Stored, _store.Push(Samples.Key(job), PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace).Status);

    private DurableCopy Make(TimeSpan interval) => new("file", _durable, _store, new DurableCopyOptions
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
}
