using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests;

/// <summary>An expiry that fails, for want of memory perhaps, ends neither the process nor the expiry of the others.</summary>
public sealed class SweepTests
{
    private readonly SweptClock _clock = new();
    private readonly List<string> _failures = [];
    private readonly MetricStore _store;

    public SweepTests() => _store = new MetricStore(new StoreOptions
    {
        Time = _clock,
        ExpiredGrace = TimeSpan.FromSeconds(60),
        ExpiryFailed = thrown => _failures.Add(thrown.Message),
    });

    [Fact]
    public void What_the_timer_runs_into_is_told_and_the_next_tick_goes_on()
    {
        Push("a");
        _clock.Now += TimeSpan.FromSeconds(10);
        _clock.Failing = true;
        _clock.Tick();
        Assert.Equal(["no time"], _failures);
        Assert.Equal((1L, 0L), (_store.ExpiryFailures, _store.Expiries));
        _clock.Failing = false;
        _clock.Tick();
        Assert.Equal((1L, 1L), (_store.ExpiryFailures, _store.Expiries));
    }

    [Fact]
    public void A_group_that_cannot_expire_keeps_neither_others_nor_scrapes_and_is_tried_again()
    {
        Push("a");
        Push("b");
        _clock.Now += TimeSpan.FromSeconds(10);
        bool failed = false;
        int thread = Environment.CurrentManagedThreadId;
        Explored.Hook = step =>
        {
            if (step == Steps.ReplaceSlot && !failed && Environment.CurrentManagedThreadId == thread)
            {
                failed = true;
                throw new InsufficientMemoryException("no memory");
            }
        };
        try
        {
            _store.OpenView().Dispose();
        }
        finally
        {
            Explored.Hook = null;
        }

        Assert.Equal(["no memory"], _failures);
        Assert.Equal((1L, 1L), (_store.ExpiryFailures, _store.Expiries));
        _clock.Now += TimeSpan.FromSeconds(1);
        _clock.Tick();
        Assert.Equal((1L, 2L), (_store.ExpiryFailures, _store.Expiries));
    }

    private void Push(string job) =>
        _store.Push(Harness.Key("job", job), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace,
            new PushDetails(TimeSpan.FromSeconds(10)));
}
