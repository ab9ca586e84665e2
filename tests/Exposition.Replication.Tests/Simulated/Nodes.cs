using System.Text;
using Exposition.Engine;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Simulated;

/// <summary>Nodes of one log, under one clock, that do what a test says, one step after the other.</summary>
internal sealed class Nodes
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    public Nodes() => Engine = new MemoryEngine(Time);

    public SimulatedTime Time { get; } = new();

    public MemoryEngine Engine { get; }

    public Node Create(NodeCopy? copy = null, bool seeds = false, WhenUnreachable when = WhenUnreachable.Refuse) =>
        new(Time, Engine, new NodeSettings(Random: null) { Copy = copy, Seed = seeds, WhenUnreachable = when });

    /// <summary>Starts a node, and waits until it is live.</summary>
    public Node Start(NodeCopy? copy = null, bool seeds = false, WhenUnreachable when = WhenUnreachable.Refuse)
    {
        Node node = Create(copy, seeds, when);
        node.Start();
        Until(() => node.Replicator.Status.Phase == ReplicationPhase.Live);
        return node;
    }

    public void Until(Func<bool> isSo) => Assert.True(Time.RunUntil(isSo, s_long), "it did not come to be so");

    public void Wait(TimeSpan time) => Time.RunUntil(static () => false, time);

    /// <summary>Cuts a node off, and waits until it knows.</summary>
    public void Cut(Node node)
    {
        node.Log.IsCut = true;
        Engine.Wake();
        Until(() => node.Replicator.Status.Phase == ReplicationPhase.Away);
        Wait(TimeSpan.FromSeconds(1));
    }

    /// <summary>Joins it again, and waits until all that it has is in the log.</summary>
    public void Join(Node node)
    {
        node.Log.IsCut = false;
        Engine.Wake();
        Until(() => node.IsQuiet);
        Wait(TimeSpan.FromSeconds(3));
    }

    public ReplicatedPush Push(Node node, GroupingKey key, string body, PushMode mode = PushMode.Replace)
    {
        Wait(TimeSpan.FromSeconds(1));
        return Result(() => node.Replicator.PushAsync(key, PushFormat.Text, Encoding.UTF8.GetBytes(body), mode));
    }

    public ReplicatedDelete Delete(Node node, GroupingKey key)
    {
        Wait(TimeSpan.FromSeconds(1));
        return Result(() => node.Replicator.DeleteAsync(key));
    }

    public ReplicatedDelete Wipe(Node node)
    {
        Wait(TimeSpan.FromSeconds(1));
        return Result(node.Replicator.WipeAsync);
    }

    /// <summary>The copy of a store that has been there before the log.</summary>
    public NodeCopy Before(params (GroupingKey Key, string Body)[] groups)
    {
        var store = new MetricStore(new StoreOptions { Time = Time });
        foreach ((GroupingKey key, string body) in groups)
        {
            store.Push(key, PushFormat.Text, Encoding.UTF8.GetBytes(body), PushMode.Replace).ThrowIfRefused();
        }

        return new NodeCopy(store);
    }

    /// <summary>The lines of a group's series, but for those of the store itself, in their order.</summary>
    public static string Series(Node node, GroupingKey key)
    {
        string job = $"job=\"{Encoding.UTF8.GetString(key.Job)}\"";
        return string.Join(' ', node.Text.Split('\n')
            .Where(line => line.Contains(job, StringComparison.Ordinal) && !line.StartsWith("push_", StringComparison.Ordinal))
            .Select(static line => line[..line.IndexOf('{', StringComparison.Ordinal)] + line[line.LastIndexOf(' ')..].Replace(' ', '=')));
    }

    private T Result<T>(Func<Task<T>> begin)
    {
        Task<T>? task = null;
        Time.Begin(() => task = begin());
        Until(() => task!.IsCompleted);
        return task!.GetAwaiter().GetResult();
    }
}
