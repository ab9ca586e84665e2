using System.Text;

namespace Exposition.Kestrel.Bodies;

// Content-Encoding = #coding, compared without case. "identity" and empty elements mean nothing, x-gzip is gzip (RFC 9110 8.4.1.3). The
// reference knows gzip and snappy and reads everything else as it is; zstd and deflate are ours. As a body that is marked with a coding of
// ours but is plain is served by the Pushgateway, it is served here too: those two are undone only where the body starts as they do. And
// what starts as gzip, which no body in any of our languages does, is gzip, though nobody has said so (curl --data-binary @metrics.gz).

/// <summary>Reads Content-Encoding, and undoes it.</summary>
internal static class ContentCoding
{
    /// <summary>The codings that are undone, as a header lists them.</summary>
    public const string Understood = "gzip, snappy, zstd, deflate";

    /// <summary>What a header's value asks for.</summary>
    public static BodyEncoding Of(ReadOnlySpan<byte> value)
    {
        BodyEncoding found = BodyEncoding.Identity;
        foreach (Range part in value.Split((byte)','))
        {
            BodyEncoding one = OfOne(value[part].Trim(" \t"u8));
            if (one != BodyEncoding.Identity)
            {
                found = found == BodyEncoding.Identity ? one : BodyEncoding.Unknown;
            }
        }

        return found;
    }

    /// <summary>What a body is, seeing how it starts.</summary>
    public static BodyEncoding Settle(BodyEncoding announced, ReadOnlySpan<byte> body) => announced switch
    {
        BodyEncoding.Identity when body.StartsWith(GzipBody.Magic) && GzipBody.CheckHeader(body) is null => BodyEncoding.Gzip,
        BodyEncoding.Zstd when !ZstdBody.Starts(body) => BodyEncoding.Unknown,
        BodyEncoding.Deflate when body.IsEmpty => BodyEncoding.Unknown,
        BodyEncoding.Deflate when !DeflateBody.Starts(body) => BodyEncoding.RawDeflate,
        _ => announced,
    };

    public static bool IsPacked(BodyEncoding encoding) => encoding is not (BodyEncoding.Identity or BodyEncoding.Unknown);

    /// <summary>Decodes a body that is packed.</summary>
    /// <param name="encoding">How.</param>
    /// <param name="body">The body.</param>
    /// <param name="into">Where the bytes go; on failure it holds what came before.</param>
    /// <param name="limit">Most bytes to decode.</param>
    public static DecodeOutcome Undo(BodyEncoding encoding, ReadOnlyMemory<byte> body, PooledBody into, long limit) => encoding switch
    {
        BodyEncoding.Gzip => GzipBody.Decode(body, into, limit),
        BodyEncoding.Snappy => SnappyBody.Decode(body, into, limit),
        BodyEncoding.Zstd => ZstdBody.Decode(body, into, limit),
        BodyEncoding.RawDeflate => DeflateBody.DecodeRaw(body, into, limit),
        _ => DeflateBody.Decode(body, into, limit),
    };

    private static BodyEncoding OfOne(ReadOnlySpan<byte> coding) =>
        coding.IsEmpty || Ascii.EqualsIgnoreCase(coding, "identity"u8) ? BodyEncoding.Identity
        : Ascii.EqualsIgnoreCase(coding, "gzip"u8) || Ascii.EqualsIgnoreCase(coding, "x-gzip"u8) ? BodyEncoding.Gzip
        : Ascii.EqualsIgnoreCase(coding, "snappy"u8) ? BodyEncoding.Snappy
        : Ascii.EqualsIgnoreCase(coding, "zstd"u8) ? BodyEncoding.Zstd
        : Ascii.EqualsIgnoreCase(coding, "deflate"u8) ? BodyEncoding.Deflate
        : BodyEncoding.Unknown;
}
