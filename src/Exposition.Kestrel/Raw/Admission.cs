using System.Net;
using System.Text;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;

namespace Exposition.Kestrel.Raw;

/// <summary>Asks the host's gate about the requests of a connection, one after the other.</summary>
internal sealed class Admission(IRequestGate gate, ClientResolver clients, EndPoint? peer)
{
    private readonly INamedGate? _named = gate as INamedGate;
    private string? _unknown;
    private string? _user;
    private ClientAddress _client;

    /// <summary>Whether the request has passed <see cref="IRequestGate.TryEnter"/>, which is not to be asked again.</summary>
    public bool HasEntered { get; private set; }

    /// <summary>The configured user whose credentials the request at hand has shown, if the gate knows.</summary>
    public string? User => _user;

    /// <summary>Asks about a request.</summary>
    /// <returns>Null if it may be served; else <see cref="RequestStep.Learn"/> or <see cref="RequestStep.HandOn"/>.</returns>
    public RequestStep? Ask(in RequestHead head, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> authorization = head.Authorization.In(bytes);
        HasEntered = HasEntered || gate.TryEnter();
        if (HasEntered && (_named?.Admits(authorization, out _user) ?? gate.Admits(authorization)))
        {
            return null;
        }

        if (!HasEntered || _unknown is not null)
        {
            return RequestStep.HandOn;
        }

        _unknown = Encoding.UTF8.GetString(authorization);
        _client = clients.Of(peer, clients.Believes(peer) ? ForwardedFor.In(bytes) : "");
        return RequestStep.Learn;
    }

    /// <summary>Has credentials checked that are not known; the request is asked about again afterwards.</summary>
    /// <returns>False if too many wait for that.</returns>
    public ValueTask<bool> LearnAsync() => gate.LearnAsync(_unknown!, _client);

    public void Reset() => (_unknown, _user, HasEntered) = (null, null, false);
}
