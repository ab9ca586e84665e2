using System.Text;
using System.Text.Unicode;

namespace Exposition.Gateway.Web;

// "Basic" in any case, exactly one blank, base64 of user ":" password with its padding. As in the Pushgateway anything else counts as no
// credentials at all. The Pushgateway compares bytes, our bcrypt texts: what is no UTF-8 can be nobody's password here, least of all that
// of a user whose own one has the sign that decoders put in the place of such bytes.

/// <summary>User and password of an Authorization header.</summary>
internal readonly record struct BasicCredentials(string User, string Password)
{
    private const string Scheme = "Basic ";

    /// <summary>Reads a header's value.</summary>
    public static bool TryParse(string header, out BasicCredentials credentials)
    {
        credentials = default;
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.AsSpan(Scheme.Length).ContainsAny(" \t"))
        {
            return false;
        }

        byte[] decoded = new byte[header.Length];
        if (!Convert.TryFromBase64Chars(header.AsSpan(Scheme.Length), decoded, out int length))
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = decoded.AsSpan(0, length);
        if (!Utf8.IsValid(bytes))
        {
            return false;
        }

        string text = Encoding.UTF8.GetString(bytes);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return false;
        }

        credentials = new BasicCredentials(text[..colon], text[(colon + 1)..]);
        return true;
    }
}
