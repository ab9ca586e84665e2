namespace Exposition.Replication;

/// <summary>A log as it was when it was opened.</summary>
/// <param name="Incarnation">Differs from that of every log that was there before and was deleted.</param>
/// <param name="LastRevision">The greatest revision given so far; 0 for none.</param>
public readonly record struct LogHead(string Incarnation, long LastRevision);
