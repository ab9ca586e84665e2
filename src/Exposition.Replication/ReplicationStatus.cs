namespace Exposition.Replication;

/// <summary>Where a node is.</summary>
public enum ReplicationPhase : byte
{
    /// <summary>It has yet to read all that the log has.</summary>
    Starting,

    /// <summary>It follows the log, and takes changes.</summary>
    Live,

    /// <summary>It was live, and has lost the log.</summary>
    Away,

    /// <summary>It cannot take part; somebody must act.</summary>
    Refused,
}

/// <summary>Where a node is, at one moment.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Reason">Why it is not live, in words; null where it is.</param>
/// <param name="Applied">The revision of the last entry that was applied.</param>
/// <param name="LastRevision">The greatest that the log is known to have.</param>
/// <param name="SilentFor">For how long nothing was heard of the log.</param>
/// <param name="Unreplicated">How many groups this node has that are not in the log as they are here.</param>
public readonly record struct ReplicationStatus(
    ReplicationPhase Phase, string? Reason, long Applied, long LastRevision, TimeSpan SilentFor, int Unreplicated);
