using System.Text;
using Exposition.Formats.Negotiation;

namespace Exposition.Formats;

/// <summary>The formats that a scrape can be answered in.</summary>
public enum ScrapeFormat : byte
{
    /// <summary>Text 0.0.4.</summary>
    Text = 0,

    /// <summary>Varint-delimited MetricFamily messages.</summary>
    ProtobufDelimited = 1,

    /// <summary>The protobuf text form on several lines.</summary>
    ProtobufText = 2,

    /// <summary>The protobuf text form, a family per line.</summary>
    ProtobufCompactText = 3,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics = 4,

    /// <summary>
    /// OpenMetrics for a scraper that asks for the draft version 0.0.1 or for none; the same text under another Content-Type.
    /// </summary>
    OpenMetricsDraft = 5,
}

/// <summary>How a scrape is answered.</summary>
/// <param name="Format">The format.</param>
/// <param name="Escaping">What happens to names outside the legacy charset.</param>
public readonly record struct ScrapeNegotiation(ScrapeFormat Format, EscapingScheme Escaping);

/// <summary>
/// Chooses format and encoding of a scrape's answer exactly as the Pushgateway does (prometheus/common v0.69 with goautoneg, and promhttp),
/// oddities included: they decide what existing scrapers get. Pure and thread safe; allocates nothing.
/// </summary>
/// <example>
/// <code>
/// ReadOnlySpan&lt;byte&gt; accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"u8;
/// ScrapeNegotiation scrape = FormatNegotiator.Choose(accept, openMetrics: true);
/// var writer = new ExpositionWriter(output, new ExpositionWriterOptions(scrape));
/// </code>
/// </example>
public static class FormatNegotiator
{
    private static readonly byte[][] s_contentTypes = BuildContentTypes();

    /// <summary>
    /// Chooses by the Accept header. The entries are taken by falling quality; every entry that is looked at sets the escaping scheme if it
    /// names a known one, even if its type is not offered, and the first one whose type is offered ends the search. Wildcards match
    /// nothing. Without a match the answer is text 0.0.4.
    /// </summary>
    /// <param name="accept">The value of the first Accept header line, or nothing. Only the first 64 entries count.</param>
    public static ScrapeNegotiation Choose(ReadOnlySpan<byte> accept) => Choose(accept, openMetrics: false);

    /// <summary>
    /// Chooses by the Accept header with OpenMetrics among what is offered, which the Pushgateway never does though its library can.
    /// </summary>
    /// <param name="accept">The value of the first Accept header line, or nothing. Only the first 64 entries count.</param>
    /// <param name="openMetrics">Offer OpenMetrics 1.0.0 and 0.0.1 (which is also meant by no version).</param>
    public static ScrapeNegotiation Choose(ReadOnlySpan<byte> accept, bool openMetrics)
    {
        Span<AcceptClause> clauses = stackalloc AcceptClause[AcceptClause.MaxCount];
        clauses = clauses[..AcceptClause.Parse(accept, clauses)];
        AcceptClause.Sort(clauses);

        EscapingScheme escaping = EscapingScheme.Underscores;
        foreach (ref readonly AcceptClause clause in clauses)
        {
            ReadOnlySpan<byte> parameters = accept[clause.Parameters];
            if (TryGetScheme(AcceptClause.Parameter(parameters, "escaping"u8), out EscapingScheme named))
            {
                escaping = named;
            }

            ReadOnlySpan<byte> type = accept[clause.Type];
            ReadOnlySpan<byte> subtype = accept[clause.Subtype];
            if (type.SequenceEqual("application"u8) && subtype.SequenceEqual("vnd.google.protobuf"u8)
                && AcceptClause.Parameter(parameters, "proto"u8).SequenceEqual("io.prometheus.client.MetricFamily"u8))
            {
                ReadOnlySpan<byte> encoding = AcceptClause.Parameter(parameters, "encoding"u8);
                ScrapeFormat format = encoding.SequenceEqual("delimited"u8) ? ScrapeFormat.ProtobufDelimited
                    : encoding.SequenceEqual("text"u8) ? ScrapeFormat.ProtobufText
                    : encoding.SequenceEqual("compact-text"u8) ? ScrapeFormat.ProtobufCompactText
                    : ScrapeFormat.Text;
                if (format != ScrapeFormat.Text)
                {
                    return new ScrapeNegotiation(format, escaping);
                }
            }
            else if (openMetrics && type.SequenceEqual("application"u8) && subtype.SequenceEqual("openmetrics-text"u8)
                && TryGetOpenMetrics(AcceptClause.Parameter(parameters, "version"u8), out ScrapeFormat version))
            {
                return new ScrapeNegotiation(version, escaping);
            }
            else if (type.SequenceEqual("text"u8) && subtype.SequenceEqual("plain"u8)
                && AcceptClause.Parameter(parameters, "version"u8) is var textVersion
                    && (textVersion.IsEmpty || textVersion.SequenceEqual("0.0.4"u8)))
            {
                break;
            }
        }

        return new ScrapeNegotiation(ScrapeFormat.Text, escaping);
    }

    /// <summary>The Content-Type of an answer, byte for byte as the Pushgateway writes it. The bytes live as long as the process.</summary>
    public static ReadOnlySpan<byte> ContentType(ScrapeFormat format, EscapingScheme escaping) =>
        s_contentTypes[((int)format * 4) + (int)escaping];

    /// <summary>
    /// Whether an answer is to be compressed with gzip: only if gzip is wanted more than no encoding at all, which wins ties and the
    /// wildcard. What follows a malformed entry is ignored.
    /// </summary>
    /// <param name="acceptEncoding">The value of the Accept-Encoding header; several lines joined by commas.</param>
    public static bool AcceptsGzip(ReadOnlySpan<byte> acceptEncoding)
    {
        double identity = -1;
        double gzip = -1;
        ReadOnlySpan<byte> rest = acceptEncoding;
        while (TryReadEncoding(ref rest, out ReadOnlySpan<byte> coding, out double quality, out bool more))
        {
            bool any = coding.SequenceEqual("*"u8);
            identity = any || coding.SequenceEqual("identity"u8) ? Math.Max(identity, quality) : identity;
            gzip = any || coding.SequenceEqual("gzip"u8) ? Math.Max(gzip, quality) : gzip;
            if (!more)
            {
                break;
            }
        }

        return gzip > identity && gzip > 0;
    }

    // entry = token [ blanks ";" blanks "q=" quality ] blanks ( "," blanks | end )
    private static bool TryReadEncoding(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> coding, out double quality, out bool more)
    {
        int length = rest.IndexOfAnyExcept(HttpToken.CharactersAndSlash);
        coding = length < 0 ? rest : rest[..length];
        rest = rest[coding.Length..].TrimStart(HttpToken.Blanks);
        quality = 1;
        more = false;
        if (coding.IsEmpty)
        {
            return false;
        }

        if (rest.StartsWith(";"u8))
        {
            rest = rest[1..].TrimStart(HttpToken.Blanks);
            if (!rest.StartsWith("q="u8) || !TryReadQuality(ref rest, out quality))
            {
                return false;
            }

            rest = rest.TrimStart(HttpToken.Blanks);
        }

        if (rest.StartsWith(","u8))
        {
            more = true;
            rest = rest[1..].TrimStart(HttpToken.Blanks);
        }

        return true;
    }

    // quality = ( "0" | "1" ) [ "." { digit } ]; digits past the ninth cannot decide between codings.
    private static bool TryReadQuality(ref ReadOnlySpan<byte> rest, out double quality)
    {
        quality = 0;
        rest = rest["q=".Length..];
        if (rest.IsEmpty || rest[0] is not ((byte)'0' or (byte)'1'))
        {
            return false;
        }

        quality = rest[0] - '0';
        rest = rest[1..];
        if (rest.StartsWith("."u8))
        {
            rest = rest[1..];
            int digits = 0;
            double unit = 0.1;
            for (; digits < rest.Length && char.IsAsciiDigit((char)rest[digits]); digits++, unit /= 10)
            {
                quality += digits < 9 ? (rest[digits] - '0') * unit : 0;
            }

            rest = rest[digits..];
        }

        return true;
    }

    private static bool TryGetOpenMetrics(ReadOnlySpan<byte> version, out ScrapeFormat format)
    {
        format = version.SequenceEqual("1.0.0"u8) ? ScrapeFormat.OpenMetrics : ScrapeFormat.OpenMetricsDraft;
        return format == ScrapeFormat.OpenMetrics || version.IsEmpty || version.SequenceEqual("0.0.1"u8);
    }

    private static bool TryGetScheme(ReadOnlySpan<byte> word, out EscapingScheme scheme)
    {
        for (scheme = EscapingScheme.Underscores; scheme <= EscapingScheme.AllowUtf8; scheme++)
        {
            if (word.SequenceEqual(Word(scheme)))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Word(EscapingScheme scheme) => scheme switch
    {
        EscapingScheme.Underscores => "underscores"u8,
        EscapingScheme.Dots => "dots"u8,
        EscapingScheme.Values => "values"u8,
        _ => "allow-utf-8"u8,
    };

    private static byte[][] BuildContentTypes()
    {
        string[] formats =
        [
            "text/plain; version=0.0.4; charset=utf-8",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=compact-text",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "application/openmetrics-text; version=0.0.1; charset=utf-8",
        ];
        var all = new byte[formats.Length * 4][];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = [.. Encoding.ASCII.GetBytes(formats[i / 4]), .. "; escaping="u8, .. Word((EscapingScheme)(i % 4))];
        }

        return all;
    }
}
