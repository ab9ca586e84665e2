using Exposition.Engine;
using Exposition.Replication.Announcing;
using Exposition.Replication.Following;
using Exposition.Replication.Healing;
using Exposition.Replication.Merging;
using Exposition.Replication.Sending;
using Exposition.Replication.Tests.Simulated;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Tests.Healing;

/// <summary>What a node has taken while the log was away is lost to nothing that comes out of the log then.</summary>
public sealed class AloneTests
{
    private static readonly GroupingKey s_a = GroupingKey.Create(("job", "a"));
    private static readonly GroupingKey s_b = GroupingKey.Create(("job", "b"));

    private readonly Nodes _nodes = new();
    private readonly Node _first;
    private readonly Node _second;

    public AloneTests()
    {
        _first = _nodes.Start();
        _second = _nodes.Start(when: WhenUnreachable.Accept);
    }

    [Fact]
    public void A_push_taken_alone_is_merged_after_a_restart()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        _nodes.Cut(_second);
        Assert.Equal(ReplicatedState.Unreplicated, _nodes.Push(_second, s_a, "y 2\n", PushMode.Merge).State);
        Assert.Equal(ReplicatedState.Unreplicated, _nodes.Push(_second, s_b, "y 2\n").State);
        _nodes.Push(_first, s_a, "z 3\n", PushMode.Merge);
        _second.Keep();
        _second.Stop();

        Node again = _nodes.Start(_second.Copy);
        _nodes.Until(() => again.IsQuiet);
        _nodes.Wait(TimeSpan.FromSeconds(3));

        Assert.Equal(("x=1 y=2 z=3", "y=2"), (Nodes.Series(_first, s_a), Nodes.Series(_first, s_b)));
        Assert.Equal(_first.Text, again.Text);
    }

    [Fact]
    public void A_wipe_takes_of_what_was_taken_alone_only_what_was_pushed_before()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        _nodes.Cut(_second);
        _nodes.Push(_second, s_b, "x 2\n");
        Assert.Equal(ReplicatedState.Applied, _nodes.Wipe(_first).State);
        _nodes.Push(_second, s_a, "y 3\n", PushMode.Merge);
        _nodes.Join(_second);

        Assert.Equal(("y=3", ""), (Nodes.Series(_first, s_a), Nodes.Series(_first, s_b)));
        Assert.Equal(_first.Text, _second.Text);
    }

    [Fact]
    public void What_a_push_has_replaced_alone_does_not_come_back_from_the_log()
    {
        _nodes.Push(_first, s_a, "x 1\nz 1\n");
        _nodes.Cut(_second);
        _nodes.Push(_second, s_a, "x 2\n");
        _nodes.Push(_second, s_a, "y 3\n", PushMode.Merge);
        _nodes.Push(_first, s_a, "w 4\n", PushMode.Merge);
        _nodes.Join(_second);

        Assert.Equal("w=4 x=2 y=3", Nodes.Series(_first, s_a));
        Assert.Equal(_first.Text, _second.Text);
    }

    [Fact]
    public void What_a_push_of_the_log_has_replaced_does_not_come_back_from_a_node_that_was_away()
    {
        _nodes.Push(_first, s_a, "x 1\nz 1\n");
        _nodes.Cut(_second);
        _nodes.Push(_second, s_a, "y 2\n", PushMode.Merge);
        _nodes.Push(_first, s_a, "x 3\n");
        _nodes.Push(_first, s_a, "v 4\n", PushMode.Merge);
        _nodes.Join(_second);

        Assert.Equal("v=4 x=3", Nodes.Series(_first, s_a));
        Assert.Equal(_first.Text, _second.Text);
    }

    [Fact]
    public void What_was_pushed_alone_after_it_was_deleted_alone_does_not_bring_back_what_was_deleted()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        _nodes.Cut(_second);
        _nodes.Delete(_second, s_a);
        _nodes.Push(_second, s_a, "y 2\n", PushMode.Merge);
        _nodes.Push(_first, s_a, "z 3\n", PushMode.Merge);
        _nodes.Join(_second);

        Assert.Equal("y=2 z=3", Nodes.Series(_first, s_a));
        Assert.Equal(_first.Text, _second.Text);
    }

    [Fact]
    public async Task A_change_taken_alone_is_one_step_for_what_comes_out_of_the_log()
    {
        var options = new ReplicationOptions();
        var store = new MetricStore(new StoreOptions());
        var unshared = new Unshared();
        var counts = new ReplicationCounts();
        var applying = new Applying(
            store, options, TimeProvider.System, new AppliedRevision(TimeProvider.System), new SentOperations(), unshared,
            new KnownNodes(TimeProvider.System, ""), new GrownApart(options, counts), counts);
        var alone = new AloneChanges(store, TimeProvider.System, applying, unshared);
        using var stop = new CancellationTokenSource();
        long steps = 0;
        Task looking = Task.Run(
            () =>
            {
                for (; !stop.IsCancellationRequested; Interlocked.Increment(ref steps))
                {
                    lock (applying.Gate)
                    {
                        Assert.Equal(store.GroupCount, unshared.Count);
                    }
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; (i < 1000 || Interlocked.Read(ref steps) < 1000) && !looking.IsCompleted; i++)
        {
            alone.Push(GroupingKey.Create(("job", $"{i % 5000}")), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Merge, default);
        }

        await stop.CancelAsync();
        await looking;
    }
}
