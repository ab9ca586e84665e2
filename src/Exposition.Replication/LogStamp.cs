namespace Exposition.Replication;

/// <summary>An entry of a log without its body.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Revision">Its revision.</param>
/// <param name="Operation">Its operation.</param>
/// <param name="Stamp">When it was made (<see cref="LogEntry.Stamp"/>).</param>
public readonly record struct LogStamp(string Subject, long Revision, OperationId Operation, long Stamp);
