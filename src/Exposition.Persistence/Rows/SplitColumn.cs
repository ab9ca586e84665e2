using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using Exposition.Engine.Content;

namespace Exposition.Persistence.Rows;

/// <summary>A values part as it stands in the content column: 3:1 byte, digest of its shape, packed values.</summary>
internal static class SplitColumn
{
    private const byte Split = 3;
    private const int HeadBytes = 1 + SplitContent.DigestBytes;

    /// <summary>The bytes for the column. Digits shrink by a third more at the better level, and there are few of them.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> digest, in SplitValues values) =>
        [Split, .. digest, .. PackedContent.Pack(values, CompressionLevel.Optimal)];

    /// <summary>Whether a column holds the values part of a group, whose shape is in another place.</summary>
    public static bool IsOne(ReadOnlySpan<byte> column) => column.Length > HeadBytes && column[0] == Split;

    /// <summary>Puts a group together.</summary>
    /// <returns>False if one of the parts is damaged, or they are not parts of one group.</returns>
    public static bool TryJoin(byte[] column, byte[]? packedShape, out GroupState state)
    {
        Debug.Assert(IsOne(column), "The column was looked at.");
        state = default;
        if (packedShape is null || !PackedContent.TryUnpack(packedShape, out byte[] shape))
        {
            return false;
        }

        return column.AsSpan(1, SplitContent.DigestBytes).SequenceEqual(SHA256.HashData(shape).AsSpan(0, SplitContent.DigestBytes))
            && PackedContent.TryUnpack(column[HeadBytes..], out byte[] values)
            && SplitContent.TryJoin(shape, values, out state);
    }
}
