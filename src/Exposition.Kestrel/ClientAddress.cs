using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Exposition.Kestrel;

/// <summary>
/// Who counts as one client where one must not take what is everybody's: an IPv4 address, or an IPv6 network of 64 bits, because a single
/// host may use all of such a network. The default stands for clients without an address, as at a Unix socket.
/// </summary>
public readonly record struct ClientAddress
{
    private const int NetworkBits = 64;
    private const int AddressBytes = 16;

    private readonly ulong _bits;
    private readonly AddressFamily _family;

    private ClientAddress(ulong bits, AddressFamily family)
    {
        _bits = bits;
        _family = family;
    }

    /// <summary>The client at an address. An IPv4 address that came to an IPv6 socket is what it is.</summary>
    /// <param name="address">The address.</param>
    public static ClientAddress Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[AddressBytes];
        if (!address.TryWriteBytes(bytes, out int length))
        {
            return default;
        }

        return length < AddressBytes ? new ClientAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes), AddressFamily.InterNetwork)
            : address.IsIPv4MappedToIPv6 ? new ClientAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]), AddressFamily.InterNetwork)
            : new ClientAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes), AddressFamily.InterNetworkV6);
    }

    /// <summary>The address, the network with its length, or <c>local</c>.</summary>
    public override string ToString()
    {
        byte[] bytes = new byte[_family == AddressFamily.InterNetworkV6 ? AddressBytes : sizeof(uint)];
        switch (_family)
        {
            case AddressFamily.InterNetwork:
                BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)_bits);
                return new IPAddress(bytes).ToString();
            case AddressFamily.InterNetworkV6:
                BinaryPrimitives.WriteUInt64BigEndian(bytes, _bits);
                return $"{new IPAddress(bytes)}/{NetworkBits}";
            default:
                return "local";
        }
    }
}
