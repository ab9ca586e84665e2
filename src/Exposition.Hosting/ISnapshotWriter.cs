namespace Exposition.Hosting;

/// <summary>
/// Where a host writes snapshots of one engine for backup: all its groups as they are at one point in time. A service of the host, keyed by
/// the engine's name where it has one. Safe for concurrent use.
/// </summary>
public interface ISnapshotWriter
{
    /// <summary>Why no snapshot can be written, in words for the client; null where one can.</summary>
    public string? Unavailable { get; }

    /// <summary>
    /// Writes a snapshot into a new place; pushes go on meanwhile. Why that fails is for the log of the host, and no exception: clients are
    /// not told.
    /// </summary>
    /// <returns>What was written; null if that has failed.</returns>
    public Task<WrittenSnapshot?> WriteSnapshotAsync();
}
