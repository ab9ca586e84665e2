using System.Globalization;

namespace Exposition.Engine.Tests;

/// <summary>Very many groups that expire at once.</summary>
public class MassExpiryTests
{
    private const int Groups = 5000;

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    public void Nobody_who_looks_waits_for_all_of_them(int grace)
    {
        var clock = new SweptClock();
        var store = new MetricStore(new StoreOptions { Time = clock, ExpiredGrace = TimeSpan.FromSeconds(grace) });
        for (int i = 0; i < Groups; i++)
        {
            clock.Now += TimeSpan.FromMilliseconds(0.1);
            store.Push(Key(i), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(10)));
        }

        clock.Now += TimeSpan.FromSeconds(10);
        store.OpenView().Dispose();
        Assert.InRange(store.Expiries, 1, 1100);

        // But whoever comes to a group finds it as it is due. (Those that come up last were pushed last.)
        Assert.Equal(PushStatus.Stored, store.Push(Key(Groups - 1), PushFormat.Text, "b 1\n"u8.ToArray(), PushMode.Merge).Status);
        using (StoreView view = store.OpenView())
        {
            GroupSnapshot pushed = view.Groups.ToArray().Single(static group => group.Key == Key(Groups - 1));
            Assert.False(pushed.TryGet("a"u8, out _));
        }

        Assert.Equal(grace > 0, store.Delete(Key(Groups - 2)));
        Assert.InRange(store.Expiries, 1, Groups - 1);

        // The timer does the rest, a little at a time.
        while (store.Expiries < Groups)
        {
            long before = store.Expiries;
            clock.Tick();
            Assert.InRange(store.Expiries - before, 1, 1100);
            Assert.True(clock.NextTick < TimeSpan.FromSeconds(1) || store.Expiries == Groups);
        }

        Assert.Equal(grace > 0 ? Groups - 1 : 1, store.GroupCount);
    }

    [Fact]
    public void The_sweep_keeps_back_while_a_view_collects()
    {
        var clock = new SweptClock();
        var store = new MetricStore(new StoreOptions { Time = clock });
        for (int i = 0; i < Groups; i++)
        {
            store.Push(Key(i), PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(10)));
        }

        clock.Now += TimeSpan.FromSeconds(10);
        using (StoreView view = store.OpenView())
        {
            long before = store.Expiries;
            clock.Tick();
            Assert.InRange(store.Expiries - before, 1, 128);
            _ = view.Groups;
            before = store.Expiries;
            clock.Tick();
            Assert.InRange(store.Expiries - before, 256, 1100);
        }
    }

    private static GroupingKey Key(int i) => Harness.Key("job", "j", "i", i.ToString(CultureInfo.InvariantCulture));
}
