using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;

namespace Exposition.Replication.Tests.Simulated;

/// <summary>The groups of a node, as its durable copy has them: in the bytes of its rows.</summary>
internal sealed class NodeCopy
{
    private readonly List<(GroupingKey Key, byte[] Content)> _rows = [];

    public NodeCopy(MetricStore store)
    {
        using StoreView view = store.OpenView();
        foreach (GroupSnapshot group in view.Groups)
        {
            var content = new GroupToWrite(
                group.Families, group.HasExplicitExpiry ? store.ExpiryOf(group) : null, group.LastFailure,
                new KeptMemory(group.Memory, group.IdCount > 0 ? group.Slot.Ids : null, group.IdCount, store.State.IdKey)
                {
                    Place = group.Slot.Place,
                    HasIds = true,
                });
            byte[] bytes = new byte[GroupContent.MaxSize(content)];
            _rows.Add((group.Key, bytes[..GroupContent.Write(content, bytes)]));
        }
    }

    public void RestoreInto(MetricStore store)
    {
        foreach ((GroupingKey key, byte[] content) in _rows)
        {
            Assert.True(GroupContent.TryRead(content, out GroupState state));
            store.RestoreOwn(key, state.Families, state.ExpiresAt, state.LastFailure,
                new KeptMemory(state.Memory, state.Ids, state.IdCount, null) { Place = state.Place });
        }
    }
}
