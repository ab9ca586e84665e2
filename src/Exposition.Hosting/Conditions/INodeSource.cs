namespace Exposition.Hosting.Conditions;

/// <summary>The nodes that an engine shares its groups with. A service of the host, keyed by the engine's name where it has one.</summary>
internal interface INodeSource
{
    /// <summary>Those that were heard of lately, this one among them, in order of their addresses.</summary>
    public IReadOnlyList<HostNode> Read();
}

/// <summary>A node that shares its groups.</summary>
/// <param name="Address">Where it is reached: host and port.</param>
/// <param name="IsOwn">Whether it is this one.</param>
/// <param name="Behind">How many changes it had yet to apply when it was heard of.</param>
/// <param name="HeardAt">When that was.</param>
internal readonly record struct HostNode(string Address, bool IsOwn, long Behind, DateTimeOffset HeardAt);
