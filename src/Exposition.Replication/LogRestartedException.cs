namespace Exposition.Replication;

/// <summary>
/// A log has begun anew: it was deleted and created again, or it has lost its newest entries. It is opened anew and read from its
/// beginning.
/// </summary>
/// <param name="message">What was noticed.</param>
public sealed class LogRestartedException(string message) : Exception(message);
