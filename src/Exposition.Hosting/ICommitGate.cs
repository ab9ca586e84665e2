namespace Exposition.Hosting;

/// <summary>
/// What a host has to say about changes of one engine: whether they are taken yet, and when they may be acknowledged. A service of the
/// host, keyed by the engine's name where it has one. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// internal sealed class LoadedFirst(Task loaded) : ICommitGate
/// {
///     public bool IsOpen => loaded.IsCompletedSuccessfully;
///
///     public Task&lt;string?&gt;? Confirm() => null;
/// }
///
/// builder.Services.AddSingleton&lt;ICommitGate&gt;(new LoadedFirst(loading));
/// </code>
/// </example>
public interface ICommitGate
{
    /// <summary>
    /// Whether the store holds what it should. Until then pushes, deletes and scrapes are answered with 503 and Retry-After.
    /// </summary>
    public bool IsOpen { get; }

    /// <summary>
    /// Why changes are not kept any more and will not be unless somebody acts, in words for the operator; null while all is well. Health
    /// checks tell it.
    /// </summary>
    public string? Fault => null;

    /// <summary>Called after a push or delete was stored and before it is answered.</summary>
    /// <returns>
    /// Null if the answer need not wait. Else a task that ends when all changes made before the call are where the host promises them to
    /// be, with null, or with the reason why they are not, which is then answered with 503: no place for what an exception says. It must
    /// end at some time, and must not fail.
    /// </returns>
    public Task<string?>? Confirm();
}
