namespace Exposition.Replication;

/// <summary>The kinds of <see cref="LogEvent"/>.</summary>
public enum LogEventKind
{
    /// <summary>An entry.</summary>
    Entry,

    /// <summary>All that was in the log when the reading began has been given. After an interruption it may come again.</summary>
    CaughtUp,

    /// <summary>Nothing new: the engine says that it is there, and that all it has committed so far has been given.</summary>
    Alive,
}
