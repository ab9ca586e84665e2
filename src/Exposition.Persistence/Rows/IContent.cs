using System.Buffers;

namespace Exposition.Persistence.Rows;

/// <summary>A content that can be written again and again, and so need not be in memory as a whole.</summary>
internal interface IContent
{
    /// <summary>How many bytes are written.</summary>
    public int Length { get; }

    public void Write(ref ContentWriter writer);
}

/// <summary>What can be done with any content.</summary>
internal static class Content
{
    private const int BufferBytes = 32 << 10;

    /// <summary>Writes a content into an array.</summary>
    public static byte[] ToArray<T>(in T content)
        where T : IContent, allows ref struct
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(content.Length);
        var writer = new ContentWriter(bytes);
        content.Write(ref writer);
        return bytes;
    }

    /// <summary>Writes a content into a stream.</summary>
    public static void CopyTo<T>(in T content, Stream into)
        where T : IContent, allows ref struct
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var writer = new ContentWriter(buffer, into);
        content.Write(ref writer);
        writer.Flush();
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
