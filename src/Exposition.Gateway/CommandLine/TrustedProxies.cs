using System.Globalization;
using System.Net;
using Exposition.Formats.Go;

namespace Exposition.Gateway.CommandLine;

/// <summary>Reads <c>--web.trusted-proxies</c>: networks as ADDRESS/LENGTH, or single addresses, separated by commas.</summary>
internal static class TrustedProxies
{
    /// <summary>The networks.</summary>
    /// <exception cref="FlagException">One of them is none.</exception>
    public static List<IPNetwork> Parse(string value) =>
        [.. value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseNetwork)];

    private static IPNetwork ParseNetwork(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? text : text[..slash];

        // .NET takes "10" and "0x0a.1" for addresses, too.
        bool plausible = host.Contains(':', StringComparison.Ordinal)
            ? !host.AsSpan().ContainsAny("[]%")
            : host.Count(static c => c == '.') == 3 && !host.Contains('x', StringComparison.OrdinalIgnoreCase);
        if (!plausible || !IPAddress.TryParse(host, out IPAddress? address))
        {
            throw Wrong(text, "expected addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, separated by commas");
        }

        int bits = address.GetAddressBytes().Length * 8;
        int length = bits;
        if (slash >= 0
            && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
        {
            throw Wrong(text, $"expected a length from 0 to {bits} behind the slash");
        }

        IPAddress first = FirstOf(address, length);
        return first.Equals(address)
            ? new IPNetwork(address, length)
            : throw Wrong(text, $"the network of that length starts at {first}/{length}");
    }

    private static IPAddress FirstOf(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static FlagException Wrong(string text, string expected) => new($"--web.trusted-proxies: {GoQuote.Text(text)}: {expected}");
}
