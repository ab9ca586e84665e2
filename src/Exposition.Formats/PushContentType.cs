using System.Text;
using Exposition.Formats.Negotiation;

namespace Exposition.Formats;

/// <summary>Recognises the Content-Type of a push body. Pure and thread safe; allocates nothing.</summary>
public static class PushContentType
{
    /// <summary>
    /// Whether a body is delimited protobuf: the media type <c>application/vnd.google.protobuf</c> with the parameters
    /// <c>proto=io.prometheus.client.MetricFamily</c> and <c>encoding=delimited</c>. Type and parameter names may have any case, values
    /// not; values may be quoted; other parameters and the order do not matter. Everything else, a header that cannot be parsed included,
    /// means text.
    /// </summary>
    /// <param name="contentType">The header's value, or nothing.</param>
    public static bool IsDelimitedProtobuf(ReadOnlySpan<byte> contentType)
    {
        int semicolon = contentType.IndexOf((byte)';');
        if (semicolon < 0 || !Ascii.EqualsIgnoreCase(contentType[..semicolon].Trim(HttpToken.Blanks), "application/vnd.google.protobuf"u8))
        {
            return false;
        }

        bool proto = false;
        bool encoding = false;
        ReadOnlySpan<byte> rest = contentType[semicolon..];
        while (!(rest = rest.TrimStart(HttpToken.Blanks)).IsEmpty)
        {
            if (!TryTakeParameter(ref rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                // A semicolon at the very end is no error.
                return proto && encoding && rest.TrimEnd(HttpToken.Blanks).SequenceEqual(";"u8);
            }

            // A parameter may come twice with one value, not with two.
            bool isProto = Ascii.EqualsIgnoreCase(name, "proto"u8);
            bool isEncoding = Ascii.EqualsIgnoreCase(name, "encoding"u8);
            if ((isProto && !IsValue(value, "io.prometheus.client.MetricFamily"u8)) || (isEncoding && !IsValue(value, "delimited"u8)))
            {
                return false;
            }

            proto |= isProto;
            encoding |= isEncoding;
        }

        return proto && encoding;
    }

    /// <summary>
    /// Whether a body says that it is OpenMetrics: the media type <c>application/openmetrics-text</c> in any case, with any parameters.
    /// </summary>
    /// <param name="contentType">The header's value, or nothing.</param>
    public static bool IsOpenMetrics(ReadOnlySpan<byte> contentType)
    {
        int semicolon = contentType.IndexOf((byte)';');
        ReadOnlySpan<byte> type = semicolon < 0 ? contentType : contentType[..semicolon];
        return Ascii.EqualsIgnoreCase(type.Trim(HttpToken.Blanks), "application/openmetrics-text"u8);
    }

    // parameter = ";" name "=" ( token | quoted ), blanks anywhere between. On failure the rest stays where it was.
    private static bool TryTakeParameter(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        if (rest[0] != (byte)';')
        {
            return false;
        }

        ReadOnlySpan<byte> text = rest[1..].TrimStart(HttpToken.Blanks);
        name = HttpToken.Take(ref text);
        text = text.TrimStart(HttpToken.Blanks);
        if (name.IsEmpty || !text.StartsWith("="u8))
        {
            return false;
        }

        text = text[1..].TrimStart(HttpToken.Blanks);
        value = text.StartsWith("\""u8) ? TakeQuoted(ref text) : HttpToken.Take(ref text);
        rest = value.IsEmpty ? rest : text;
        return !value.IsEmpty;
    }

    // A quoted string with its quotes; empty if it does not end.
    private static ReadOnlySpan<byte> TakeQuoted(scoped ref ReadOnlySpan<byte> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == (byte)'"')
            {
                ReadOnlySpan<byte> quoted = text[..(i + 1)];
                text = text[(i + 1)..];
                return quoted;
            }

            if (text[i] is (byte)'\r' or (byte)'\n')
            {
                return default;
            }

            i += IsEscape(text, i) ? 1 : 0;
        }

        return default;
    }

    private static bool IsValue(ReadOnlySpan<byte> value, ReadOnlySpan<byte> expected)
    {
        if (!value.StartsWith("\""u8))
        {
            return value.SequenceEqual(expected);
        }

        value = value[1..^1];
        int matched = 0;
        for (int i = 0; i < value.Length; i++, matched++)
        {
            i += IsEscape(value, i) ? 1 : 0;
            if (matched == expected.Length || value[i] != expected[matched])
            {
                return false;
            }
        }

        return matched == expected.Length;
    }

    // A backslash escapes only the characters that need it, as the Pushgateway has it for the sake of old browsers.
    private static bool IsEscape(ReadOnlySpan<byte> text, int at) =>
        text[at] == (byte)'\\' && at + 1 < text.Length && "()<>@,;:\\\"/[]?="u8.Contains(text[at + 1]);
}
