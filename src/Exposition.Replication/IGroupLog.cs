namespace Exposition.Replication;

/// <summary>
/// An ordered log of entries that all nodes share, of which it keeps the newest of each subject. Safe for concurrent use. What is written
/// here of each method is its contract: the replication relies on it, whatever engine is behind it.
/// </summary>
/// <remarks>
/// <para>
/// Every entry that is committed gets a revision, greater than that of all before it. An entry is committed when no fault that the engine
/// is made for can take it back; readers are given committed entries only, each of them in the order of revisions. An engine that loses
/// entries nevertheless may use their revisions again; then it says so where it can tell (<see cref="LogRestartedException"/>).
/// </para>
/// <para>
/// An entry takes the place of the earlier one of its subject. A reader that comes later may not be given what was replaced, has lived its
/// time, or was wiped; the newest of each subject it is given always.
/// </para>
/// </remarks>
public interface IGroupLog : IAsyncDisposable
{
    /// <summary>The most bytes of the body of an entry, as the engine says; what it was last known to be while it is away.</summary>
    public int MaxBytes { get; }

    /// <summary>Reaches the engine, and creates the log if it is not there. Called again after each interruption.</summary>
    /// <exception cref="LogUnavailableException">The engine cannot be reached now.</exception>
    /// <exception cref="LogUnusableException">The log can never be used as it is; the message says why.</exception>
    public ValueTask<LogHead> OpenAsync(CancellationToken cancellation);

    /// <summary>Appends an entry if its subject is as expected.</summary>
    /// <param name="entry">The entry; its body is not changed until the returned task has completed.</param>
    /// <param name="expected">The revision of the newest entry of the subject that the log must have, 0 for none; null for any.</param>
    /// <param name="timeToLive">After which the log forgets it, in whole seconds, at least 1; null for never.</param>
    /// <param name="cancellation">Gives up waiting: the outcome is <see cref="AppendOutcome.Unknown"/> then.</param>
    /// <returns>What became of it. Faults of the engine are outcomes, not exceptions.</returns>
    public ValueTask<Appended> AppendAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, CancellationToken cancellation);

    /// <summary>
    /// Appends an entry and forgets all that was before it, of every subject, in one step. The parameters are those of
    /// <see cref="AppendAsync"/>.
    /// </summary>
    public ValueTask<Appended> WipeAsync(LogEntry entry, long? expected, CancellationToken cancellation);

    /// <summary>
    /// The newest entry of a subject, linearizable: if an append of it has been answered as committed before the call, to whomever, it is
    /// that or a later one. Null if there is none.
    /// </summary>
    /// <exception cref="LogUnavailableException">The engine does not answer.</exception>
    public ValueTask<LogEvent?> FindAsync(string subject, CancellationToken cancellation);

    /// <summary>
    /// Entries in the order of their revisions: those that are there, then <see cref="LogEventKind.CaughtUp"/>, then new ones as they are
    /// committed, without an end. At least every two seconds there is something, be it <see cref="LogEventKind.Alive"/>; who is given
    /// nothing for longer has lost the log. Interruptions that the log bridges by itself, without gap, are not seen.
    /// </summary>
    /// <param name="after">The revision of the last entry that is known; 0 for none.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="LogUnavailableException">The engine was lost; what comes next is asked for anew.</exception>
    /// <exception cref="LogRestartedException">The log is another one than was opened, or it ends before <paramref name="after"/>.
    /// </exception>
    public IAsyncEnumerable<LogEvent> ReadAsync(long after, CancellationToken cancellation);

    /// <summary>
    /// All that the log has, without bodies, in the order of revisions; it ends with what was there when it began, or later. What is
    /// replaced meanwhile may be missing.
    /// </summary>
    /// <exception cref="LogUnavailableException">The engine was lost before the end.</exception>
    public IAsyncEnumerable<LogStamp> StampsAsync(CancellationToken cancellation);
}
