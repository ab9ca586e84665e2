using System.Text;

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
}
