namespace Exposition.Replication;

/// <summary>What a reader of a log is given.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Revision">Of the entry; otherwise the greatest that the engine has given, as far as it says, or 0.</param>
/// <param name="Entry">The entry, if it is one; its body is the reader's.</param>
public readonly record struct LogEvent(LogEventKind Kind, long Revision, LogEntry Entry = default);
