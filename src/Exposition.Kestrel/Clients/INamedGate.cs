namespace Exposition.Kestrel.Clients;

/// <summary>A gate that knows whose credentials it admits.</summary>
internal interface INamedGate : IRequestGate
{
    /// <summary>As <see cref="IRequestGate.Admits"/>, and no slower.</summary>
    /// <param name="authorization">The value of the request's Authorization header.</param>
    /// <param name="user">The name of a configured user; null where there are none.</param>
    public bool Admits(ReadOnlySpan<byte> authorization, out string? user);
}
