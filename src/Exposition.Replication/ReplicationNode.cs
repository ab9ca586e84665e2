namespace Exposition.Replication;

/// <summary>A node that takes part, as it was last heard of.</summary>
/// <param name="Address">Where others reach it (<see cref="ReplicationOptions.Address"/>).</param>
/// <param name="IsOwn">Whether it is this node.</param>
/// <param name="Behind">How many entries of the log it had yet to apply then.</param>
/// <param name="HeardAt">When that was, by its own clock; not later than now by this one's.</param>
public readonly record struct ReplicationNode(string Address, bool IsOwn, long Behind, DateTimeOffset HeardAt);
