namespace Exposition.Persistence;

/// <summary>Where and how the state of an engine outlives the process. Read once, when the host is built.</summary>
public sealed class SqlitePersistenceOptions
{
    /// <summary>
    /// The file; beside it lie SQLite's own (<c>-wal</c>, <c>-shm</c>). One process at a time. A state file of the Prometheus Pushgateway
    /// is imported and kept under another name. Empty, the default: nothing is kept.
    /// </summary>
    public string File { get; set; } = "";

    /// <summary>
    /// How old a change may become before it is written; 1 s by default, at most a week. At zero each push and delete is answered when it
    /// is on disk.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A snapshot to begin with; then <see cref="File"/> must not exist yet, or be empty. Empty, the default, for none.
    /// </summary>
    public string RestoreFrom { get; set; } = "";

    /// <summary>How the message that no <see cref="File"/> is given names it.</summary>
    internal string FileName { get; set; } = nameof(File);

    /// <summary>How the message about a <see cref="File"/> that exists beside <see cref="RestoreFrom"/> names that option.</summary>
    internal string RestoreFromName { get; set; } = nameof(RestoreFrom);
}
