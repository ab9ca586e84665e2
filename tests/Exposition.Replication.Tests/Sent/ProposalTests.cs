using Exposition.Engine;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Pushes on their way to the log, where it is slow, refuses, or is changed by others meanwhile.</summary>
public sealed class ProposalTests
{
    private const double Timeout = 9;

    [Fact]
    public void What_was_answered_with_503_does_not_replace_a_later_push_though_others_are_sent_with_it()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "one 0\ntwo 0\n");
        nodes.FirstLog.Answers = static _ => new Appended(AppendOutcome.Unavailable, Reason: "busy");
        var before = nodes.Push(nodes.First, "zero 1\n");
        nodes.Pass(1);
        var late = nodes.Push(nodes.First, "one 1\n");
        nodes.Pass(7.5);
        var last = nodes.Push(nodes.First, "two 1\n");

        // The first is given up after 9 seconds, and the two are sent together; the second is given up after 10.
        nodes.Pass(2);
        Assert.Equal(ReplicatedState.Unavailable, nodes.Ended(late).State);
        nodes.Pushed(nodes.Other, "one 2\n");
        nodes.FirstLog.Answers = static _ => null;

        Assert.Equal(ReplicatedState.Applied, nodes.Ended(last).State);
        nodes.Settle();
        Assert.Equal(ReplicatedState.Unavailable, nodes.Ended(before).State);
        Assert.Equal(2, Gateways.Value(nodes.FirstStore, "one"));
        Assert.Equal(1, Gateways.Value(nodes.FirstStore, "two"));
        Assert.Equal(2, Gateways.Value(nodes.OtherStore, "one"));
    }

    [Fact]
    public void A_push_that_an_interrupted_feed_has_passed_over_is_answered_when_what_replaced_it_is_here()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "alpha 1\n");
        nodes.FirstLog.HoldsFeed = true;
        Task<ReplicatedPush> push = nodes.Push(nodes.First, "alpha 2\n");
        nodes.Until(() => Gateways.Value(nodes.OtherStore, "alpha") == 2);
        Assert.True(nodes.Ended(nodes.Push(nodes.Other, "another 1\n", Gateways.KeyOf(1))).Outcome.IsStored);
        long between = nodes.Engine.LastRevision;
        Assert.True(nodes.Ended(nodes.Push(nodes.Other, "beta 3\n")).Outcome.IsStored);

        (nodes.FirstLog.FeedsUpTo, nodes.FirstLog.HoldsFeed) = (between, false);
        nodes.Until(() => nodes.First.Status.Applied == between);
        nodes.Pass(0.5);
        Assert.False(push.IsCompleted);

        nodes.FirstLog.FeedsUpTo = long.MaxValue;
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State);
        Assert.Equal((2, 3), (Gateways.Value(nodes.FirstStore, "alpha"), Gateways.Value(nodes.FirstStore, "beta")));
    }

    [Fact]
    public void A_push_is_given_up_in_time_where_others_before_it_do_not_end()
    {
        using var nodes = new Gateways(static options => options.MaxAppends = 1);
        nodes.Pushed(nodes.First, "a 1\n", Gateways.KeyOf(2));
        nodes.FirstLog.HoldsAppends = true;
        var before = nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(0));
        nodes.Pass(5);
        var waits = nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(1));
        var delete = nodes.Begin(() => nodes.First.DeleteAsync(Gateways.KeyOf(2)));
        nodes.Pass(Timeout + 0.1);

        Assert.All([before, waits], static push => Assert.True(push.IsCompletedSuccessfully));
        Assert.True(delete.IsCompletedSuccessfully);
        Assert.Equal(0, nodes.First.AppendsInFlight);
        nodes.FirstLog.HoldsAppends = false;
        nodes.Pushed(nodes.First, "a 2\n", Gateways.KeyOf(3));
    }

    [Fact]
    public void A_refusal_that_passes_is_waited_out_and_one_that_does_not_is_told_at_once()
    {
        using var nodes = new Gateways();
        int times = 0;
        nodes.FirstLog.Answers = _ => times++ < 4 ? new Appended(AppendOutcome.Unavailable, Reason: "no quorum (10008)") : null;
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(nodes.Push(nodes.First, "a 1\n")).State);
        Assert.True(times > 4);

        nodes.FirstLog.Answers = static _ => new Appended(AppendOutcome.Refused, Reason: "sealed (10109)");
        var refused = nodes.Push(nodes.First, "a 2\n");
        nodes.Pass(0.01);
        Assert.True(refused.IsCompletedSuccessfully);
        Assert.Equal((ReplicatedState.Unavailable, "sealed (10109)"), (nodes.Ended(refused).State, nodes.Ended(refused).Reason));
    }

    [Fact]
    public void A_small_push_is_taken_that_came_together_with_one_that_is_too_large()
    {
        using var nodes = new Gateways();
        nodes.Engine.MaxBytes = 2000;
        nodes.FirstLog.HoldsAppends = true;
        var before = nodes.Push(nodes.First, "zero 1\n");
        var small = nodes.Push(nodes.First, "small 1\n");
        var large = nodes.Push(nodes.First, Large(4000));
        var after = nodes.Push(nodes.First, "after 1\n");
        nodes.FirstLog.HoldsAppends = false;

        Assert.Equal(ReplicatedState.Applied, nodes.Ended(before).State);
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(small).State);
        Assert.Equal(ReplicatedState.TooLarge, nodes.Ended(large).State);
        Assert.Equal(ReplicatedState.Applied, nodes.Ended(after).State);
        Assert.Equal(1, Gateways.Value(nodes.FirstStore, "after"));
    }

    [Fact]
    public void Of_those_that_wait_there_are_eight_times_as_many_as_may_be_in_flight()
    {
        using var nodes = new Gateways(static options => options.MaxAppends = 2);
        nodes.FirstLog.HoldsAppends = true;
        var taken = Enumerable.Range(0, 16).Select(i => nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(i))).ToArray();
        var more = nodes.Ended(nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(16)));

        Assert.Equal(ReplicatedState.TooMany, more.State);
        Assert.Equal("16 pushes wait for the replication log: at most 8 times MaxAppends", more.Reason);
        Assert.Equal(2, nodes.First.AppendsInFlight);
        nodes.FirstLog.HoldsAppends = false;
        Assert.All(taken, push => Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State));
        nodes.Pushed(nodes.First, "a 1\n", Gateways.KeyOf(16));
    }

    [Fact]
    public void Those_that_wait_have_eight_times_as_many_bytes_as_may_be_in_flight()
    {
        using var nodes = new Gateways(static options => options.MaxAppendBytes = 1000);
        nodes.FirstLog.HoldsAppends = true;
        var taken = Enumerable.Range(0, 2).Select(i => nodes.Push(nodes.First, Large(3000), Gateways.KeyOf(i))).ToArray();
        var more = nodes.Ended(nodes.Push(nodes.First, Large(3000), Gateways.KeyOf(2)));

        Assert.Equal(ReplicatedState.TooManyBytes, more.State);
        Assert.EndsWith(" bytes of memory: at most 8 times MaxAppendBytes", more.Reason, StringComparison.Ordinal);
        nodes.FirstLog.HoldsAppends = false;
        Assert.All(taken, push => Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State));
        nodes.Pushed(nodes.First, Large(3000), Gateways.KeyOf(2));
    }

    [Fact]
    public void Where_there_is_no_room_a_refusal_is_remembered_here_and_not_sent()
    {
        using var nodes = new Gateways(static options => options.MaxAppends = 1);
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.FirstLog.HoldsAppends = true;
        var taken = Enumerable.Range(0, 8).Select(i => nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(i))).ToArray();
        nodes.Time.Begin(() => nodes.First.NoteFailure(Gateways.Key, "too large", "me"));
        nodes.FirstLog.HoldsAppends = false;

        Assert.All(taken, push => Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State));
        nodes.Settle();
        Assert.Equal("too large", nodes.FirstStore.Shared.LastFailureOf(Gateways.Key)?.Reason);
        Assert.Null(nodes.OtherStore.Shared.LastFailureOf(Gateways.Key));
    }

    [Fact]
    public void No_limit_is_no_limit()
    {
        using var nodes = new Gateways(static options => (options.MaxAppends, options.MaxAppendBytes) = (0, 0));
        nodes.FirstLog.HoldsAppends = true;
        var taken = Enumerable.Range(0, 3000).Select(i => nodes.Push(nodes.First, "a 1\n", Gateways.KeyOf(i))).ToArray();
        Assert.Equal(3000, nodes.First.AppendsInFlight);
        nodes.FirstLog.HoldsAppends = false;
        Assert.All(taken, push => Assert.Equal(ReplicatedState.Applied, nodes.Ended(push).State));
    }

    [Fact]
    public void Nothing_is_behind_when_the_last_entry_of_the_log_is_of_no_interest()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        nodes.Engine.Commit(new LogEntry(SteppedLog.Hidden, default, 0, default), null, null, isWipe: false);
        nodes.Pass(3);

        ReplicationStatus status = nodes.First.Status;
        Assert.Equal(status.Applied, status.LastRevision);
        Assert.Equal(ReplicationPhase.Live, status.Phase);
    }

    [Fact]
    public void What_is_yet_to_be_read_at_the_start_is_behind()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "a 1\n");
        var log = new SteppedLog(nodes.Engine, nodes.Time) { HoldsFeed = true };
        using var node = new Replicator(
            new MetricStore(new StoreOptions { Time = nodes.Time, ShapeCacheBytes = 0, BundleCacheBytes = 0 }), log,
            new ReplicationOptions());
        using var end = new CancellationTokenSource();
        nodes.Time.Begin(() => _ = node.RunAsync(end.Token));
        nodes.Pass(1);

        Assert.Equal((0, nodes.Engine.LastRevision), (node.Status.Applied, node.Status.LastRevision));
        log.HoldsFeed = false;
        nodes.Until(() => node.Status is { Phase: ReplicationPhase.Live } status && status.Applied == status.LastRevision);
        nodes.Time.Begin(end.Cancel);
    }

    private static string Large(int bytes) => $"large{{x=\"{new string('x', bytes)}\"}} 1\n";
}
