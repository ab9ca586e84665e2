using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>
/// How old the oldest unwritten change is, and when that is told: by a clock of the test, over a disk that hangs on demand.
/// </summary>
public sealed class LagTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeDurable _durable = new();
    private readonly List<DurableNotice> _notices = [];
    private readonly MetricStore _store;
    private bool _deaf;

    public LagTests() => _store = new MetricStore(new StoreOptions { Time = _time });

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(5, 15)]
    public async Task A_change_that_has_waited_for_more_than_three_intervals_is_told_once_a_minute(int interval, int limit)
    {
        await using DurableCopy copy = Start(interval);
        _durable.HoldCommits = true;
        Change("a");
        await WriteAsync(interval);

        Advance(limit - interval);
        Assert.Equal(limit, copy.Status.Lag.TotalSeconds);
        Assert.Equal(0, Warnings());
        Advance(Math.Max(1, interval));
        DurableNotice notice = Assert.Single(_notices, static n => n.Event == DurableEvent.Lagging);
        Assert.Contains($"{limit + Math.Max(1, interval)}.0 s", notice.Detail, StringComparison.Ordinal);
        Advance(50);
        Assert.Equal(1, Warnings());
        Advance(20);
        Assert.Equal(2, Warnings());
        Assert.Equal(limit + Math.Max(1, interval) + 70, copy.Status.Lag.TotalSeconds);

        Release();
        await UntilAsync(() => copy.Status.Lag == TimeSpan.Zero);
        Advance(100);
        Assert.Equal(2, Warnings());
    }

    // What a timer throws would end the process.
    [Fact]
    public async Task Whoever_could_not_be_told_is_told_the_next_time()
    {
        await using DurableCopy copy = Start(interval: 1);
        _durable.HoldCommits = true;
        Change("a");
        await WriteAsync(within: 1);
        _deaf = true;
        Advance(3);
        Assert.Equal((false, 0), (_deaf, Warnings()));
        Advance(1);
        Assert.Equal(1, Warnings());
    }

    [Fact]
    public void A_copy_may_be_asked_for_less_often_than_any_timer_can_wait()
    {
        var options = new DurableCopyOptions { Interval = TimeSpan.FromHours(2_562_047) };
        Assert.InRange(options.Interval, TimeSpan.FromDays(1), TimeSpan.FromDays(14));
        Assert.Equal(TimeSpan.FromSeconds(-1), new DurableCopyOptions { Interval = TimeSpan.FromSeconds(-1) }.Interval);
    }

    [Fact]
    public async Task The_lag_is_that_of_the_oldest_change_also_while_later_ones_are_taken_and_writes_fail()
    {
        await using DurableCopy copy = Start(interval: 1);
        Assert.Equal(TimeSpan.Zero, copy.Status.Lag);
        _durable.FailCommits = int.MaxValue;
        Change("a");
        Advance(0.5);
        Assert.Equal(0.5, copy.Status.Lag.TotalSeconds);
        for (int failures = 1; failures < 4; failures++)
        {
            Change($"b{failures}");
            await UntilAsync(() =>
            {
                Advance(0.1);
                return copy.Status.Failures >= failures;
            });
        }

        Assert.True(copy.Status.Lag.TotalSeconds >= 2.5, $"{copy.Status.Lag}");
        double before = copy.Status.Lag.TotalSeconds;
        Advance(0.25);
        Assert.Equal(before + 0.25, copy.Status.Lag.TotalSeconds, 6);
        _durable.FailCommits = 0;
        await UntilAsync(() =>
        {
            Advance(0.1);
            return copy.Status.Lag == TimeSpan.Zero;
        });
        Assert.Contains("put a", _durable.Calls);
        Assert.Contains("put b3", _durable.Calls);
    }

    // The promise: on disk within the interval, if the disk is no slower than it was. While the writer waits for the processor the clock of
    // this test goes on, so on a busy machine not each change counts.
    [Fact]
    public async Task A_change_is_written_before_it_is_an_interval_old_and_after_a_silence_at_once()
    {
        await using DurableCopy copy = Start(interval: 10);
        Advance(100);
        Change("first");
        await UntilAsync(() => _durable.Calls.Contains("put first"));
        bool inTime = false;
        for (int attempt = 0; attempt < 10 && !inTime; attempt++)
        {
            string call = $"put second{attempt}";
            Change($"second{attempt}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(call, _durable.Calls);
            await UntilAsync(() =>
            {
                Advance(0.1);
                inTime = _durable.Calls.Contains(call);
                return inTime || copy.Status.Lag.TotalSeconds >= 10;
            });
            await UntilAsync(() => copy.Status.Lag == TimeSpan.Zero);
        }

        Assert.True(inTime);
    }

    public void Dispose()
    {
        Release();
        _durable.CommitEntered.Dispose();
        _durable.Released.Dispose();
        _durable.Dispose();
    }

    private DurableCopy Start(int interval)
    {
        var copy = new DurableCopy("file", _durable, _store, new DurableCopyOptions
        {
            Interval = TimeSpan.FromSeconds(interval),
            Time = _time,
            Report = notice =>
            {
                if (_deaf && notice.Event == DurableEvent.Lagging)
                {
                    _deaf = false;
                    throw new InsufficientMemoryException("no memory for a line");
                }

                lock (_notices)
                {
                    _notices.Add(notice);
                }
            },
        });
        copy.Start(TestContext.Current.CancellationToken);
        return copy;
    }

    private void Change(string job) => _store.Push(Samples.Key(job), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);

    private async Task WriteAsync(double within)
    {
        double left = within;
        await UntilAsync(() =>
        {
            double step = Math.Min(0.1, left);
            left -= step;
            Advance(step);
            return _durable.CommitEntered.IsSet;
        });
        Advance(left);
    }

    private void Release()
    {
        _durable.HoldCommits = false;
        _durable.Released.Set();
    }

    private int Warnings()
    {
        lock (_notices)
        {
            return _notices.Count(static n => n.Event == DurableEvent.Lagging);
        }
    }

    private void Advance(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private static async Task UntilAsync(Func<bool> done)
    {
        for (int i = 0; !done(); i++)
        {
            Assert.True(i < 20_000, "does not happen");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
