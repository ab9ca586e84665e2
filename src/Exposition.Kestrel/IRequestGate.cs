namespace Exposition.Kestrel;

/// <summary>
/// A host's say over the requests that the raw door serves: authentication, rate limits, headers of its own. What the gate does not admit
/// is handed on to the general HTTP server, unread, where the host's middleware decides about it and answers. Called by many connections at
/// once.
/// </summary>
/// <example>
/// <code>
/// internal sealed class ApiKey(byte[] expected) : IRequestGate
/// {
///     public ReadOnlyMemory&lt;byte&gt; HeaderLines => default;
///
///     public bool Admits(ReadOnlySpan&lt;byte&gt; authorization) => CryptographicOperations.FixedTimeEquals(authorization, expected);
/// }
///
/// listen.UseExposition(new ApiKey("Bearer 0123456789"u8.ToArray()));
/// </code>
/// </example>
public interface IRequestGate
{
    /// <summary>Header lines for every answer of the raw door, each with its line end (CR LF); empty for none.</summary>
    public ReadOnlyMemory<byte> HeaderLines { get; }

    /// <summary>
    /// Asked once for each request, before anything else: the place of a rate limit. A request that may not enter is handed on; one that
    /// has entered and is handed on later has an <see cref="EnteredRequest"/> among its features.
    /// </summary>
    public bool TryEnter() => true;

    /// <summary>Whether a request may be served raw. Must be quick: it runs on the thread that reads the connection.</summary>
    /// <param name="authorization">The value of its Authorization header; empty if there is none. Valid during the call only.</param>
    public bool Admits(ReadOnlySpan<byte> authorization);

    /// <summary>
    /// Called once for a request that was not admitted, before the gate is asked again: time to look at credentials that are not known
    /// yet. What is not admitted then is handed on, and so is all that comes later on its connection.
    /// </summary>
    /// <param name="authorization">The value of its Authorization header; empty if there is none.</param>
    /// <param name="client">Who sends it.</param>
    /// <returns>False if they could not be looked at because too many wait for that: the request is answered with 503.</returns>
    public ValueTask<bool> LearnAsync(string authorization, ClientAddress client) => ValueTask.FromResult(true);
}
