namespace Exposition.Replication;

/// <summary>The outcomes of an append.</summary>
public enum AppendOutcome
{
    /// <summary>
    /// Nobody can say: it was sent, and the answer did not come. It may be in the log, may come to be in it later, or never. The only
    /// outcome of which that is so.
    /// </summary>
    Unknown,

    /// <summary>It is in the log for good.</summary>
    Committed,

    /// <summary>The newest entry of its subject is not the one expected. It is not in the log, and never will be.</summary>
    Conflict,

    /// <summary>
    /// The engine cannot be reached, or has refused it for a reason that passes: it is worth another try. It is not in the log, and never
    /// will be.
    /// </summary>
    Unavailable,

    /// <summary>It is larger than the engine takes. It is not in the log, and never will be.</summary>
    TooLarge,

    /// <summary>
    /// The engine refuses it for a reason that does not pass by itself, such as its settings. It is not in the log, and never will be.
    /// </summary>
    Refused,
}
