using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Exposition.Kestrel.Origins;

/// <summary>A host with its port, in one spelling: lower case, addresses in their shortest form and without brackets.</summary>
/// <param name="Host">The name or address.</param>
/// <param name="Port">The port; 0 where none is written.</param>
internal sealed record Authority(string Host, int Port)
{
    private static readonly SearchValues<char> s_foreign = SearchValues.Create(" \t,/\\@?#");

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]</c> or <c>[v6]:port</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Authority? authority)
    {
        authority = null;
        int close = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        int colon = text.IndexOf(':', close + 1);
        string host = colon < 0 ? text : text[..colon];
        string digits = colon < 0 ? "" : text[(colon + 1)..];
        int port = 0;
        if ((digits.Length > 0 && !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port))
            || port > IPEndPoint.MaxPort)
        {
            return false;
        }

        if (text.StartsWith('['))
        {
            if (close != host.Length - 1 || !IPAddress.TryParse(host[1..close], out IPAddress? address))
            {
                return false;
            }

            // A zone means something to the client alone.
            host = new IPAddress(address.GetAddressBytes()).ToString();
        }

        // A name that is given in full.
        host = host.EndsWith('.') ? host[..^1] : host;
        if (host.Length == 0 || host.AsSpan().ContainsAny(s_foreign))
        {
            return false;
        }

        authority = new Authority(host.ToLowerInvariant(), port);
        return true;
    }

    /// <summary>Reads an origin as browsers send it, or the beginning of a URL. The port is the scheme's where none is written.</summary>
    public static bool TryParseOrigin(string text, [NotNullWhen(true)] out Authority? authority)
    {
        authority = null;
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int standard = scheme < 0 ? 0 : StandardPort(text[..scheme]);
        if (standard == 0)
        {
            return false;
        }

        string rest = text[(scheme + 3)..];
        int end = rest.AsSpan().IndexOfAny('/', '?', '#');
        if (!TryParse(end < 0 ? rest : rest[..end], out Authority? read))
        {
            return false;
        }

        authority = read with { Port = read.Port == 0 ? standard : read.Port };
        return true;
    }

    private static int StandardPort(string scheme) =>
        scheme.Equals("http", StringComparison.OrdinalIgnoreCase) ? 80
        : scheme.Equals("https", StringComparison.OrdinalIgnoreCase) ? 443
        : 0;
}
