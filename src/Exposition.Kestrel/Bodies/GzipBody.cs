using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace Exposition.Kestrel.Bodies;

// RFC 1952. The framework's GZipStream inflates, checks CRCs and goes on to further members, but says one thing about every fault, ignores
// what follows the last member and takes a member without data for an empty one. So the first header is checked here, and a body
// counts as good at once only if its last four bytes, the length of the last member, are the length of all that was decoded: then
// it is one whole member. Any other body is walked member by member, to be sure and to answer in the Pushgateway's words.

/// <summary>Undoes <c>Content-Encoding: gzip</c>.</summary>
internal static class GzipBody
{
    private const int FixedHeader = 10;
    private const int Trailer = 8;
    private const int SmallestMember = FixedHeader + 2 + Trailer;
    private const int ScratchBytes = 16 << 10;
    private const int CarefulBytes = 64;
    private const string InvalidChecksum = "gzip: invalid checksum";

    /// <summary>How a member starts whose data is deflated.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1F, 0x8B, 8];

    /// <summary>Checks the first header, which the Pushgateway reads before anything else.</summary>
    /// <returns>Null, or why it refuses.</returns>
    public static string? CheckHeader(ReadOnlySpan<byte> body) => HeaderLength(body, out string? error) > 0 ? null : error;

    /// <summary>Decodes a body whose header was checked.</summary>
    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        if (TrailingLength(body.Span) > limit)
        {
            return TooLargeOrFaulty(body, limit);
        }

        into.Expect(TrailingLength(body.Span));
        using var input = new ReadOnlyMemoryStream(body);
        using var gzip = new GZipStream(input, CompressionMode.Decompress);
        try
        {
            DecodeOutcome outcome = DecodeOutcome.Copy(gzip, into, limit);
            bool isOneMember = body.Length >= SmallestMember && TrailingLength(body.Span) == into.Length && input.Position == body.Length;
            return outcome.TooLarge || outcome.NoRoom || isOneMember ? outcome : new DecodeOutcome(Walk(body));
        }
        catch (InvalidDataException)
        {
            // Nothing wrong but the CRC, if the walk finds nothing.
            return new DecodeOutcome(Walk(body) ?? InvalidChecksum);
        }
    }

    // What says of itself that it is too large is counted only: a bomb gets no memory.
    private static DecodeOutcome TooLargeOrFaulty(ReadOnlyMemory<byte> body, long limit)
    {
        byte[] scratch = new byte[ScratchBytes];
        using var input = new ReadOnlyMemoryStream(body);
        using var gzip = new GZipStream(input, CompressionMode.Decompress);
        try
        {
            long length = 0;
            for (int read; (read = gzip.Read(scratch)) > 0;)
            {
                length += read;
                if (length > limit)
                {
                    return new DecodeOutcome(TooLarge: true);
                }
            }
        }
        catch (InvalidDataException)
        {
            // The walk says what is wrong.
        }

        return new DecodeOutcome(Walk(body) ?? InvalidChecksum);
    }

    // Of a single member, modulo 2^32.
    private static long TrailingLength(ReadOnlySpan<byte> body) =>
        body.Length < SmallestMember ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(body[^4..]);

    private static int HeaderLength(ReadOnlySpan<byte> body, out string? error)
    {
        error = body.IsEmpty ? "EOF" : "unexpected EOF";
        if (body.Length < FixedHeader)
        {
            return 0;
        }

        if (!body.StartsWith(Magic))
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

    // Walks the members one by one. The inflater takes its input in pieces and does not tell where in the last of them the data has ended;
    // but behind the end stand the checksum and the length of what it gave, and so they are looked for. The last bytes of the body it gets
    // one by one: there a trailer may be cut short. Zeros behind the last member are padding, as gzip has it. Only bodies that are faulty
    // or of several members come here.
    private static string? Walk(ReadOnlyMemory<byte> all)
    {
        ReadOnlyMemory<byte> body = all;
        byte[] scratch = new byte[ScratchBytes];
        Span<byte> trailer = stackalloc byte[Trailer];
        do
        {
            int start = HeaderLength(body.Span, out string? error);
            if (start == 0)
            {
                bool isMember = all.Length == body.Length || body.Span.StartsWith(Magic[..Math.Min(Magic.Length, body.Length)]);
                return isMember
                    ? error
                    : string.Create(CultureInfo.InvariantCulture, $"{error} ({body.Length} bytes behind the end of the gzip data)");
            }

            using var input = new ReadOnlyMemoryStream(body[start..], oneByOne: CarefulBytes);
            try
            {
                Inflate(input, scratch, trailer);
            }
            catch (InvalidDataException)
            {
                return input.Position >= input.Length ? "unexpected EOF" : "flate: corrupt input";
            }

            if (input.Exhausted)
            {
                return "unexpected EOF";
            }

            int least = start + (int)input.Position - input.LastRead + 1;
            int most = Math.Min(body.Length, start + (int)input.Position + Trailer);
            int found = body.Span[least..most].IndexOf(trailer);
            if (found < 0)
            {
                return body.Length - least < Trailer ? "unexpected EOF" : InvalidChecksum;
            }

            body = body[(least + found + Trailer)..];
        }
        while (body.Span.ContainsAnyExcept((byte)0));

        return null;
    }

    private static void Inflate(ReadOnlyMemoryStream input, byte[] scratch, Span<byte> trailer)
    {
        using var deflate = new DeflateStream(input, CompressionMode.Decompress, leaveOpen: true);
        uint crc = 0, length = 0;
        for (int read; (read = deflate.Read(scratch)) > 0; length += (uint)read)
        {
            crc = Crc32.Append(crc, scratch.AsSpan(0, read));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(trailer, crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], length);
    }
}
