namespace Exposition.Replication;

/// <summary>What is appended to a log.</summary>
/// <param name="Subject">What it is about: of at most 64 letters, digits and dots. An entry replaces the one before of its subject.</param>
/// <param name="Operation">Who tells it apart from all others; kept with it.</param>
/// <param name="Stamp">When it was made, by the clock of its node, in nanoseconds since the Unix epoch; kept with it.</param>
/// <param name="Body">Bytes that the log does not look into.</param>
public readonly record struct LogEntry(string Subject, OperationId Operation, long Stamp, ReadOnlyMemory<byte> Body);
