using System.Buffers.Binary;
using System.Diagnostics;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Content;

// Ids of pushes, as the content of a row, of those that one commit has stored, and in a message between nodes:
//   chunk := version:1 byte (1)  id*         id := id:16 body:16 at:8 status:1
// All integers are little-endian. Row and message say the number of the last one.

/// <summary>Writes and reads ids of pushes.</summary>
internal static class IdChunk
{
    private const byte FormatVersion = 1;
    private const int OfUInt128 = 16;
    public const int OfOne = (2 * OfUInt128) + sizeof(long) + 1;

    public static byte[] Write(ReadOnlySpan<StoredId> ids)
    {
        byte[] content = new byte[1 + (OfOne * ids.Length)];
        content[0] = FormatVersion;
        Span<byte> rest = content.AsSpan(1);
        foreach (ref readonly StoredId id in ids)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(rest, id.Id);
            BinaryPrimitives.WriteUInt128LittleEndian(rest[OfUInt128..], id.Body);
            BinaryPrimitives.WriteInt64LittleEndian(rest[(2 * OfUInt128)..], id.At);
            rest[OfOne - 1] = (byte)id.Status;
            rest = rest[OfOne..];
        }

        Debug.Assert(rest.IsEmpty, "It is as long as it says.");
        return content;
    }

    /// <summary>Adds the ids of a chunk to a list.</summary>
    /// <returns>False if it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> content, List<StoredId> into)
    {
        if (content.IsEmpty || content[0] != FormatVersion || (content.Length - 1) % OfOne != 0)
        {
            return false;
        }

        for (ReadOnlySpan<byte> rest = content[1..]; !rest.IsEmpty; rest = rest[OfOne..])
        {
            into.Add(new StoredId(
                BinaryPrimitives.ReadUInt128LittleEndian(rest),
                BinaryPrimitives.ReadUInt128LittleEndian(rest[OfUInt128..]),
                BinaryPrimitives.ReadInt64LittleEndian(rest[(2 * OfUInt128)..]),
                (PushStatus)rest[OfOne - 1]));
        }

        return true;
    }
}
