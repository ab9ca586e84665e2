using System.IO.Compression;
using System.Text;
using Exposition.Kestrel.Bodies;
using Snappier;

namespace Exposition.Kestrel.Tests;

/// <summary>Error texts were recorded from release 1.11.2 for the same bodies.</summary>
public class BodyDecodingTests
{
    private static readonly byte[] s_gzip = Gzip.Pack("a 1\n"u8);

    private static byte[] Snappy(ReadOnlySpan<byte> data)
    {
        using var packed = new MemoryStream();
        using (var snappy = new SnappyStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            snappy.Write(data);
        }

        return packed.ToArray();
    }

    private static string Undo(byte[] body, bool snappy = false, long limit = 1 << 30)
    {
        if (!snappy && GzipBody.CheckHeader(body) is { } refused)
        {
            return "header: " + refused;
        }

        using var into = new PooledBody();
        DecodeOutcome outcome = snappy ? SnappyBody.Decode(body, into, limit) : GzipBody.Decode(body, into, limit);
        Assert.True(into.Length <= limit);
        return outcome.TooLarge ? "too large" : outcome.Error is { } error ? "error: " + error : Encoding.ASCII.GetString(into.Memory.Span);
    }

    // Found among hostile clients: the head ended where the received bytes did, all memory was in use, and appending nothing asked for a
    // byte.
    [Fact]
    public void NothingIsAppendedWithoutRoom()
    {
        var budget = new InflightBytes(1, TimeProvider.System);
        Assert.True(new BodyClaim(budget).TryTake(2));
        using var body = new PooledBody(new BodyClaim(budget));
        Assert.True(body.TryReserve(0));
        body.Append([]);
        Assert.Equal(0, body.Length);
        Assert.False(body.TryReserve(1));
        Assert.Throws<InvalidOperationException>(() => body.Append("x"u8));
    }

    [Fact]
    public void GzipBodies()
    {
        Assert.Equal("a 1\n", Undo(s_gzip));
        Assert.Equal("a 1\na 1\n", Undo([.. s_gzip, .. s_gzip]));
        Assert.Equal("", Undo([.. s_gzip[..10], 3, 0, .. new byte[8]]));
        Assert.Equal("a 1\n", Undo([.. s_gzip, .. s_gzip[..10], 3, 0, .. new byte[8]]));
    }

    [Fact]
    public void GzipHeadersWithAllFields() =>
        Assert.Equal(
            "a 1\n", Undo([0x1F, 0x8B, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 0xFF, 3, 0, 1, 2, 3, (byte)'n', 0, (byte)'c', 0, .. s_gzip[10..]]));

    [Fact]
    public void GzipFaults()
    {
        Assert.Equal("header: EOF", Undo([]));
        Assert.Equal("header: unexpected EOF", Undo([0x1F]));
        Assert.Equal("header: unexpected EOF", Undo(s_gzip[..9]));
        Assert.Equal("header: gzip: invalid header", Undo("nogzipatallxxxx"u8.ToArray()));
        Assert.Equal("header: unexpected EOF", Undo([0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 0xFF, (byte)'n']));
        Assert.Equal("header: gzip: invalid header", Undo([0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 0xFF, .. Enumerable.Repeat((byte)'n', 600)]));
        for (int length = 10; length < s_gzip.Length; length++)
        {
            Assert.Equal("error: unexpected EOF", Undo(s_gzip[..length]));
        }

        Assert.Equal("error: gzip: invalid checksum", Undo([.. s_gzip[..^6], (byte)~s_gzip[^6], .. s_gzip[^5..]]));
        Assert.Equal("error: gzip: invalid checksum", Undo([.. s_gzip[..^1], 1]));
        Assert.Equal("error: flate: corrupt input", Undo([.. s_gzip[..10], .. Enumerable.Repeat((byte)0xFF, 20)]));
        Assert.Equal("error: gzip: invalid header (14 bytes behind the end of the gzip data)", Undo([.. s_gzip, .. "garbagegarbage"u8]));
        Assert.Equal("error: unexpected EOF (4 bytes behind the end of the gzip data)", Undo([.. s_gzip, .. "garb"u8]));
        Assert.Equal("error: unexpected EOF (1 bytes behind the end of the gzip data)", Undo([.. s_gzip, (byte)'\n']));
        Assert.Equal("error: unexpected EOF", Undo([.. s_gzip, 0x1F]));
        Assert.Equal("error: unexpected EOF", Undo([.. s_gzip, .. s_gzip[..^3]]));
    }

    /// <summary>As gzip itself does, which warns of everything else.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(20)]
    [InlineData(10_000)]
    public void GzipMayBePaddedWithZeros(int zeros)
    {
        Assert.Equal(Undo(s_gzip), Undo([.. s_gzip, .. new byte[zeros]]));
        Assert.StartsWith("error: ", Undo([.. s_gzip, .. new byte[zeros], 1]), StringComparison.Ordinal);
        Assert.StartsWith("error: ", Undo([.. s_gzip[..^1], .. new byte[zeros], 1]), StringComparison.Ordinal);
    }

    /// <summary>Bodies of several members, longer than what the inflater takes at once, damaged wherever the walk looks.</summary>
    [Fact]
    public void GzipMembersAreWalked()
    {
        byte[] noise = new byte[60_000];
        new Random(1).NextBytes(noise);
        byte[] text = Encoding.ASCII.GetBytes(Convert.ToHexString(noise));
        byte[] member = Gzip.Pack(text), both = [.. member, .. member];
        string once = Encoding.ASCII.GetString(text);
        Assert.Equal(once + once, Undo(both));
        Assert.Equal(once + "a 1\n" + once, Undo([.. member, .. s_gzip, .. member]));
        Assert.Equal(once, Undo([.. member, .. Gzip.Pack([])]));
        for (int cut = 1; cut <= 100; cut++)
        {
            Assert.Equal("error: unexpected EOF", Undo(both[..^cut]));
        }

        foreach (int at in (
            int[])[member.Length - 1, member.Length - 5, member.Length - 8, both.Length - 1, both.Length - 5, both.Length - 8])
        {
            Assert.Equal("error: gzip: invalid checksum", Undo([.. both[..at], (byte)~both[at], .. both[(at + 1)..]]));
        }

        Assert.StartsWith("error: gzip: invalid header (", Undo([.. both, .. text]), StringComparison.Ordinal);
        Assert.StartsWith("error: gzip: invalid header (", Undo([.. member, .. text, .. member]), StringComparison.Ordinal);
        Assert.StartsWith("error: ", Undo([.. member, .. member[..5000], .. text]), StringComparison.Ordinal);
    }

    [Fact]
    public void TheChecksumOfGzipIsTheKnownOne()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xCBF43926u, Crc32.Append(Crc32.Append(0, "1"u8), "23456789"u8));
        byte[] data = Enumerable.Range(0, 1000).Select(static i => (byte)(i * i)).ToArray();
        Assert.Equal(System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(Gzip.Pack(data).AsSpan()[^8..]), Crc32.Append(0, data));
    }

    [Fact]
    public void DecodingStopsAtTheLimit()
    {
        byte[] bomb = Gzip.Pack(new byte[50_000_000]);
        Assert.Equal("too large", Undo(bomb, limit: 1 << 20));
        Assert.Equal("too large", Undo(Gzip.Pack(new byte[1001]), limit: 1000));
        Assert.Equal("error: gzip: invalid checksum", Undo([.. s_gzip[..^1], 1], limit: 1000));
        Assert.Equal("error: unexpected EOF", Undo([.. s_gzip[..^5], 1, 2], limit: 1000));
        using var into = new PooledBody();
        Assert.True(GzipBody.Decode(bomb, into, 1 << 20).TooLarge);
        Assert.Equal(0, into.Length);
        Assert.Equal(1000, Undo(Gzip.Pack(new byte[1000]), limit: 1000).Length);
        Assert.Equal("too large", Undo(Snappy(new byte[5_000_000]), snappy: true, limit: 1 << 20));
    }

    [Fact]
    public void SnappyBodies()
    {
        Assert.Equal("", Undo([], snappy: true));
        Assert.Equal("a 1\n", Undo(Snappy("a 1\n"u8), snappy: true));
        byte[] long_ = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50_000).Select(i => $"m{i} {i}\n")));
        Assert.Equal(Encoding.ASCII.GetString(long_), Undo(Snappy(long_), snappy: true));
        Assert.Equal("", Undo([0xFF, 6, 0, 0, .. "sNaPpY"u8], snappy: true));
        Assert.Equal("", Undo([0xFF, 6, 0, 0, .. "sNaPpY"u8, 0xFE, 1, 0, 0, (byte)'a'], snappy: true));
    }

    [Fact]
    public void SnappyFaults()
    {
        byte[] good = Snappy("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\n"u8);
        Assert.StartsWith(
            "error: snappy: corrupt input (not the framed form", Undo("a 1\n"u8.ToArray(), snappy: true), StringComparison.Ordinal);
        Assert.StartsWith("error: snappy: corrupt input (not the framed form", Undo(good[10..], snappy: true), StringComparison.Ordinal);
        Assert.Equal("error: snappy: corrupt input", Undo([0xFF, 6, 0, 0, .. "sNaPpY"u8, 1], snappy: true));
        Assert.Equal("error: snappy: unsupported input", Undo([0xFF, 6, 0, 0, .. "sNaPpY"u8, 2, 1, 0, 0, (byte)'a'], snappy: true));
        for (int length = 1; length < good.Length; length++)
        {
            if (length != 10)
            {
                Assert.StartsWith("error: snappy: corrupt input", Undo(good[..length], snappy: true), StringComparison.Ordinal);
            }
        }

        for (int at = 14; at < good.Length; at++)
        {
            Assert.StartsWith(
                "error: snappy: ", Undo([.. good[..at], (byte)~good[at], .. good[(at + 1)..]], snappy: true), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ZstdBodies()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50_000).Select(i => $"m{i} {i}\n")));
        byte[] packed = Zstd(text);
        Assert.True(ZstdBody.Starts(packed));
        Assert.Equal(Encoding.ASCII.GetString(text), UndoNew(packed, ZstdBody.Decode));
        Assert.Equal("a 1\na 1\n", UndoNew([.. Zstd("a 1\n"u8), .. Zstd("a 1\n"u8)], ZstdBody.Decode));
        Assert.Equal("a 1\n", UndoNew([0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 7, .. Zstd("a 1\n"u8)], ZstdBody.Decode));
        Assert.Equal("too large", UndoNew(Zstd(new byte[50_000_000]), ZstdBody.Decode, 1 << 20));
        Assert.Equal(1000, UndoNew(Zstd(new byte[1000]), ZstdBody.Decode, 1000).Length);
        for (int length = 4; length < 40; length++)
        {
            Assert.Equal("error: unexpected EOF", UndoNew(packed[..length], ZstdBody.Decode));
        }

        // In our own words: what an exception says is not for the wire.
        Assert.Equal("error: zstd: corrupt input", UndoNew([.. packed[..9], .. Enumerable.Repeat((byte)0xFF, 20)], ZstdBody.Decode));
        Assert.Equal(
            "error: zstd: invalid checksum", UndoNew([0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x00, 0x01, 0, 0, 1, 2, 3, 4], ZstdBody.Decode));
        Assert.Equal("error: zstd: dictionaries are not supported",
            UndoNew([0x28, 0xB5, 0x2F, 0xFD, 0x21, 0x07, 0x00, 0x01, 0, 0], ZstdBody.Decode));

        // A window of 2 GiB is announced: the memory is not reserved.
        Assert.Equal("error: zstd: window size exceeded: more than 8 MiB",
            UndoNew([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0, 0, 0, 0, 0, 0], ZstdBody.Decode));
    }

    [Fact]
    public void DeflateBodies()
    {
        byte[] packed = Deflate("a 1\n"u8);
        Assert.True(DeflateBody.Starts(packed));
        Assert.Equal("a 1\n", UndoNew(packed, DeflateBody.Decode));
        Assert.Equal("too large", UndoNew(Deflate(new byte[50_000_000]), DeflateBody.Decode, 1 << 20));
        for (int length = 2; length < packed.Length; length++)
        {
            Assert.StartsWith("error: ", UndoNew(packed[..length], DeflateBody.Decode), StringComparison.Ordinal);
        }

        Assert.StartsWith("error: ", UndoNew([.. packed[..^1], (byte)~packed[^1]], DeflateBody.Decode), StringComparison.Ordinal);
        Assert.Equal("error: zlib: corrupt input", UndoNew([.. packed[..2], .. Enumerable.Repeat((byte)0xFF, 20)], DeflateBody.Decode));
    }

    [Fact]
    public void DeflateBodiesWithoutHeaderAndChecksum()
    {
        string text = string.Concat(Enumerable.Range(0, 1000).Select(static i => $"a{{b=\"{i}\"}} {i}\n"));
        foreach (string one in (string[])["a 1\n", text])
        {
            byte[] packed = Deflate(Encoding.ASCII.GetBytes(one))[2..^4];
            Assert.Equal(BodyEncoding.RawDeflate, ContentCoding.Settle(BodyEncoding.Deflate, packed));
            Assert.Equal(one, UndoNew(packed, DeflateBody.DecodeRaw));
            Assert.Equal("error: flate: corrupt input", UndoNew([.. packed, 0], DeflateBody.DecodeRaw));
            Assert.Equal("error: flate: corrupt input", UndoNew([.. packed, .. new byte[100]], DeflateBody.DecodeRaw));
            for (int length = 0; length < packed.Length; length++)
            {
                Assert.Equal("error: flate: corrupt input", UndoNew(packed[..length], DeflateBody.DecodeRaw));
            }
        }

        Assert.Equal("too large", UndoNew(Deflate(new byte[50_000_000])[2..^4], DeflateBody.DecodeRaw, 1 << 20));
    }

    /// <summary>The form without a mark must not be seen in a text.</summary>
    [Fact]
    public async Task TextMarkedAsDeflateIsStillText()
    {
        foreach (string text in (
            string[])["# HELP a b\na 1\n", "a 1\n", "x 1\n", "{\"a\"} 1\n", "k 1\n" + new string('#', 5000), "s_total{a=\"b\"} 1\n"])
        {
            using var raw = new RawHarness();
            Assert.StartsWith(
                "HTTP/1.1 200 OK",
                await raw.ExchangeAsync(
                $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: deflate\r\nContent-Length: {text.Length}\r\n\r\n{text}"),
                StringComparison.Ordinal);
            Assert.StartsWith(
                "Replace {job=\"a\"} Text " + (text.Length < 400 ? text : ""), Assert.Single(raw.Target.Calls), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", BodyEncoding.Identity)]
    [InlineData("identity", BodyEncoding.Identity)]
    [InlineData("GZIP", BodyEncoding.Gzip)]
    [InlineData("gzip, identity", BodyEncoding.Gzip)]
    [InlineData(" ,identity,\tSnappy ,", BodyEncoding.Snappy)]
    [InlineData("zstd", BodyEncoding.Zstd)]
    [InlineData("deflate", BodyEncoding.Deflate)]
    [InlineData("br", BodyEncoding.Unknown)]
    [InlineData("gzip, snappy", BodyEncoding.Unknown)]
    [InlineData("gzip gzip", BodyEncoding.Unknown)]
    public void ListsOfCodings(string header, object expected) => Assert.Equal(expected, ContentCoding.Of(Encoding.ASCII.GetBytes(header)));

    // "x " is a multiple of 31, as zlib's header must be, but asks for a dictionary.
    [Theory]
    [InlineData("x 1\n")]
    [InlineData("# HELP a b\n")]
    [InlineData("")]
    [InlineData("(")]
    public void TextIsTakenForNoCoding(string text)
    {
        Assert.Equal(text.Length == 0
            ? BodyEncoding.Unknown
            : BodyEncoding.RawDeflate, ContentCoding.Settle(BodyEncoding.Deflate, Encoding.ASCII.GetBytes(text)));
        Assert.StartsWith("error: ", UndoNew(Encoding.ASCII.GetBytes(text), DeflateBody.DecodeRaw), StringComparison.Ordinal);
        Assert.Equal(BodyEncoding.Unknown, ContentCoding.Settle(BodyEncoding.Zstd, Encoding.ASCII.GetBytes(text)));
    }

    private delegate DecodeOutcome Decoder(ReadOnlyMemory<byte> body, PooledBody into, long limit);

    private static string UndoNew(byte[] body, Decoder decode, long limit = 1 << 30)
    {
        using var into = new PooledBody();
        DecodeOutcome outcome = decode(body, into, limit);
        Assert.True(into.Length <= limit);
        return outcome.TooLarge ? "too large" : outcome.Error is { } error ? "error: " + error : Encoding.ASCII.GetString(into.Memory.Span);
    }

    private static byte[] Zstd(ReadOnlySpan<byte> data)
    {
        using var compressor = new ZstdSharp.Compressor();
        return compressor.Wrap(data).ToArray();
    }

    private static byte[] Deflate(ReadOnlySpan<byte> data)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(data);
        }

        return packed.ToArray();
    }
}
