using System.Buffers;
using System.Diagnostics;
using Exposition.Engine.Content;

namespace Exposition.Persistence.Rows;

/// <summary>A content that can be written again and again, and so need not be in memory as a whole.</summary>
internal interface IContent
{
    /// <summary>How many bytes are written.</summary>
    public int Length { get; }

    public void Write(ref ContentWriter writer);
}

internal static class Content
{
    private const int BufferBytes = 32 << 10;

    public static byte[] ToArray<T>(in T content)
        where T : IContent, allows ref struct
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(content.Length);
        var writer = new ContentWriter(bytes);
        content.Write(ref writer);
        Debug.Assert(writer.Position == bytes.Length, "A content is as long as it says.");
        return bytes;
    }

    public static void CopyTo<T>(in T content, ByteSink sink)
        where T : IContent, allows ref struct
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var writer = new ContentWriter(buffer, sink);
        content.Write(ref writer);
        writer.Flush();
        Debug.Assert(writer.Position == content.Length, "A content is as long as it says.");
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
