using System.Security.Cryptography;
using Exposition.Store;

namespace Exposition.Persistence.Rows;

// A large group in two parts, so that a push of the series that were there before does not rewrite their text:
//   shape    := content (see GroupContent) without fields, whose families have a push time of 0 and, as text, their lines without the values: each
//               up to its last space, and the line end
//   values   := version:1 byte (1)  pushedAt:8 of each family  text(lines: the values of all families, a line each)  field*
// Cutting looks at spaces and line ends only and joining puts each line together again, so any text that ends in a line end comes back byte by byte.
// The values go with exactly one shape: both parts carry its digest (the first 16 bytes of its SHA-256), which is the shape's checksum too.

/// <summary>Cuts a group into shape and values, and joins them.</summary>
internal static class SplitContent
{
    public const int DigestBytes = 16;

    private const byte FormatVersion = 1;

    /// <summary>An upper bound of either part.</summary>
    public static long MaxSize(in KeptGroup group) => GroupContent.MaxSize(group) + (sizeof(long) * group.Families.Length);

    /// <summary>Cuts a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="scratch">Memory of <see cref="MaxSize"/>, used up.</param>
    /// <param name="shape">The same; receives the shape.</param>
    /// <param name="values">The same; receives the values.</param>
    /// <returns>The length of each; no shape if the group cannot be cut.</returns>
    public static (int Shape, int Values) Cut(in KeptGroup group, byte[] scratch, Span<byte> shape, Span<byte> values)
    {
        var cut = new FamilyEntry[group.Families.Length];
        int cutEnd = 0;
        int lines = 0;
        for (int i = 0; i < cut.Length; i++)
        {
            ref readonly FamilyEntry family = ref group.Families[i];
            int start = cutEnd;
            if (!TryCut(family.Text.Span, scratch, ref cutEnd, shape, ref lines))
            {
                return default;
            }

            cut[i] = family with { PushedAt = 0, Text = scratch.AsMemory(start, cutEnd - start) };
        }

        var writer = new ContentWriter(values);
        writer.Byte(FormatVersion);
        foreach (ref readonly FamilyEntry family in group.Families)
        {
            writer.Int64(family.PushedAt);
        }

        writer.Text(shape[..lines]);
        GroupFields.Write(group, ref writer);
        return (GroupContent.Write(cut, shape), writer.Position);
    }

    /// <summary>Puts a group together.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="values">The values.</param>
    /// <param name="state">The group; slices of the shape, and of an array of its own for its text.</param>
    /// <returns>False if they are not in order, or do not fit.</returns>
    public static bool TryJoin(byte[] shape, byte[] values, out GroupState state)
    {
        var reader = new ContentReader(values);
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

    /// <summary>The digest of a shape.</summary>
    public static void Digest(ReadOnlySpan<byte> shape, Span<byte> into)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(shape, whole);
        whole[..DigestBytes].CopyTo(into);
    }

    private static bool TryCut(ReadOnlySpan<byte> text, Span<byte> cut, ref int cutEnd, Span<byte> lines, ref int linesEnd)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            if (end < 0)
            {
                return false;
            }

            int value = text[..end].LastIndexOf((byte)' ') + 1;
            text[..value].CopyTo(cut[cutEnd..]);
            cutEnd += value;
            cut[cutEnd++] = (byte)'\n';
            text[value..(end + 1)].CopyTo(lines[linesEnd..]);
            linesEnd += end + 1 - value;
            text = text[(end + 1)..];
        }

        return true;
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
