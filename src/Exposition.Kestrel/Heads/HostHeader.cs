using System.Buffers;

namespace Exposition.Kestrel.Heads;

// Clients send zones ([fe80::1%eth0], as Python and Node do) and colons without a port, and the Pushgateway looks at the bytes alone.
// Kestrel would refuse them. All that is asked of a Host here is whether it is one of ours, and what is none at all must not become one.

/// <summary>Which Host headers are taken, and how they are shown to Kestrel.</summary>
internal static class HostHeader
{
    private static readonly SearchValues<byte> s_nameBytes =
        SearchValues.Create("!$&'()-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> s_addressBytes = SearchValues.Create(".:0123456789ABCDEFabcdef"u8);

    private static readonly SearchValues<byte> s_bytes =
        SearchValues.Create("!$%&'()*+,-.:;=[]_~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Reads one.</summary>
    /// <param name="host">The header's value; then one that means the same and that Kestrel takes.</param>
    /// <returns>Whether it is taken.</returns>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> host)
    {
        if (host.IsEmpty || IsHost(host))
        {
            return true;
        }

        int zone = host[0] == '[' ? host.IndexOf((byte)'%') : -1;
        int close = host.IndexOf((byte)']');
        ReadOnlySpan<byte> plain = zone > 0 && close > zone ? (byte[])[.. host[..zone], .. host[close..]] : host;
        plain = plain.EndsWith(":"u8) ? plain[..^1] : plain;
        bool taken = !host.ContainsAnyExcept(s_bytes);
        host = IsHost(plain) ? plain : "host.invalid"u8;
        return taken;
    }

    /// <summary>Whether this is <c>host = ( name / "[" address "]" ) [ ":" port ]</c>.</summary>
    public static bool IsHost(ReadOnlySpan<byte> value)
    {
        int end;
        if (value is [(byte)'[', ..])
        {
            int length = value[1..].IndexOfAnyExcept(s_addressBytes);
            if (length <= 0 || value[1 + length] != ']')
            {
                return false;
            }

            end = length + 2;
        }
        else
        {
            int length = value.IndexOfAnyExcept(s_nameBytes);
            end = length < 0 ? value.Length : length;
        }

        ReadOnlySpan<byte> rest = value[end..];
        return end > 0 && (rest.IsEmpty || (rest is [(byte)':', .. [_, ..] port] && !port.ContainsAnyExceptInRange((byte)'0', (byte)'9')));
    }
}
