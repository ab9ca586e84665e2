using System.IO.Compression;

namespace Exposition.Kestrel.Bodies;

// In HTTP "deflate" is the zlib form of RFC 1950: a header of two bytes that is a multiple of 31, deflated data, and an Adler-32 checksum.
// Some clients send the deflated data alone. That form has no mark: it is what can be undone to the last byte, and nothing follows.

/// <summary>Undoes <c>Content-Encoding: deflate</c>.</summary>
internal static class DeflateBody
{
    private const int Trailer = 4;
    private const int CarefulBytes = 64;

    /// <summary>Whether a body starts with zlib's header, for the deflate method and without a preset dictionary.</summary>
    public static bool Starts(ReadOnlySpan<byte> body) =>
        body.Length >= 2 && (body[0] & 0x0F) == 8 && body[0] >> 4 <= 7 && (body[1] & 0x20) == 0 && ((body[0] << 8) | body[1]) % 31 == 0;

    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        using var input = new ReadOnlyMemoryStream(body);
        using var zlib = new ZLibStream(input, CompressionMode.Decompress);
        try
        {
            DecodeOutcome outcome = DecodeOutcome.Copy(zlib, into, limit);

            // The framework's stream takes the end of its input for the end of the data, so the checksum at the end is looked at again.
            return outcome.TooLarge || outcome.NoRoom
                || EndsWith(body.Span, Adler32(into.Memory.Span)) ? outcome : new DecodeOutcome("unexpected EOF");
        }
        catch (InvalidDataException)
        {
            return new DecodeOutcome("zlib: corrupt input");
        }
    }

    /// <summary>Decodes a body that has neither header nor checksum.</summary>
    /// <returns>An error also for what is something else.</returns>
    public static DecodeOutcome DecodeRaw(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        using var input = new ReadOnlyMemoryStream(body, oneByOne: CarefulBytes);
        using var deflate = new DeflateStream(input, CompressionMode.Decompress);
        try
        {
            DecodeOutcome outcome = DecodeOutcome.Copy(deflate, into, limit);
            return outcome.TooLarge || outcome.NoRoom
                || (input.Position == body.Length && !input.Exhausted) ? outcome : new DecodeOutcome("flate: corrupt input");
        }
        catch (InvalidDataException)
        {
            return new DecodeOutcome("flate: corrupt input");
        }
    }

    private static bool EndsWith(ReadOnlySpan<byte> body, uint checksum) =>
        body.Length >= Trailer && System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(body[^Trailer..]) == checksum;

    private static uint Adler32(ReadOnlySpan<byte> data)
    {
        // 5552 is how many bytes can be summed up before 32 bits overflow.
        const uint modulus = 65521;
        const int run = 5552;
        uint a = 1, b = 0;
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> piece = data[..Math.Min(run, data.Length)];
            foreach (byte value in piece)
            {
                a += value;
                b += a;
            }

            a %= modulus;
            b %= modulus;
            data = data[piece.Length..];
        }

        return (b << 16) | a;
    }
}
