using Exposition.Engine;

namespace Exposition.Replication;

/// <summary>How far a change has come.</summary>
public enum ReplicatedState : byte
{
    /// <summary>It is in the log, and applied here; or it was refused for itself, and that is.</summary>
    Applied,

    /// <summary>The log did not take it in time. It may come to be in it all the same.</summary>
    Unavailable,

    /// <summary>The group would be larger than an entry of the log may be.</summary>
    TooLarge,

    /// <summary>Taken by this node alone (<see cref="WhenUnreachable.Accept"/>).</summary>
    Unreplicated,

    /// <summary>Too many pushes wait for the log (<see cref="ReplicationOptions.MaxAppends"/>): it will not come to be in it.</summary>
    TooMany,

    /// <summary>
    /// The pushes that wait for the log have too many bytes (<see cref="ReplicationOptions.MaxAppendBytes"/>): it will not come to be in
    /// it.
    /// </summary>
    TooManyBytes,
}

/// <summary>What became of a push.</summary>
/// <param name="State">How far it has come.</param>
/// <param name="Outcome">What is told who has sent it, where it was applied or taken.</param>
/// <param name="Reason">Why not, where it was not.</param>
public readonly record struct ReplicatedPush(ReplicatedState State, PushOutcome Outcome, string? Reason = null);

/// <summary>What became of a delete.</summary>
/// <param name="State">How far it has come.</param>
/// <param name="Groups">How many groups went.</param>
/// <param name="Reason">Why not, where they did not.</param>
public readonly record struct ReplicatedDelete(ReplicatedState State, int Groups, string? Reason = null)
{
    /// <summary>Of a delete of several groups by their keys: those that went.</summary>
    public IReadOnlyCollection<GroupingKey> Keys { get => field ?? []; init; }
}
