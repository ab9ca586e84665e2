using System.Security.Cryptography;
using Exposition.Engine;
using Exposition.Engine.Content;

namespace Exposition.Persistence.Rows;

// A large group in two parts, so that a push of the series that were there before does not rewrite their text:
//   shape    := content (see GroupContent) without fields, whose families have a push time of 0 and, as text, their lines without the
//            values: each
//               up to its last space, and the line end
//   values   := version:1 byte (1)  pushedAt:8 of each family  text(lines: the values of all families, a line each)  field*
// Cutting looks at spaces and line ends only and joining puts each line together again, so any text that ends in a line end comes back byte
// by byte. The values go with exactly one shape: both parts carry its digest (the first 16 bytes of its SHA-256), which is the shape's
// checksum too.

/// <summary>Cuts a group into shape and values, and joins them.</summary>
internal static class SplitContent
{
    public const int DigestBytes = 16;

    public const byte FormatVersion = 1;

    /// <summary>An upper bound of either part.</summary>
    public static long MaxSize(in KeptGroup group) => GroupContent.MaxSize(group.Content) + (sizeof(long) * group.Families.Length);

    /// <summary>Finds out how large the parts are.</summary>
    /// <returns>False if the group cannot be cut.</returns>
    public static bool TryMeasure(in KeptGroup group, out SplitSize size)
    {
        size = new SplitSize(0, 0, new int[group.Families.Length]);
        for (int i = 0; i < size.Cut.Length; i++)
        {
            ReadOnlySpan<byte> text = group.Families[i].Text.Span;
            int values = 0;
            int lines = 0;
            for (; TryTakeLine(ref text, out _, out ReadOnlySpan<byte> value); lines++)
            {
                values += value.Length;
            }

            if (!text.IsEmpty)
            {
                return false;
            }

            // Both parts have the line ends.
            size.Cut[i] = group.Families[i].Text.Length - values + lines;
            size = size with { Lines = size.Lines + lines, Values = size.Values + values };
        }

        return true;
    }

    /// <summary>Puts a group together.</summary>
    /// <param name="shape">Decoded families are slices of it.</param>
    /// <param name="values">Joined with the shape into an array of its own.</param>
    /// <param name="state">The group.</param>
    /// <returns>False if they are not in order, or do not fit.</returns>
    public static bool TryJoin(byte[] shape, byte[] values, out GroupState state)
    {
        var reader = new ContentReader(values, values.Length);
        if (!GroupContent.TryRead(shape, out state) || !reader.TryByte(out byte version) || version != FormatVersion
            || reader.Left < state.Families.Length * (long)sizeof(long))
        {
            return false;
        }

        FamilyEntry[] families = state.Families;
        long length = 0;
        for (int i = 0; i < families.Length; i++)
        {
            _ = reader.TryInt64(out long pushedAt);
            families[i] = families[i] with { PushedAt = pushedAt };
            length += families[i].Text.Length;
        }

        if (!reader.TryText(out ReadOnlyMemory<byte> text) || !GroupFields.TryRead(ref reader, ref state))
        {
            return false;
        }

        ReadOnlySpan<byte> lines = text.Span;
        length += lines.Length - lines.Count((byte)'\n');
        if (length > Array.MaxLength)
        {
            return false;
        }

        byte[] joined = GC.AllocateUninitializedArray<byte>((int)length);
        int end = 0;
        for (int i = 0; i < families.Length; i++)
        {
            int start = end;
            if (!TryJoin(families[i].Text.Span, ref lines, joined, ref end))
            {
                return false;
            }

            families[i] = families[i] with { Text = joined.AsMemory(start, end - start) };
        }

        return lines.IsEmpty && end == joined.Length;
    }

    public static byte[] Digest(in SplitShape shape)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Content.CopyTo(shape, digest.AppendData);
        return digest.GetHashAndReset()[..DigestBytes];
    }

    /// <summary>Takes the first line of a text: what is before its value, and the value with the line end.</summary>
    /// <returns>False if no line has an end.</returns>
    internal static bool TryTakeLine(scoped ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> series, out ReadOnlySpan<byte> value)
    {
        int end = text.IndexOf((byte)'\n') + 1;
        int start = text[..end].LastIndexOf((byte)' ') + 1;
        series = text[..start];
        value = text[start..end];
        text = text[end..];
        return end > 0;
    }

    private static bool TryJoin(ReadOnlySpan<byte> cut, ref ReadOnlySpan<byte> lines, Span<byte> into, ref int end)
    {
        while (!cut.IsEmpty)
        {
            int name = cut.IndexOf((byte)'\n');
            int value = lines.IndexOf((byte)'\n') + 1;
            if (name < 0 || value == 0 || name + value > into.Length - end)
            {
                return false;
            }

            cut[..name].CopyTo(into[end..]);
            lines[..value].CopyTo(into[(end + name)..]);
            end += name + value;
            cut = cut[(name + 1)..];
            lines = lines[value..];
        }

        return true;
    }
}
