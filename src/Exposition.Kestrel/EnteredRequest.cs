namespace Exposition.Kestrel;

/// <summary>
/// A feature of connections that the raw door has handed on in the middle of a request: <see cref="IRequestGate.TryEnter"/> was asked for
/// that request already. The host's middleware must not ask the same limit again.
/// </summary>
public sealed class EnteredRequest
{
    private int _used;

    /// <summary>
    /// Whether the request at hand is the one that has entered; true for one caller, as later requests of the connection have not.
    /// </summary>
    public bool TryUse() => Interlocked.Exchange(ref _used, 1) == 0;
}
