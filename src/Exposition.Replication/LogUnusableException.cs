namespace Exposition.Replication;

/// <summary>A log cannot be used as it is, now or later: its settings, its engine's version or its credentials are to be changed.</summary>
/// <param name="message">What is wrong, where, and what was expected.</param>
public sealed class LogUnusableException(string message) : Exception(message);
