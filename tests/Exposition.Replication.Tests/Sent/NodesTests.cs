using System.Text;
using Exposition.Replication.Announcing;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Which nodes there are, as they tell each other by the log.</summary>
public sealed class NodesTests
{
    [Fact]
    public void Nodes_with_an_address_know_each_other_while_they_are_there()
    {
        int number = 0;
        using var nodes = new Gateways(options => options.Address = $"gateway-{++number}:9091");
        nodes.Until(() => nodes.First.Nodes.Count == 2 && nodes.Other.Nodes.Count == 2);

        Assert.Equal(["gateway-1:9091", "gateway-2:9091"], nodes.Other.Nodes.Select(static node => node.Address));
        Assert.Equal([false, true], nodes.Other.Nodes.Select(static node => node.IsOwn));
        Assert.Equal([true, false], nodes.First.Nodes.Select(static node => node.IsOwn));
        nodes.Pass(35);
        Assert.All(nodes.Other.Nodes, node =>
            Assert.InRange(nodes.Time.GetUtcNow() - node.HeardAt, TimeSpan.Zero, TimeSpan.FromSeconds(11)));

        // One that is heard of no more is forgotten, by the log, too.
        nodes.FirstLog.Answers = static _ => new Appended(AppendOutcome.Unavailable);
        nodes.Pass(75);
        Assert.Equal("gateway-2:9091", Assert.Single(nodes.Other.Nodes).Address);
        Assert.Single(nodes.Engine.Stamps(), static stamp => NodeMessage.IsSubject(stamp.Subject));

        // And is back after a while.
        nodes.FirstLog.Answers = static _ => null;
        nodes.Until(() => nodes.Other.Nodes.Count == 2);
    }

    [Fact]
    public void A_node_that_does_not_keep_up_says_by_how_much()
    {
        int number = 0;
        using var nodes = new Gateways(options => options.Address = $"gateway-{++number}:9091");
        nodes.Until(() => nodes.Other.Nodes.Count == 2);
        nodes.FirstLog.HoldsFeed = true;
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(
                ReplicatedState.Applied, nodes.Ended(nodes.Push(nodes.Other, "a 1\n", Gateways.KeyOf(i))).State);
        }

        nodes.Pass(11);
        Assert.InRange(nodes.Other.Nodes[0].Behind, 20, 30);
        Assert.InRange(nodes.Other.Nodes[1].Behind, 0, 1);
        nodes.FirstLog.HoldsFeed = false;
        nodes.Until(() => nodes.Other.Nodes[0].Behind <= 1);
    }

    [Fact]
    public void Without_an_address_nobody_is_told()
    {
        using var nodes = new Gateways();
        nodes.Pass(30);

        Assert.Empty(nodes.First.Nodes);
        Assert.DoesNotContain(nodes.Engine.Stamps(), static stamp => NodeMessage.IsSubject(stamp.Subject));
    }

    [Fact]
    public void What_a_node_says_reads_back_and_what_is_cut_or_later_does_not()
    {
        byte[] body = new NodeMessage("gateway:9091", 17).Write();
        Assert.True(NodeMessage.TryRead(body, out NodeMessage read));
        Assert.Equal(new NodeMessage("gateway:9091", 17), read);
        for (int length = 0; length < body.Length; length++)
        {
            Assert.False(NodeMessage.TryRead(body.AsSpan(0, length), out _));
        }

        Assert.False(NodeMessage.TryRead([.. body, 0], out _));
        body[0]++;
        Assert.False(NodeMessage.TryRead(body, out _));
        Assert.False(NodeMessage.TryRead(new NodeMessage(new string('a', 256), 0).Write(), out _));
        Assert.False(NodeMessage.TryRead(new NodeMessage("", 0).Write(), out _));
    }

    [Fact]
    public void More_nodes_than_anybody_has_are_not_kept()
    {
        var known = new KnownNodes(TimeProvider.System, "1");
        for (int i = 0; i < 100; i++)
        {
            long now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
            known.Take(new LogEvent(LogEventKind.Entry, i + 1, new LogEntry("n.1", default, now, new NodeMessage($"{i}", 0).Write())));
        }

        Assert.Equal(64, known.Read().Length);
        known.Take(new LogEvent(LogEventKind.Entry, 1, new LogEntry("n.1", default, 0, Encoding.UTF8.GetBytes("damaged"))));
        Assert.Equal(64, known.Read().Length);
    }
}
