using Exposition.Hosting.Conditions;

namespace Exposition.Gateway.Replication;

/// <summary>The gateways that have their groups in common.</summary>
internal sealed class ReplicatedNodes(ReplicatedGroups groups) : INodeSource
{
    public IReadOnlyList<HostNode> Read() =>
        [.. groups.Replicator.Nodes.Select(static node => new HostNode(node.Address, node.IsOwn, node.Behind, node.HeardAt))];
}
