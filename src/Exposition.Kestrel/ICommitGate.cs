namespace Exposition.Kestrel;

/// <summary>
/// What a host has to say about changes: whether they are taken yet, and when they may be acknowledged. Safe for concurrent use.
/// </summary>
public interface ICommitGate
{
    /// <summary>
    /// Whether the store holds what it should. Until then pushes, deletes and scrapes are answered with 503 and Retry-After.
    /// </summary>
    public bool IsOpen { get; }

    /// <summary>Called after a push or delete was stored and before it is answered.</summary>
    /// <returns>
    /// Null if the answer need not wait. Else a task that ends when all changes made before the call are where the host promises them to
    /// be, with null, or with the reason why they are not, which is then answered with 503: no place for what an exception says. It must
    /// end at some time, and must not fail.
    /// </returns>
    public Task<string?>? Confirm();
}
