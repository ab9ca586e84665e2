namespace Exposition.Engine.Tests;

/// <summary>
/// A wall clock that is set while groups have deadlines: a machine that starts in 1970, a daylight-saving mistake, a resumed virtual
/// machine.
/// </summary>
public class ClockStepTests
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(1);

    private readonly SweptClock _clock = new();
    private readonly MetricStore _store;
    private readonly GroupingKey _key = Harness.Key("job", "j");

    public ClockStepTests() => _store = new MetricStore(new StoreOptions { Time = _clock, ExpiredGrace = TimeSpan.FromMinutes(2) });

    [Theory]
    [InlineData(56 * 365)]
    [InlineData(0.1)]
    [InlineData(-0.1)]
    [InlineData(-365)]
    public void A_group_expires_when_its_time_has_passed_however_the_clock_is_set(double days)
    {
        Push();
        long shown = ShownExpiry();
        _clock.Set = TimeSpan.FromDays(days);
        _clock.Now += s_lifetime - TimeSpan.FromSeconds(1);
        _clock.Tick();
        Assert.Equal(0, _store.Expiries);

        // What is shown follows the clock that people look at.
        Assert.Equal(shown + (_clock.Set.Ticks * 100), ShownExpiry());

        // A push lets it live for as long again; then it expires, is marked with the time of the wall clock, and goes when the grace is
        // over.
        Push();
        _clock.Now += s_lifetime;
        _clock.Tick();
        Assert.Equal((1, 1), (_store.Expiries, _store.ExpiredGroups));
        using (StoreView view = _store.OpenView())
        {
            Assert.True(view.Groups[0].TryGet("push_expired"u8, out FamilyEntry mark));
            Assert.Equal(view.ExpiryOf(view.Groups[0]), mark.PushedAt);
        }

        _clock.Now += TimeSpan.FromMinutes(2);
        _clock.Tick();
        Assert.Equal(0, _store.GroupCount);
    }

    [Fact]
    public void What_is_kept_of_a_deadline_is_wall_clock_time()
    {
        _clock.Set = TimeSpan.FromDays(-1);
        Push();
        _clock.Set = default;
        using StoreView view = _store.OpenView();
        var after = new MetricStore(new StoreOptions { Time = _clock });
        after.Restore(_key, view.Groups[0].Families, view.ExpiryOf(view.Groups[0]), null);
        _clock.Now += s_lifetime - TimeSpan.FromSeconds(1);
        after.OpenView().Dispose();
        Assert.Equal(1, after.GroupCount);
        _clock.Now += TimeSpan.FromSeconds(1);
        after.OpenView().Dispose();
        Assert.Equal(1, after.Expiries);
    }

    [Fact]
    public void A_clock_that_is_slewed_moves_no_deadline_that_is_shown()
    {
        Push();
        long shown = ShownExpiry();
        foreach (double seconds in (double[])[0.000001, 0.3, -0.9])
        {
            _clock.Set = TimeSpan.FromSeconds(seconds);
            Assert.Equal(shown, ShownExpiry());
        }
    }

    private void Push() => Assert.Equal(
        PushStatus.Stored, _store.Push(_key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(s_lifetime)).Status);

    private long ShownExpiry()
    {
        using StoreView view = _store.OpenView();
        return view.ExpiryOf(view.Groups[0]);
    }
}
