using System.Buffers.Binary;
using System.IO.Compression;

namespace Exposition.Kestrel.Bodies;

// RFC 1952. The framework's GZipStream inflates, checks the CRC and goes on to further members, but says one thing about every fault and
// ignores what follows the last member. So headers are checked here, and only where it has failed is the fault looked for again, to
// answer in the reference's words.

/// <summary>Undoes <c>Content-Encoding: gzip</c>.</summary>
internal static class GzipBody
{
    private const int FixedHeader = 10;
    private const int Trailer = 8;

    /// <summary>Checks the first header, which the reference reads before anything else.</summary>
    /// <returns>Null, or why it refuses.</returns>
    public static string? CheckHeader(ReadOnlySpan<byte> body) => HeaderLength(body, out string? error) > 0 ? null : error;

    /// <summary>Decodes a body whose header was checked.</summary>
    /// <param name="body">All members.</param>
    /// <param name="into">Where the bytes go; on failure it holds what came before.</param>
    /// <param name="limit">Most bytes to decode.</param>
    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        into.Expect(ExpectedLength(body.Span));
        using var input = new ReadOnlyMemoryStream(body);
        using var gzip = new GZipStream(input, CompressionMode.Decompress);
        try
        {
            return DecodeOutcome.Copy(gzip, into, limit);
        }
        catch (InvalidDataException)
        {
            return new DecodeOutcome(Diagnose(body));
        }
    }

    // The last four bytes hold the length of the last member: a hint, nothing more.
    private static long ExpectedLength(ReadOnlySpan<byte> body) =>
        body.Length < FixedHeader + Trailer ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(body[^4..]);

    private static int HeaderLength(ReadOnlySpan<byte> body, out string? error)
    {
        error = body.IsEmpty ? "EOF" : "unexpected EOF";
        if (body.Length < FixedHeader)
        {
            return 0;
        }

        if (body[0] != 0x1F || body[1] != 0x8B || body[2] != 8)
        {
            error = "gzip: invalid header";
            return 0;
        }

        const int headerCrc = 2, extra = 4, name = 8, comment = 16;
        int flags = body[3];
        int at = FixedHeader;
        if ((flags & extra) != 0)
        {
            if (body.Length < at + 2)
            {
                return 0;
            }

            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(body[at..]);
        }

        if ((flags & name) != 0 && !SkipText(body, ref at, ref error))
        {
            return 0;
        }

        if ((flags & comment) != 0 && !SkipText(body, ref at, ref error))
        {
            return 0;
        }

        at += (flags & headerCrc) != 0 ? 2 : 0;
        return at <= body.Length ? at : 0;
    }

    private static bool SkipText(ReadOnlySpan<byte> body, ref int at, ref string? error)
    {
        const int longest = 512;
        int end = at > body.Length ? -1 : body[at..].IndexOf((byte)0);
        if (end >= longest || (end < 0 && body.Length - at >= longest))
        {
            error = "gzip: invalid header";
            return false;
        }

        at += end + 1;
        return end >= 0;
    }

    // Inflates the first member's data once more without looking at checksums. Faults of later members count as faults of the data.
    private static string Diagnose(ReadOnlyMemory<byte> body)
    {
        int start = HeaderLength(body.Span, out string? error);
        if (start == 0)
        {
            return error!;
        }

        using var input = new ReadOnlyMemoryStream(body[start..]);
        using var deflate = new DeflateStream(input, CompressionMode.Decompress);
        byte[] scratch = new byte[4096];
        try
        {
            while (deflate.Read(scratch) > 0)
            {
            }

            return input.Position >= input.Length && body.Length - start < Trailer ? "unexpected EOF" : "gzip: invalid checksum";
        }
        catch (InvalidDataException)
        {
            return input.Position >= input.Length ? "unexpected EOF" : "flate: corrupt input";
        }
    }
}
