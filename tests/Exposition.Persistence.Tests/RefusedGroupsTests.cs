using System.Text;
using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>
/// Whatever happens to a write, the copy goes on: the other groups are written, it is told, counted and tried again. By a clock of the
/// test.
/// </summary>
public sealed class RefusedGroupsTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeDurable _durable = new();
    private readonly List<DurableNotice> _notices = [];
    private readonly MetricStore _store;
    private DurableCopy? _copy;

    public RefusedGroupsTests()
    {
        // A timestamp of 0 stands for none.
        Advance(1);
        _store = new MetricStore(new StoreOptions { Time = _time });
    }

    public static TheoryData<string> Refusals => ["memory", "row", "defect"];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_group_that_cannot_be_written_does_not_stop_the_others_and_is_tried_again(string why)
    {
        DurableCopy copy = Start();
        _durable.RefuseJob = job => job == "bad" ? Refusal(why) : null;
        foreach (string job in new[] { "a", "bad", "b" })
        {
            Push(job);
        }

        await UntilAsync(() => Calls().Contains("put a") && Calls().Contains("put b"));
        await UntilAsync(() => copy.Status.Failures > 0);
        Assert.DoesNotContain("put bad", Calls());
        Assert.Contains(Notices(), static n => n is { Event: DurableEvent.SaveFailed, Groups: 1 }
            && n.Detail!.Contains("job=\"bad\"", StringComparison.Ordinal));
        Advance(0.5);
        Assert.True(copy.Status.Lag > TimeSpan.Zero);
        Assert.False(copy.Status.Ended);

        // The others go on at their pace while it waits.
        Push("c");
        await UntilAsync(() => Calls().Contains("put c"));
        Assert.DoesNotContain("put bad", Calls());

        _durable.RefuseJob = static _ => null;
        await UntilAsync(() => Calls().Contains("put bad") && copy.Status.Lag == TimeSpan.Zero);
        Assert.True(await copy.StopAsync());
    }

    [Fact]
    public async Task Who_waits_for_it_is_told_and_who_comes_later_waits_for_the_own_change_only()
    {
        DurableCopy copy = Start();
        _durable.RefuseJob = static job => job == "bad" ? new InsufficientMemoryException("no room") : null;
        Push("bad");
        string? told = await AdvanceUntil(copy.CommittedAsync());
        Assert.Contains("job=\"bad\"", told, StringComparison.Ordinal);
        Assert.Contains("no room", told, StringComparison.Ordinal);
        for (int i = 0; i < 5; i++)
        {
            Push($"good{i}");
            Assert.Null(await AdvanceUntil(copy.CommittedAsync()));
            Advance(20);
        }
    }

    [Fact]
    public async Task What_is_deleted_meanwhile_is_not_tried_again()
    {
        DurableCopy copy = Start();
        _durable.RefuseJob = static job => job == "bad" ? new InsufficientMemoryException() : null;
        Push("good");
        Push("bad");
        await UntilAsync(() => copy.Status.Failures > 0);
        _durable.RefuseJob = static _ => null;
        Assert.True(_store.Delete(Samples.Key("bad")));
        await UntilAsync(() => Calls().Contains("remove bad") && copy.Status.Lag == TimeSpan.Zero);
        Assert.DoesNotContain("put bad", Calls());
    }

    [Fact]
    public async Task A_stop_writes_the_others_and_says_that_one_is_missing()
    {
        DurableCopy copy = Start(hours: 1);
        _durable.RefuseJob = static job => job == "bad" ? new InsufficientMemoryException() : null;
        Push("a");
        Push("bad");
        Assert.False(await copy.StopAsync());
        Assert.Contains("put a", Calls());
    }

    [Fact]
    public async Task A_stop_writes_what_was_set_aside_once_there_is_memory()
    {
        DurableCopy copy = Start();
        _durable.RefuseJob = static job => job == "bad" ? new InsufficientMemoryException() : null;
        Push("bad");
        await UntilAsync(() => copy.Status.Failures > 0);
        _durable.RefuseJob = static _ => null;
        Assert.True(await copy.StopAsync());
        Assert.Contains("put bad", Calls());
    }

    [Fact]
    public async Task A_first_copy_is_complete_but_for_the_group_that_cannot_be_written()
    {
        _durable.Incomplete = true;
        Push("bad");
        Push("a");
        _durable.RefuseJob = static job => job == "bad" ? new InsufficientMemoryException() : null;
        DurableCopy copy = Start();
        await UntilAsync(() => Calls().Contains("put a"));
        Assert.False(_durable.Incomplete);
        Advance(0.5);
        Assert.True(copy.Status.Lag > TimeSpan.Zero);
        _durable.RefuseJob = static _ => null;
        await UntilAsync(() => Calls().Contains("put bad") && copy.Status.Lag == TimeSpan.Zero);
    }

    [Fact]
    public async Task Memory_that_runs_out_anywhere_in_a_write_is_a_failed_write_that_is_tried_again()
    {
        DurableCopy copy = Start();
        _durable.RefuseBegin = static () => new InsufficientMemoryException("none left");
        Push("a");
        Assert.Equal("none left", await AdvanceUntil(copy.CommittedAsync()));
        Assert.Contains(Notices(), static n => n is { Event: DurableEvent.SaveFailed, Detail: "none left" });
        Assert.False(copy.Status.Ended);
        _durable.RefuseBegin = static () => null;
        await UntilAsync(() => Calls().Contains("put a"));
        Assert.True(await copy.StopAsync());
    }

    [Fact]
    public async Task A_notice_that_cannot_be_given_does_not_end_the_thread()
    {
        bool deaf = true;
        DurableCopy copy = Start(hears: () => !deaf);
        Push("a");
        await UntilAsync(() => Calls().Contains("put a") && copy.Status.Failures > 0);
        deaf = false;
        Push("b");
        await UntilAsync(() => Calls().Contains("put b"));
        Assert.False(copy.Status.Ended);
    }

    public async ValueTask DisposeAsync()
    {
        if (_copy is not null)
        {
            await _copy.DisposeAsync();
        }

        _durable.CommitEntered.Dispose();
        _durable.Released.Dispose();
    }

    private static Exception Refusal(string why) => why switch
    {
        "memory" => new InsufficientMemoryException(),
        "row" => new DurableStoreException(DurableFault.GroupRefused, "too large for a row"),
        _ => new InvalidOperationException("a defect"),
    };

    private DurableCopy Start(int hours = 0, Func<bool>? hears = null)
    {
        _copy = new DurableCopy("file", _durable, _store, new DurableCopyOptions
        {
            Interval = TimeSpan.FromHours(hours),
            Time = _time,
            Report = notice =>
            {
                if (hears?.Invoke() == false && notice.Event != DurableEvent.Loaded)
                {
                    throw new IOException("nobody listens");
                }

                lock (_notices)
                {
                    _notices.Add(notice);
                }
            },
        });
        _copy.Start();
        return _copy;
    }

    private void Push(string job) => Assert.Equal(
        PushStatus.Stored, _store.Push(Samples.Key(job), PushFormat.Text, Encoding.UTF8.GetBytes("x 1\n"), PushMode.Replace).Status);

    private string[] Calls()
    {
        lock (_durable.Calls)
        {
            return [.. _durable.Calls];
        }
    }

    private DurableNotice[] Notices()
    {
        lock (_notices)
        {
            return [.. _notices];
        }
    }

    private void Advance(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private async Task<string?> AdvanceUntil(Task<string?> done)
    {
        await UntilAsync(() => done.IsCompleted);
        return await done;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 3000, "it does not come");
            Advance(0.1);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
