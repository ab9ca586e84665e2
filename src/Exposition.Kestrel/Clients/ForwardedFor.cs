using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exposition.Kestrel.Clients;

// X-Forwarded-For = #entry            entry = ( IPv4 / IPv6 / "[" IPv6 "]" ) , but an IPv6 without brackets has no port
//                                             [ ":" port ]
// .NET also reads 1.2 and 0x7f.1 as IPv4 addresses; here those are what they look like, mistakes.

/// <summary>The header in which proxies say for whom they ask.</summary>
internal static class ForwardedFor
{
    /// <summary>The name of the header.</summary>
    public const string Name = "X-Forwarded-For";

    private const int LongestPort = 5;

    /// <summary>
    /// The header's values in a complete request head, joined by commas. The head must be one that the raw door understands.
    /// </summary>
    public static string In(ReadOnlySpan<byte> head)
    {
        var all = new StringBuilder();
        foreach (Range range in head.Split("\r\n"u8))
        {
            ReadOnlySpan<byte> line = head[range];
            if (IsIn(line))
            {
                all.Append(all.Length > 0 ? "," : "").Append(Encoding.Latin1.GetString(line[(Name.Length + 1)..]));
            }
        }

        return all.ToString();
    }

    /// <summary>Whether a line of a head is the header.</summary>
    public static bool IsIn(ReadOnlySpan<byte> line) =>
        line.Length > Name.Length && line[Name.Length] == ':' && Ascii.EqualsIgnoreCase(line[..Name.Length], Name);

    /// <summary>Reads an entry of the list.</summary>
    /// <param name="entry">Without blanks around it.</param>
    /// <param name="address">What it says.</param>
    /// <returns>False if it is no address, such as <c>unknown</c>.</returns>
    public static bool TryReadEntry(ReadOnlySpan<char> entry, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (entry is ['[', ..])
        {
            int end = entry.IndexOf(']');
            return end > 0 && (end == entry.Length - 1 || IsPort(entry[(end + 1)..])) && TryReadIPv6(entry[1..end], out address);
        }

        int colon = entry.IndexOf(':');
        return colon < 0 ? TryReadIPv4(entry, out address)
            : entry[(colon + 1)..].Contains(':') ? TryReadIPv6(entry, out address)
            : IsPort(entry[colon..]) && TryReadIPv4(entry[..colon], out address);
    }

    private static bool IsPort(ReadOnlySpan<char> text) =>
        text is [':', _, ..] && text.Length <= 1 + LongestPort && !text[1..].ContainsAnyExceptInRange('0', '9');

    private static bool TryReadIPv4(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        int parts = 0;
        foreach (Range range in text.Split('.'))
        {
            ReadOnlySpan<char> part = text[range];
            if (part.Length is 0 or > 3 || part is ['0', _, ..] || part.ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }

            parts++;
        }

        return parts == 4 && IPAddress.TryParse(text, out address);
    }

    // A scope ("%eth0") means nothing to anybody else.
    private static bool TryReadIPv6(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        return text.Contains(':') && !text.ContainsAny("%[]/") && IPAddress.TryParse(text, out address)
            && address.AddressFamily == AddressFamily.InterNetworkV6;
    }
}
