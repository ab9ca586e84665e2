using System.Buffers.Binary;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Exposition.Kestrel.Bodies;

/// <summary>Undoes <c>Content-Encoding: zstd</c> (RFC 8878), with windows up to the 8 MiB that RFC 9659 asks of everybody.</summary>
internal static class ZstdBody
{
    private const int WindowLog = 23;
    private const int BufferBytes = 64 << 10;

    /// <summary>Whether a body starts with a frame of this coding, a skippable one included.</summary>
    public static bool Starts(ReadOnlySpan<byte> body) =>
        BinaryPrimitives.TryReadUInt32LittleEndian(body, out uint magic) && (magic == 0xFD2FB528 || (magic & 0xFFFFFFF0) == 0x184D2A50);

    public static DecodeOutcome Decode(ReadOnlyMemory<byte> body, PooledBody into, long limit)
    {
        using var input = new ReadOnlyMemoryStream(body);
        using var zstd = new DecompressionStream(input, BufferBytes);
        try
        {
            zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, WindowLog);
            return DecodeOutcome.Copy(zstd, into, limit);
        }
        catch (EndOfStreamException)
        {
            return new DecodeOutcome("unexpected EOF");
        }
        catch (ZstdException e)
        {
            return new DecodeOutcome(e.Code switch
            {
                ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge => "zstd: window size exceeded: more than 8 MiB",
                ZSTD_ErrorCode.ZSTD_error_checksum_wrong => "zstd: invalid checksum",
                ZSTD_ErrorCode.ZSTD_error_dictionary_wrong => "zstd: dictionaries are not supported",
                _ => "zstd: corrupt input",
            });
        }
    }
}
