using System.IO.Compression;
using Snappier;

namespace Exposition.Kestrel.Bodies;

// The framing format: chunks of a type byte, a three-byte little-endian length and data; first the stream identifier. Snappier decodes and
// checks CRCs; the walk beforehand finds what it passes over (a stream cut between or inside chunks) and words the rest.

/// <summary>Undoes <c>Content-Encoding: snappy</c>, the framed form.</summary>
internal static class SnappyBody
{
    private const string Corrupt = "snappy: corrupt input";

    private static ReadOnlySpan<byte> Identifier => [0xFF, 6, 0, 0, (byte)'s', (byte)'N', (byte)'a', (byte)'P', (byte)'p', (byte)'Y'];

    /// <summary>Decodes. An empty body is an empty push.</summary>
    /// <param name="body">The chunks.</param>
    /// <param name="into">Where the bytes go; on failure it holds what came before.</param>
    /// <param name="limit">Most bytes to decode.</param>
    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        if (body.IsEmpty)
        {
            return default;
        }

        if (Check(body.Span) is { } error)
        {
            return new DecodeOutcome(error);
        }

        using var input = new ReadOnlyMemoryStream(body);
        using var snappy = new SnappyStream(input, CompressionMode.Decompress);
        try
        {
            return DecodeOutcome.Copy(snappy, into, limit);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            return new DecodeOutcome(Corrupt);
        }
    }

    private static string? Check(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Identifier))
        {
            return Corrupt;
        }

        while (!body.IsEmpty)
        {
            if (body.Length < 4)
            {
                return Corrupt;
            }

            byte type = body[0];
            int length = body[1] | (body[2] << 8) | (body[3] << 16);
            if (type is >= 2 and < 0x80)
            {
                return "snappy: unsupported input";
            }

            if (body.Length - 4 < length || (type == 0xFF && !body.StartsWith(Identifier)) || (type < 2 && length < 4))
            {
                return Corrupt;
            }

            body = body[(4 + length)..];
        }

        return null;
    }
}
