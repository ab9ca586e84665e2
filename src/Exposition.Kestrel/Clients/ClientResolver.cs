using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Clients;

// Each proxy appends the address of its peer to X-Forwarded-For. So the list is read from its right end, for as long as those who wrote it
// are trusted; what stands further left, a client may have made up.

/// <summary>Tells whose request it is, behind trusted proxies too.</summary>
internal sealed class ClientResolver(IEnumerable<IPNetwork> trustedProxies)
{
    private readonly IPNetwork[] _trusted = [.. trustedProxies.Select(Unmapped)];

    /// <summary>Whether what a peer says in X-Forwarded-For is believed.</summary>
    public bool Believes(EndPoint? peer) => peer switch
    {
        IPEndPoint { Address: var address } => Trusts(address),
        UnixDomainSocketEndPoint => true,
        _ => false,
    };

    /// <summary>The client of a request.</summary>
    /// <param name="peer">The other end of the connection.</param>
    /// <param name="forwardedFor">X-Forwarded-For, its lines joined by commas; need not be given where the peer is not believed.</param>
    public ClientAddress Of(EndPoint? peer, ReadOnlySpan<char> forwardedFor) =>
        (AddressOf(peer, forwardedFor) ?? (peer as IPEndPoint)?.Address) is { } address ? ClientAddress.Of(address) : default;

    /// <summary>The address of the client that a peer speaks for.</summary>
    /// <returns>Null if the peer is not believed or names none: it speaks for itself.</returns>
    /// <inheritdoc cref="Of(EndPoint?, ReadOnlySpan{char})"/>
    public IPAddress? AddressOf(EndPoint? peer, ReadOnlySpan<char> forwardedFor)
    {
        IPAddress? client = null;
        if (!Believes(peer))
        {
            return client;
        }

        for (ReadOnlySpan<char> rest = forwardedFor; !rest.IsEmpty;)
        {
            int comma = rest.LastIndexOf(',');
            ReadOnlySpan<char> entry = rest[(comma + 1)..].Trim(" \t");
            rest = rest[..Math.Max(comma, 0)];
            if (entry.IsEmpty)
            {
                continue;
            }

            if (!ForwardedFor.TryReadEntry(entry, out IPAddress? address))
            {
                break;
            }

            client = address;
            if (!Trusts(address))
            {
                break;
            }
        }

        return client;
    }

    /// <summary>The client of a request that Kestrel has read.</summary>
    public ClientAddress Of(HttpContext context) =>
        Of(PeerOf(context), BelievesPeerOf(context) ? context.Request.Headers[ForwardedFor.Name].ToString() : "");

    /// <summary>Whether what the peer says of a request that Kestrel has read is believed.</summary>
    public bool BelievesPeerOf(HttpContext context) => Believes(PeerOf(context));

    private static EndPoint? PeerOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, 0)
            : context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint;

    private bool Trusts(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_trusted, network => network.Contains(plain));
    }

    private static IPNetwork Unmapped(IPNetwork network)
    {
        const int mappedBits = 96;
        return network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= mappedBits
            ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - mappedBits)
            : network;
    }
}
