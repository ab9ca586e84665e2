namespace Exposition.Engine;

/// <summary>A push was refused (<see cref="PushOutcome.ThrowIfRefused"/>). The message is what the Pushgateway would answer.</summary>
public sealed class PushRefusedException : Exception
{
    internal PushRefusedException(PushStatus status, string? reason)
        : base(reason ?? $"the push was refused: {status}") => Status = status;

    /// <summary>What was wrong.</summary>
    public PushStatus Status { get; }
}
