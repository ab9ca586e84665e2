using System.IO.Compression;
using Snappier;

namespace Exposition.Kestrel.Bodies;

// The framing format: chunks of a type byte, a three-byte little-endian length and data; first the stream identifier. A compressed chunk
// holds a CRC, the decoded length as a varint, and elements; a plain one a CRC and data; neither decodes to more than 64 KiB. Snappier
// decodes and checks the CRC of each chunk that comes to its end, but passes over a chunk that does not. So the walk beforehand checks the
// framing and adds the lengths up, and the decoded bytes must be that many. The format has no mark for its end: a body that was cut between
// two chunks looks whole. That it is not, Content-Length or the chunks of HTTP prove, as for text: such a request never gets here.

/// <summary>Undoes <c>Content-Encoding: snappy</c>, the framed form.</summary>
internal static class SnappyBody
{
    private const int MaxChunk = 1 << 16;
    private const string Corrupt = "snappy: corrupt input";
    private const string NotFramed = Corrupt
        + " (not the framed form of snappy; a single block, as Prometheus remote write sends it, is not understood here)";

    private static ReadOnlySpan<byte> Identifier => [0xFF, 6, 0, 0, (byte)'s', (byte)'N', (byte)'a', (byte)'P', (byte)'p', (byte)'Y'];

    /// <summary>Decodes. An empty body is an empty push.</summary>
    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        if (body.IsEmpty)
        {
            return default;
        }

        if (Check(body.Span, out long length) is { } error)
        {
            return new DecodeOutcome(error);
        }

        if (length > limit)
        {
            return new DecodeOutcome(TooLarge: true);
        }

        into.Expect(length);

        using var input = new ReadOnlyMemoryStream(body);
        using var snappy = new SnappyStream(input, CompressionMode.Decompress);
        try
        {
            DecodeOutcome outcome = DecodeOutcome.Copy(snappy, into, limit);
            return outcome.NoRoom || into.Length == length ? outcome : new DecodeOutcome(Corrupt);
        }
        catch (InvalidDataException)
        {
            return new DecodeOutcome(Corrupt);
        }
    }

    private static string? Check(ReadOnlySpan<byte> body, out long decoded)
    {
        decoded = 0;
        if (!body.StartsWith(Identifier))
        {
            return NotFramed;
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

            if (body.Length - 4 < length || (type == 0xFF && !body.StartsWith(Identifier)))
            {
                return Corrupt;
            }

            if (type < 2)
            {
                int size = DecodedSize(type, body.Slice(4, length));
                if (size is < 0 or > MaxChunk)
                {
                    return Corrupt;
                }

                decoded += size;
            }

            body = body[(4 + length)..];
        }

        return null;
    }

    // -1 where the chunk is too short to say.
    private static int DecodedSize(byte type, ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < 4)
        {
            return -1;
        }

        chunk = chunk[4..];
        if (type == 1)
        {
            return chunk.Length;
        }

        int size = 0;
        for (int i = 0; i < Math.Min(3, chunk.Length); i++)
        {
            size |= (chunk[i] & 0x7F) << (7 * i);
            if (chunk[i] < 0x80)
            {
                return size;
            }
        }

        return -1;
    }
}
