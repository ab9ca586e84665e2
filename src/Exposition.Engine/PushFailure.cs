using Exposition.Engine.Consistency;

namespace Exposition.Engine;

/// <summary>Why a push to a group was refused last.</summary>
/// <param name="At">When, in nanoseconds since the Unix epoch.</param>
/// <param name="Reason">What the client was told, cut to <see cref="MaxReason"/> characters: which type was pushed, and which one is stored
/// where, stays.</param>
/// <param name="Sender">Who sent it, as the host names its clients; null if the host did not say.</param>
public sealed record PushFailure(long At, string Reason, string? Sender)
{
    /// <summary>The longest reason that is kept, in characters.</summary>
    public const int MaxReason = 500;

    /// <summary>When, to a tenth of a microsecond.</summary>
    public DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddTicks(At / 100);

    internal static PushFailure Of(long at, string reason, object? sender) =>
        new(at, RefusalWords.Cut(reason, MaxReason), sender?.ToString());
}
