namespace Exposition.Replication.Tests.Simulated;

/// <summary>What may happen in a simulation.</summary>
[Flags]
internal enum Mishaps
{
    None = 0,

    /// <summary>Answers of the log get lost, and messages come twice.</summary>
    Losses = 1,

    /// <summary>Nodes lose the log, or all of them do.</summary>
    Cuts = 2,

    /// <summary>Nodes end, and come back empty.</summary>
    Restarts = 4,

    /// <summary>The engine loses what it had, or its tail.</summary>
    Amnesia = 8,

    /// <summary>The clocks of nodes are some seconds apart.</summary>
    Skew = 16,

    /// <summary>Pushes are taken while the log is away.</summary>
    Alone = 32,

    /// <summary>Pushes contradict one another, and nothing is checked.</summary>
    Clashes = 64,

    /// <summary>Nodes come back with what their durable copy had, which may be some time ago.</summary>
    Copies = 128,

    /// <summary>One node has groups of the time before the log, and seeds it; others may have taken it into use before.</summary>
    Seeds = 256,

    /// <summary>There may be few groups only, and nodes come to that limit at once.</summary>
    Limits = 512,
}
