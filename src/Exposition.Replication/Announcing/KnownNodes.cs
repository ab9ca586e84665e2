namespace Exposition.Replication.Announcing;

/// <summary>The nodes that have announced themselves lately. Safe for concurrent use.</summary>
internal sealed class KnownNodes(TimeProvider time, string own)
{
    /// <summary>For how long a node is known that is not heard of again.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    // Of more nodes than anybody has, some are not known.
    private const int Most = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (ReplicationNode Node, long SeenAt)> _nodes = new(StringComparer.Ordinal);

    /// <summary>A node has announced itself.</summary>
    public void Take(in LogEvent logged)
    {
        if (!NodeMessage.TryRead(logged.Entry.Body.Span, out NodeMessage message))
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        long age = Math.Clamp((now - DateTimeOffset.UnixEpoch).Ticks - (logged.Entry.Stamp / 100), 0, Life.Ticks);
        var node = new ReplicationNode(
            message.Address, message.Address == own, Math.Max(0, logged.Revision - 1 - message.Applied), now.AddTicks(-age));
        lock (_lock)
        {
            Forget();
            if (_nodes.Count < Most || _nodes.ContainsKey(message.Address))
            {
                _nodes[message.Address] = (node, time.GetTimestamp());
            }
        }
    }

    /// <summary>Those that are known, in order of their addresses.</summary>
    public ReplicationNode[] Read()
    {
        lock (_lock)
        {
            Forget();
            return [.. _nodes.Values.Select(static known => known.Node).OrderBy(static node => node.Address, StringComparer.Ordinal)];
        }
    }

    private void Forget()
    {
        foreach ((string address, (_, long seenAt)) in _nodes)
        {
            if (time.GetElapsedTime(seenAt) >= Life)
            {
                _nodes.Remove(address);
            }
        }
    }
}
