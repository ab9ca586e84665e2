namespace Exposition.Kestrel.Routing;

/// <summary>Percent-encoding of request targets (RFC 3986, section 2.1).</summary>
internal static class PercentEncoding
{
    /// <summary>Whether each <c>%</c> is followed by two hexadecimal digits.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> text)
    {
        for (int at; (at = text.IndexOf((byte)'%')) >= 0; text = text[(at + 3)..])
        {
            if (text.Length - at < 3 || !char.IsAsciiHexDigit((char)text[at + 1]) || !char.IsAsciiHexDigit((char)text[at + 2]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Decodes well-formed text.</summary>
    /// <param name="text">What <see cref="IsWellFormed"/> has accepted.</param>
    /// <param name="into">At least as long as the text.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> into)
    {
        int written = 0;
        for (int at; (at = text.IndexOf((byte)'%')) >= 0; text = text[(at + 3)..])
        {
            text[..at].CopyTo(into[written..]);
            written += at;
            into[written++] = (byte)((HexValue(text[at + 1]) << 4) | HexValue(text[at + 2]));
        }

        text.CopyTo(into[written..]);
        return written + text.Length;
    }

    /// <summary>The value of a hexadecimal digit.</summary>
    public static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    /// <summary>Takes a known text off a path, any byte of which may be escaped.</summary>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> path, ReadOnlySpan<byte> expected)
    {
        ReadOnlySpan<byte> rest = path;
        foreach (byte c in expected)
        {
            int length = rest is [(byte)'%', ..] ? 3 : 1;
            if (rest.Length < length
                || c != (length == 1 ? rest[0] : (HexValue(rest[1]) << 4) | HexValue(rest[2])))
            {
                return false;
            }

            rest = rest[length..];
        }

        path = rest;
        return true;
    }
}
