using System.Collections.Concurrent;
using Exposition.Replication.Messages;

namespace Exposition.Replication.Sending;

/// <summary>The appends of this node whose end nobody knows yet. Safe for concurrent use.</summary>
internal sealed class SentOperations
{
    private readonly ConcurrentDictionary<OperationId, SentOperation> _sent = new();
    private readonly Guid _node = Guid.NewGuid();
    private long _last;

    /// <summary>Which run of which node this is.</summary>
    public Guid Node => _node;

    /// <summary>A new one.</summary>
    /// <param name="message">See <see cref="SentOperation.Message"/>.</param>
    /// <param name="sent">It.</param>
    public OperationId Add(in Message message, out SentOperation sent)
    {
        var id = new OperationId(_node, Interlocked.Increment(ref _last));
        _sent[id] = sent = new SentOperation(message);
        return id;
    }

    /// <summary>The one that has come out of the log; null for one of another node, or of no interest any more.</summary>
    public SentOperation? Find(OperationId id) => id.Node == _node && _sent.TryGetValue(id, out SentOperation? sent) ? sent : null;

    /// <summary>Its end is known, or nobody waits for it.</summary>
    public void Remove(OperationId id) => _sent.TryRemove(id, out _);
}
