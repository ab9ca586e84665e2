using Exposition.Engine;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel;

/// <summary>
/// What carries out changes in the place of an engine's store, which it brings them to later: such as one that has its groups in common
/// with other nodes. A service of the host, keyed by the engine's name where it has one. Safe for concurrent use. Tasks do not fail.
/// </summary>
public interface IChangeTarget
{
    /// <summary>Why no changes are taken now, in words for the client, who is told 503 and Retry-After; null while they are.</summary>
    public string? Unavailable { get; }

    /// <summary>Whether probes are to be told that this host is not ready, and why: null while it is.</summary>
    public string? NotReady { get; }

    /// <summary>Carries out a push.</summary>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <param name="details">What else was said with it.</param>
    public Task<ChangeResult> PushAsync(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details);

    /// <summary>Deletes a group.</summary>
    public Task<ChangeResult> DeleteAsync(GroupingKey key);

    /// <summary>Deletes groups as they are now.</summary>
    public Task<ChangeResult> DeleteAsync(IReadOnlyCollection<GroupingKey> keys);

    /// <summary>Deletes all groups in one step.</summary>
    public Task<ChangeResult> WipeAsync();

    /// <summary>Remembers with a group that a push to it was refused before it came here.</summary>
    /// <param name="key">The group.</param>
    /// <param name="reason">What the client is told.</param>
    /// <param name="sender">Who it is; its text is taken.</param>
    public void NoteFailure(GroupingKey key, string reason, object? sender);
}

/// <summary>How a change has ended.</summary>
public enum ChangeState : byte
{
    /// <summary>It is in the store; or it was refused for itself.</summary>
    Done,

    /// <summary>It was taken, but by this host alone: 202, and a header that says so.</summary>
    Alone,

    /// <summary>It was not carried out in time, and may yet be: 503.</summary>
    Unavailable,

    /// <summary>It is larger than can be carried out: 413.</summary>
    TooLarge,
}

/// <summary>What became of a change.</summary>
/// <param name="State">How it has ended.</param>
/// <param name="Outcome">Of a push that has come to the store: what the store says.</param>
/// <param name="Groups">Of a delete: how many groups went.</param>
/// <param name="Reason">Why it was not carried out.</param>
public readonly record struct ChangeResult(ChangeState State, PushOutcome Outcome = default, int Groups = 0, string? Reason = null)
{
    /// <summary>Of a delete of several groups by their keys: those that went.</summary>
    public IReadOnlyCollection<GroupingKey> Keys { get => field ?? []; init; }

    // The limit of the program for which it was not carried out.
    internal Limit Limit { get; init; }
}
