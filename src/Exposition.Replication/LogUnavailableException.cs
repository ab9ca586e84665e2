namespace Exposition.Replication;

/// <summary>The engine of a log cannot be reached now. Trying again later is right.</summary>
public sealed class LogUnavailableException : Exception
{
    /// <summary>Says what happened.</summary>
    public LogUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Says what happened, and why.</summary>
    public LogUnavailableException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}
