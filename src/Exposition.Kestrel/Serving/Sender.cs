using System.Net;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Serving;

/// <summary>Who sends a request, as people write it.</summary>
internal static class Sender
{
    /// <summary>The address of the peer; an IPv4 address that has come to an IPv6 socket as what it is.</summary>
    public static EndPoint? Of(EndPoint? peer) =>
        peer is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port) : peer;

    /// <summary>The address of the peer, as far as the host knows it.</summary>
    public static EndPoint? Of(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? Of(new IPEndPoint(address, context.Connection.RemotePort)) : null;
}
