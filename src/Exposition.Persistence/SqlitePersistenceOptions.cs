namespace Exposition.Persistence;

/// <summary>
/// Where and how the state of an engine outlives the process. Read once, when the host is built. What is wrong ends its start with an
/// <c>OptionsValidationException</c>.
/// </summary>
public sealed class SqlitePersistenceOptions
{
    /// <summary>
    /// The file; beside it lie SQLite's own (<c>-wal</c>, <c>-shm</c>). One process at a time. A state file of the Prometheus Pushgateway
    /// is imported and kept under another name. Default: empty, which keeps nothing: an error of
    /// the start where there is no <see cref="RestoreFrom"/> either.
    /// </summary>
    public string File { get; set; } = "";

    /// <summary>
    /// How old a change may become before it is written. Default: 1 second. More than a week means a week. At 0 each push and delete is
    /// answered when it is on disk; less is an error.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A snapshot to begin with; then <see cref="File"/> must not exist yet, or be empty. Default: empty, which means none.
    /// </summary>
    public string RestoreFrom { get; set; } = "";

    /// <summary>How the message that no <see cref="File"/> is given names it.</summary>
    internal string FileName { get; set; } = nameof(File);

    /// <summary>How the message about a <see cref="File"/> that exists beside <see cref="RestoreFrom"/> names that option.</summary>
    internal string RestoreFromName { get; set; } = nameof(RestoreFrom);
}
