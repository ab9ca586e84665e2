using System.Buffers.Binary;

namespace Exposition.Persistence.Rows;

/// <summary>The checksum of a row: key, version and content, so that a content under a wrong key is found too.</summary>
internal static class RowChecksum
{
    public static uint Of(ReadOnlySpan<byte> key, long version, ReadOnlySpan<byte> content)
    {
        Span<byte> fixedPart = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart, version);
        BinaryPrimitives.WriteInt32LittleEndian(fixedPart[sizeof(long)..], key.Length);
        uint running = Crc32C.Append(Crc32C.Initial, fixedPart);
        running = Crc32C.Append(running, key);
        return Crc32C.Finish(Crc32C.Append(running, content));
    }
}
