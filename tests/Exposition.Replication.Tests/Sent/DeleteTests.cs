using Exposition.Engine;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Deletes on their way to the log, where answers are lost and others push meanwhile.</summary>
public sealed class DeleteTests
{
    [Fact]
    public void A_repeated_delete_does_not_remove_a_push_that_came_after_it()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.FirstLog.HoldsFeed = true;
        nodes.FirstLog.LosesAnswers = 1;
        var delete = nodes.Begin(() => nodes.First.DeleteAsync(Gateways.Key));
        nodes.Until(() => Gateways.Value(nodes.OtherStore, "a") is null);
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(nodes.Push(nodes.Other, "a 2\n")).State);
        nodes.Pass(0.5);
        nodes.FirstLog.HoldsFeed = false;

        ReplicatedDelete ended = nodes.Ended(delete);
        nodes.Settle();
        Assert.Equal(2, Gateways.Value(nodes.FirstStore, "a"));
        Assert.Equal(2, Gateways.Value(nodes.OtherStore, "a"));
        Assert.Equal(ReplicatedState.Unavailable, ended.State);
        Assert.Equal("whether it was carried out is not known: its answer was lost, and other changes have come since", ended.Reason);
    }

    [Fact]
    public void A_repeated_wipe_does_not_remove_a_push_that_came_after_it()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.FirstLog.HoldsFeed = true;
        nodes.FirstLog.LosesAnswers = 1;
        var wipe = nodes.Begin(nodes.First.WipeAsync);
        nodes.Until(() => Gateways.Value(nodes.OtherStore, "a") is null);
        nodes.Ended(nodes.Begin(nodes.Other.WipeAsync));
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(nodes.Push(nodes.Other, "a 2\n")).State);
        nodes.Pass(0.5);
        nodes.FirstLog.HoldsFeed = false;

        Assert.Equal(ReplicatedState.Unavailable, nodes.Ended(wipe).State);
        nodes.Settle();
        Assert.Equal(2, Gateways.Value(nodes.FirstStore, "a"));
    }

    [Fact]
    public void A_delete_whose_answer_was_lost_is_known_by_its_operation()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.FirstLog.LosesAnswers = 1;

        Assert.Equal(
            new ReplicatedDelete(ReplicatedState.Applied, 1), nodes.Ended(nodes.Begin(() => nodes.First.DeleteAsync(Gateways.Key))));

        // The push, and the delete once.
        Assert.Equal(2, nodes.FirstLog.Subjects.Count(static subject => subject.StartsWith("g.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_delete_of_what_was_pushed_to_meanwhile_goes_on_with_that()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.FirstLog.HoldsAppends = true;
        var delete = nodes.Begin(() => nodes.First.DeleteAsync(Gateways.Key));
        nodes.Pushed(nodes.Other, "a 2\n");
        nodes.FirstLog.HoldsAppends = false;

        Assert.Equal(new ReplicatedDelete(ReplicatedState.Applied, 1), nodes.Ended(delete));
        nodes.Settle();
        Assert.Null(Gateways.Value(nodes.OtherStore, "a"));
    }

    [Fact]
    public void A_delete_of_what_only_another_node_has_yet_is_one_of_what_it_has()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n", Gateways.KeyOf(0));
        nodes.FirstLog.HoldsFeed = true;
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(nodes.Push(nodes.Other, "a 1\n")).State);
        var delete = nodes.Begin(() => nodes.First.DeleteAsync(Gateways.Key));
        nodes.Pass(0.1);
        nodes.FirstLog.HoldsFeed = false;

        Assert.Equal(new ReplicatedDelete(ReplicatedState.Applied, 0), nodes.Ended(delete));
        nodes.Settle();
        Assert.Null(Gateways.Value(nodes.OtherStore, "a"));
    }

    [Fact]
    public void A_delete_of_many_leaves_room_for_others_and_says_which_went()
    {
        using var nodes = new Gateways(static options => options.MaxAppends = 16);
        var keys = Enumerable.Range(0, 40).Select(Gateways.KeyOf).ToArray();
        foreach (GroupingKey key in keys)
        {
            nodes.Pushed(nodes.First, "a 1\n", key);
        }

        nodes.FirstLog.HoldsAppends = true;
        var delete = nodes.Begin(() => nodes.First.DeleteAsync(keys));
        Assert.Equal(2, nodes.First.AppendsInFlight);
        var push = nodes.Push(nodes.First, "a 1\n");
        Assert.Equal(3, nodes.First.AppendsInFlight);
        nodes.Pushed(nodes.Other, "a 2\n", keys[^1]);
        nodes.FirstLog.HoldsAppends = false;

        Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State);
        ReplicatedDelete ended = nodes.Ended(delete);
        Assert.Equal((ReplicatedState.Applied, 39), (ended.State, ended.Groups));
        Assert.Equal(keys.SkipLast(1), ended.Keys);
        nodes.Settle();
        Assert.Equal(2, Gateways.Value(nodes.OtherStore, "a", "job39"));
    }
}
