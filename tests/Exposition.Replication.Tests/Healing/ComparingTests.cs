using Exposition.Engine;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests.Healing;

/// <summary>What a comparison of a node with the log finds, and what it leaves alone.</summary>
public sealed class ComparingTests
{
    private static readonly GroupingKey s_a = GroupingKey.Create(("job", "a"));
    private static readonly GroupingKey s_b = GroupingKey.Create(("job", "b"));
    private static readonly TimeSpan s_compared = TimeSpan.FromMinutes(3);

    private readonly Nodes _nodes = new();
    private readonly Node _first;
    private readonly Node _second;

    public ComparingTests()
    {
        _first = _nodes.Start();
        _second = _nodes.Start();
    }

    [Fact]
    public void A_group_that_the_stamps_leave_out_is_not_taken_for_lost()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        long before = _nodes.Engine.LastRevision;
        _first.Log.LeavesOutStamps = true;
        _nodes.Wait(s_compared);

        Assert.Equal(before, _nodes.Engine.LastRevision);
        Assert.Equal((0L, 0L), (_first.Replicator.Counts.Healed, _first.Replicator.Counts.Divergent));
    }

    [Fact]
    public void A_group_that_a_node_lacks_is_found_and_one_that_was_deleted_is_not_brought_back()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        _nodes.Push(_first, s_b, "x 1\n");
        _nodes.Delete(_first, s_b);
        _second.Store.Delete(s_a);
        _nodes.Wait(s_compared);

        Assert.Equal(("x=1", ""), (Nodes.Series(_second, s_a), Nodes.Series(_second, s_b)));
        Assert.Equal(_first.Text, _second.Text);
        Assert.Equal((0L, 1L), (_first.Replicator.Counts.Divergent, _second.Replicator.Counts.Divergent));
        Assert.Single(_second.Notices, static notice => notice.Contains("1 groups were not here as", StringComparison.Ordinal));
    }

    [Fact]
    public void A_group_that_has_expired_here_is_not_brought_back()
    {
        _nodes.Time.Begin(() => _ = _first.Replicator.PushAsync(
            s_a, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(5))));
        _nodes.Wait(s_compared);

        Assert.DoesNotContain("job=\"a\"", _second.Text, StringComparison.Ordinal);
        Assert.Equal((0L, 0L), (_first.Replicator.Counts.Divergent, _second.Replicator.Counts.Divergent));
    }

    [Fact]
    public void A_group_that_the_log_has_lost_is_given_to_it_again()
    {
        _nodes.Push(_first, s_a, "x 1\n");
        _nodes.Push(_first, s_b, "x 1\n");
        _nodes.Cut(_first);
        _nodes.Cut(_second);
        _nodes.Engine.LoseTail(1);
        _nodes.Join(_first);
        _nodes.Join(_second);
        Node fresh = _nodes.Start();

        Assert.Equal(_first.Text, fresh.Text);
        Assert.Equal("x=1", Nodes.Series(fresh, s_b));
    }
}
