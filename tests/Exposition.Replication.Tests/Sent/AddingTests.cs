using System.Text;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Replication.Messages;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Pushes that add up, with ids and sources, at nodes with one log.</summary>
public sealed class AddingTests
{
    private const string One = "# TYPE total counter\ntotal 1\n";

    [Fact]
    public void What_two_nodes_add_at_once_is_added()
    {
        using var nodes = new Gateways();
        nodes.FirstLog.HoldsAppends = nodes.OtherLog.HoldsAppends = true;
        Task<ReplicatedPush>[] pushes = [.. Enumerable.Range(0, 12)
            .Select(i => Add(nodes, i % 2 == 0 ? nodes.First : nodes.Other, One))];
        nodes.Pass(0.1);
        nodes.FirstLog.HoldsAppends = nodes.OtherLog.HoldsAppends = false;

        Assert.All(pushes, push => Assert.Equal(
            new ReplicatedPush(ReplicatedState.Applied, new PushOutcome(PushStatus.Stored)), nodes.Ended(push)));
        nodes.Settle();
        Assert.Equal(12, Gateways.Value(nodes.FirstStore, "total"));
        Assert.Equal(12, Gateways.Value(nodes.OtherStore, "total"));
        Assert.True(nodes.First.Counts.Rebases + nodes.Other.Counts.Rebases > 0);
    }

    [Fact]
    public void A_retry_at_another_node_counts_once_and_one_with_another_body_is_refused()
    {
        using var nodes = new Gateways();
        Assert.Equal(PushStatus.Stored, nodes.Ended(Add(nodes, nodes.First, One, "7")).Outcome.Status);
        nodes.Settle();

        Assert.Equal(PushStatus.Stored, nodes.Ended(Add(nodes, nodes.Other, One, "7")).Outcome.Status);
        Assert.Equal(PushStatus.IdReused, nodes.Ended(Add(nodes, nodes.Other, One.Replace('1', '2'), "7")).Outcome.Status);
        Assert.Equal(PushStatus.Stored, nodes.Ended(Add(nodes, nodes.Other, One, "8")).Outcome.Status);
        nodes.Settle();
        Assert.Equal(2, Gateways.Value(nodes.FirstStore, "total"));
    }

    [Fact]
    public void The_same_id_at_two_nodes_at_once_counts_once()
    {
        using var nodes = new Gateways();
        Task<ReplicatedPush>[] pushes = [Add(nodes, nodes.First, One, "7"), Add(nodes, nodes.Other, One, "7")];

        Assert.All(pushes, push => Assert.Equal(PushStatus.Stored, nodes.Ended(push).Outcome.Status));
        nodes.Settle();
        Assert.Equal(1, Gateways.Value(nodes.OtherStore, "total"));
    }

    [Fact]
    public void A_source_counts_on_at_another_node()
    {
        using var nodes = new Gateways();
        foreach ((Replicator node, int total, string source) in
            ((Replicator, int, string)[])[(nodes.First, 5, "a"), (nodes.Other, 7, "a"), (nodes.First, 10, "b"), (nodes.Other, 3, "a")])
        {
            var details = new PushDetails { Source = Encoding.UTF8.GetBytes(source) };
            string body = $"# TYPE total counter\ntotal {total}\n";
            Assert.True(nodes.Ended(Push(nodes, node, body, PushMode.Cumulative, details)).Outcome.IsStored);
            nodes.Settle();
        }

        Assert.Equal(7 + 10 + 3, Gateways.Value(nodes.FirstStore, "total"));
        Assert.Equal(7 + 10 + 3, Gateways.Value(nodes.OtherStore, "total"));
    }

    [Fact]
    public void An_addition_without_an_id_whose_answer_was_lost_is_not_added_again()
    {
        using var nodes = new Gateways();
        nodes.FirstLog.Answers = static _ => new Appended(AppendOutcome.Unknown);
        Task<ReplicatedPush> unsure = Add(nodes, nodes.First, One);
        nodes.Pass(0.5);
        Assert.True(nodes.Ended(Add(nodes, nodes.Other, One)).Outcome.IsStored);
        nodes.FirstLog.Answers = static _ => null;

        ReplicatedPush push = nodes.Ended(unsure);

        Assert.Equal(ReplicatedState.Unavailable, push.State);
        Assert.Contains("not known", push.Reason, StringComparison.Ordinal);
        Assert.Equal(1, Gateways.Value(nodes.OtherStore, "total"));
    }

    [Fact]
    public void A_push_that_meets_a_wipe_on_its_way_does_not_bring_back_what_was_wiped()
    {
        using var nodes = new Gateways();
        Assert.True(nodes.Ended(Add(nodes, nodes.First, One, "1")).Outcome.IsStored);
        nodes.Settle();
        nodes.OtherLog.HoldsFeed = true;
        Assert.Equal(1, nodes.Ended(nodes.Begin(nodes.First.WipeAsync)).Groups);
        Task<ReplicatedPush> push = nodes.Push(nodes.Other, "other 1\n");
        nodes.Pass(0.2);
        nodes.OtherLog.HoldsFeed = false;

        Assert.True(nodes.Ended(push).Outcome.IsStored);
        nodes.Settle();
        Assert.Null(Gateways.Value(nodes.FirstStore, "total"));
        Assert.Equal(1, Gateways.Value(nodes.FirstStore, "other"));
    }

    [Fact]
    public void What_cannot_be_added_is_refused_with_its_reason()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "# TYPE total gauge\ntotal 1\n");

        PushOutcome outcome = nodes.Ended(Add(nodes, nodes.Other, One)).Outcome;

        Assert.Equal(PushStatus.Unmergeable, outcome.Status);
        Assert.Contains("is a GAUGE", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_is_of_the_new_format_only_where_something_is_remembered()
    {
        using var nodes = new Gateways();
        nodes.Pushed(nodes.First, "plain 1\n");
        Assert.Equal(1, Version(nodes));
        nodes.Ended(Add(nodes, nodes.First, One, "1"));
        Assert.Equal(2, Version(nodes));
        nodes.Ended(nodes.Begin(() => nodes.First.DeleteAsync(Gateways.Key)));
        Assert.Equal(1, Version(nodes));
        nodes.Pushed(nodes.First, "plain 1\n");
        Assert.Equal(1, Version(nodes));
    }

    [Fact]
    public void A_message_says_all_that_a_state_remembers()
    {
        using var nodes = new Gateways();
        var details = new PushDetails { Id = "1"u8.ToArray(), Source = "one"u8.ToArray() };
        Assert.True(nodes.Ended(Push(nodes, nodes.First, One, PushMode.Cumulative, details)).Outcome.IsStored);
        LogEntry entry = nodes.Engine.Find(Subjects.Of(Gateways.Key))!.Value.Entry;

        Assert.Equal(MessageFault.None, MessageCodec.TryRead(entry.Body.Span, null, out Message message));

        GroupState state = message.State;
        Assert.Equal((1L, 1, 1L), (state.Height, state.Ids!.Count, state.IdCount));
        Assert.Equal(nodes.FirstStore.State.IdKey.Bytes.ToArray(), state.Ids.Key!.Bytes.ToArray());
        Assert.Equal(1, state.Memory!.Sources!.Count);
    }

    [Fact]
    public void While_the_log_is_away_additions_and_pushes_to_what_was_added_to_are_not_taken()
    {
        var nodes = new Nodes();
        Node node = nodes.Start(when: WhenUnreachable.Accept);
        Assert.True(nodes.Push(node, Gateways.Key, One, PushMode.Add).Outcome.IsStored);
        nodes.Cut(node);

        Assert.Equal(ReplicatedState.Unavailable, nodes.Push(node, Gateways.Key, One, PushMode.Add).State);
        Assert.Equal(ReplicatedState.Unavailable, nodes.Push(node, Gateways.Key, "other 1\n", PushMode.Merge).State);
        Assert.Equal(ReplicatedState.Unavailable, nodes.Push(node, Gateways.KeyOf(1), One, PushMode.Cumulative).State);
        Assert.Equal(ReplicatedState.Unreplicated, nodes.Push(node, Gateways.KeyOf(1), "other 1\n", PushMode.Merge).State);
        nodes.Join(node);
        Assert.True(nodes.Push(node, Gateways.Key, One, PushMode.Add).Outcome.IsStored);
        Assert.Equal(2, Gateways.Value(node.Store, "total"));
    }

    [Fact]
    public void Of_two_states_that_grew_apart_that_with_more_pushes_stays_and_it_is_counted_and_told()
    {
        var nodes = new Nodes();
        Node first = nodes.Start(), other = nodes.Start();
        for (int i = 0; i < 3; i++)
        {
            Assert.True(nodes.Push(first, Gateways.Key, One, PushMode.Add).Outcome.IsStored);
        }

        nodes.Wait(TimeSpan.FromSeconds(1));
        other.Log.IsCut = true;
        nodes.Engine.Wake();
        nodes.Until(() => other.Replicator.Status.Phase == ReplicationPhase.Away);
        Assert.True(nodes.Push(first, Gateways.Key, One, PushMode.Add).Outcome.IsStored);
        first.Stop();
        nodes.Engine.LoseAll();
        other.Log.IsCut = false;
        nodes.Engine.Wake();
        nodes.Until(() => other.IsQuiet);
        Assert.True(nodes.Push(other, Gateways.Key, One.Replace("1", "10"), PushMode.Add).Outcome.IsStored);
        Assert.True(nodes.Push(other, Gateways.Key, One.Replace("1", "10"), PushMode.Add).Outcome.IsStored);
        Assert.Equal(23, Gateways.Value(other.Store, "total"));

        // It comes back with its four, as what it has changed alone: five have been pushed to the other.
        Node back = nodes.Start(Alone(first));
        nodes.Until(() => back.IsQuiet);
        nodes.Wait(TimeSpan.FromSeconds(3));

        Assert.Equal(23, Gateways.Value(back.Store, "total"));
        Assert.Equal(1, back.Replicator.Counts.GrownApart);
        Assert.Contains(back.Notices, static notice => notice.StartsWith("GrownApart: 1 groups", StringComparison.Ordinal));
    }

    private static NodeCopy Alone(Node node)
    {
        Assert.True(node.Store.Shared.TryCopy(Gateways.Key, out GroupState state, out _));
        node.Store.Shared.ApplyAlone(Gateways.Key, state, 0);
        return new NodeCopy(node.Store);
    }

    private static int Version(Gateways nodes)
    {
        nodes.Settle();
        return nodes.Engine.Find(Subjects.Of(Gateways.Key))!.Value.Entry.Body.Span[0];
    }

    private static Task<ReplicatedPush> Add(Gateways nodes, Replicator node, string body, string id = "") =>
        Push(nodes, node, body, PushMode.Add, new PushDetails { Id = Encoding.UTF8.GetBytes(id) });

    private static Task<ReplicatedPush> Push(Gateways nodes, Replicator node, string body, PushMode mode, PushDetails details) =>
        nodes.Begin(() => node.PushAsync(Gateways.Key, PushFormat.Text, Encoding.UTF8.GetBytes(body), mode, details));
}
