using System.Buffers.Binary;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Replication.Messages;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests.Healing;

/// <summary>What becomes of groups that a node has when it comes to a log.</summary>
public sealed class SeedingTests
{
    private static readonly GroupingKey s_a = GroupingKey.Create(("job", "a"));
    private static readonly GroupingKey s_b = GroupingKey.Create(("job", "b"));
    private static readonly GroupingKey s_c = GroupingKey.Create(("job", "c"));

    private readonly Nodes _nodes = new();

    [Fact]
    public void A_node_seeds_a_log_that_an_empty_one_has_taken_into_use_and_pushed_to()
    {
        NodeCopy old = _nodes.Before((s_a, "x 1\n"), (s_b, "x 1\ny 1\n"));
        Node first = _nodes.Start();
        _nodes.Push(first, s_b, "x 2\n", PushMode.Merge);
        _nodes.Push(first, s_c, "x 3\n");

        Node second = _nodes.Start(old, seeds: true);
        _nodes.Until(() => second.IsQuiet);
        _nodes.Wait(TimeSpan.FromSeconds(3));

        Assert.Equal(("x=1", "x=2 y=1", "x=3"), (Nodes.Series(first, s_a), Nodes.Series(first, s_b), Nodes.Series(first, s_c)));
        Assert.Equal(first.Text, second.Text);
    }

    [Fact]
    public void A_node_with_groups_that_were_never_in_the_log_does_not_take_part_and_keeps_them()
    {
        NodeCopy old = _nodes.Before((s_a, "x 1\n"));
        Node first = _nodes.Start();
        _nodes.Push(first, s_a, "x 2\n");
        Node second = _nodes.Create(old);
        string text = second.Text;
        second.Start();
        _nodes.Until(() => second.Replicator.Status.Phase == ReplicationPhase.Refused);

        Assert.Equal(text, second.Text);
        Assert.Contains("1 groups that were never in the log", second.Replicator.Status.Reason, StringComparison.Ordinal);
        Assert.Contains("--replication.seed", Assert.Single(second.Notices), StringComparison.Ordinal);
        Assert.Equal(ReplicatedState.Unavailable, _nodes.Push(second, s_b, "x 1\n").State);
    }

    [Fact]
    public void A_node_that_comes_back_with_its_copy_takes_the_log_for_the_truth()
    {
        Node first = _nodes.Start();
        Node second = _nodes.Start();
        _nodes.Push(first, s_a, "x 1\n");
        _nodes.Push(first, s_b, "x 1\n");
        second.Keep();
        second.Stop();
        _nodes.Delete(first, s_a);
        _nodes.Push(first, s_b, "x 2\n");

        Node again = _nodes.Start(second.Copy);

        Assert.Equal(("", "x=2"), (Nodes.Series(again, s_a), Nodes.Series(again, s_b)));
        Assert.Equal(first.Text, again.Text);
    }

    [Fact]
    public void A_node_that_seeds_again_brings_nothing_back()
    {
        Node first = _nodes.Start(_nodes.Before((s_a, "x 1\n"), (s_b, "x 1\n")), seeds: true);
        _nodes.Until(() => first.IsQuiet);
        first.Keep();
        first.Stop();
        Node second = _nodes.Start();
        _nodes.Delete(second, s_a);

        Node again = _nodes.Start(first.Copy, seeds: true);
        _nodes.Wait(TimeSpan.FromSeconds(3));

        Assert.Equal(("", "x=1"), (Nodes.Series(again, s_a), Nodes.Series(again, s_b)));
        Assert.Equal(second.Text, again.Text);
    }

    [Fact]
    public void A_group_that_is_too_large_keeps_no_other_from_being_seeded_and_is_said()
    {
        NodeCopy old = _nodes.Before((s_a, "x 1\n"), (s_b, $"# HELP x {new string('h', 4000)}\nx 1\n"), (s_c, "x 1\n"));
        _nodes.Engine.MaxBytes = 2000;
        Node first = _nodes.Start(old, seeds: true);
        Node second = _nodes.Start();
        _nodes.Wait(TimeSpan.FromMinutes(5));

        Assert.Equal(("x=1", "", "x=1"), (Nodes.Series(second, s_a), Nodes.Series(second, s_b), Nodes.Series(second, s_c)));
        Assert.Equal("x=1", Nodes.Series(first, s_b));
        Assert.Equal((1, 1L), (first.Replicator.Status.Unreplicated, first.Replicator.Counts.Divergent));
        Assert.Single(first.Notices, static notice => notice.Contains("too large", StringComparison.Ordinal));

        _nodes.Engine.MaxBytes = 20_000;
        _nodes.Until(() => first.IsQuiet);
        _nodes.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal(first.Text, second.Text);
    }

    [Fact]
    public void Nodes_take_no_part_in_a_log_that_a_later_version_has_written_to()
    {
        Node first = _nodes.Start();
        _nodes.Push(first, s_a, "x 1\n");
        byte[] body = MessageCodec.Write(new Message(MessageKind.Gone, 1, s_a), null).ToArray();
        body[0] = MessageCodec.FormatVersion + 1;
        Span<byte> checksum = body.AsSpan(body.Length - sizeof(uint));
        uint crc = RowChecksum.Append(uint.MaxValue, body.AsSpan(0, body.Length - checksum.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, ~crc);
        first.Keep();
        _nodes.Engine.Commit(
            new LogEntry(Subjects.Of(s_a), new OperationId(Guid.NewGuid(), 1), 1, body), null, null, isWipe: false);
        Node second = _nodes.Create(first.Copy);
        second.Start();
        _nodes.Until(() => first.Replicator.Status.Phase == ReplicationPhase.Refused
            && second.Replicator.Status.Phase == ReplicationPhase.Refused);

        Assert.Equal(("x=1", "x=1"), (Nodes.Series(first, s_a), Nodes.Series(second, s_a)));
        Assert.Contains("later version", first.Replicator.Status.Reason, StringComparison.Ordinal);
        Assert.Equal(ReplicatedState.Unavailable, _nodes.Push(first, s_a, "x 2\n").State);
    }
}
