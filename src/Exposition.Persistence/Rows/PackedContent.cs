using System.IO.Compression;
using Exposition.Engine.Content;

namespace Exposition.Persistence.Rows;

// A content as it stands in its column:
//   column := content (its first byte is 1)  |  2:1 byte  length:varint (of the content)  zlib(content)
// Metrics in text shrink to about a tenth, and what is written costs more than what is computed.

/// <summary>Compresses contents where that pays.</summary>
internal static class PackedContent
{
    private const byte Packed = 2;
    private const int WorthPacking = 1024;
    private const int UsualRatio = 8;

    // Deflate cannot do better than 1:1032, so a longer claim is none of ours. The other limit is SQLite's own.
    private const int BestRatio = 1032;
    private const int MostBytes = 1_000_000_000;

    public static byte[] Pack<T>(in T content, CompressionLevel level = CompressionLevel.Fastest)
        where T : IContent, allows ref struct
    {
        int length = content.Length;
        if (length < WorthPacking)
        {
            return Content.ToArray(content);
        }

        using var packed = new MemoryStream(length / UsualRatio);
        Span<byte> head = stackalloc byte[1 + ContentWriter.MaxVarint];
        var writer = new ContentWriter(head);
        writer.Byte(Packed);
        writer.Varint(length);
        packed.Write(head[..writer.Position]);
        using (var zlib = new ZLibStream(packed, level, leaveOpen: true))
        {
            Content.CopyTo(content, zlib.Write);
        }

        return packed.Length < length ? packed.ToArray() : Content.ToArray(content);
    }

    /// <inheritdoc cref="Pack{T}(in T, CompressionLevel)"/>
    public static byte[] Pack(ReadOnlySpan<byte> content) => Pack(new Plain(content));

    public static bool IsOne(ReadOnlySpan<byte> column) => column.Length > 0 && column[0] == Packed;

    /// <summary>The content of a column: the column itself if it is not packed.</summary>
    /// <returns>False if it is packed and does not unpack to what it says.</returns>
    public static bool TryUnpack(byte[] column, out byte[] content)
    {
        content = column;
        if (!IsOne(column))
        {
            return true;
        }

        var reader = new ContentReader(column, column.Length);
        if (!reader.TryByte(out _) || !reader.TryVarint(out int length) || length > MostBytes || length > (long)reader.Left * BestRatio)
        {
            return false;
        }

        try
        {
            content = GC.AllocateUninitializedArray<byte>(length);
            using var zlib = new ZLibStream(new MemoryStream(column, column.Length - reader.Left, reader.Left), CompressionMode.Decompress);
            return zlib.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length && zlib.ReadByte() < 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private readonly ref struct Plain(ReadOnlySpan<byte> content) : IContent
    {
        private readonly ReadOnlySpan<byte> _content = content;

        public int Length => _content.Length;

        public void Write(ref ContentWriter writer) => writer.Bytes(_content);
    }
}
