using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Exposition.Gateway.Listening;

/// <summary>The program cannot serve; the message is what operators of the Pushgateway know.</summary>
internal sealed class ListenException(string message) : Exception(message);

/// <summary>Reads <c>--web.listen-address</c> as Go does: <c>:port</c> for all interfaces, <c>host:port</c>, <c>[v6]:port</c>.</summary>
internal static class ListenAddress
{
    /// <summary>The endpoint to listen on; null for all interfaces of both families with the port in <paramref name="port"/>.</summary>
    /// <exception cref="ListenException">The address is malformed or cannot be resolved.</exception>
    public static IPAddress? Parse(string address, out int port)
    {
        if (address.StartsWith("vsock://", StringComparison.Ordinal))
        {
            throw new ListenException($"listening on {address} is not supported yet");
        }

        int colon = address.LastIndexOf(':');
        bool bracketed = address.StartsWith('[');
        if (colon < 0 || (bracketed && address.LastIndexOf(']') is var close && close != colon - 1))
        {
            throw new ListenException($"listen tcp: address {address}: missing port in address");
        }

        string host = address[..colon];
        if (!bracketed && host.Contains(':', StringComparison.Ordinal))
        {
            throw new ListenException($"listen tcp: address {address}: too many colons in address");
        }

        string number = address[(colon + 1)..];
        if (number.Length > 0 && !number.All(char.IsAsciiDigit))
        {
            throw new ListenException($"listen tcp: lookup tcp/{number}: unknown port");
        }

        port = 0;
        if (number.Length > 0
            && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > IPEndPoint.MaxPort))
        {
            throw new ListenException($"listen tcp: address {number}: invalid port");
        }

        return Resolve(bracketed ? host[1..^1] : host);
    }

    private static IPAddress? Resolve(string host)
    {
        if (host.Length == 0)
        {
            return null;
        }

        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return literal;
        }

        try
        {
            IPAddress[] found = Dns.GetHostAddresses(host);
            return Array.Find(found, static address => address.AddressFamily == AddressFamily.InterNetwork) ?? found[0];
        }
        catch (SocketException)
        {
            throw new ListenException($"listen tcp: lookup {host}: no such host");
        }
    }
}
