using System.Diagnostics;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Content;

// A group as bytes: those of a row of a durable copy, and of a message between nodes. Grammar (integers little-endian, varint = LEB128 of
// at most 31 bits):
//   content := version:1 byte (1)  count:varint  family*  field*
//   family  := type:1  flags:1 (bit 0 = has help, bit 1 = has unit)  traits:1  pushedAt:8  samples:varint  text(name) text(help) text(text)
//              text(sidecar)  [unitLength:1, not 0, if it has a unit]
//   text(x) := length:varint  bytes
//   field   := see GroupFields
// The key is not part of it: rows and messages have it beside, and both under their checksum. A durable copy keeps large groups in two
// parts (SplitContent of Persistence).
// Decoded families are slices of the array, which is never written again.

/// <summary>Writes and reads a whole content.</summary>
internal static class GroupContent
{
    private const byte FormatVersion = 1;
    private const byte HasHelpFlag = 1;
    private const byte HasUnitFlag = 2;
    private const MetricType LastType = MetricType.GaugeHistogram;
    private const int FixedBytes = 3 + sizeof(long);

    /// <summary>An upper bound of what <see cref="Write(in GroupToWrite, Span{byte})"/> needs.</summary>
    public static long MaxSize(in GroupToWrite group)
    {
        long size = 1 + ContentWriter.MaxVarint + GroupFields.MaxSize(group);
        foreach (ref readonly FamilyEntry family in group.Families)
        {
            size += MaxSize(family);
        }

        return size;
    }

    /// <summary>The same of a family.</summary>
    public static long MaxSize(in FamilyEntry family) => FixedBytes + 1 + (5 * ContentWriter.MaxVarint)
        + (long)family.Name.Length + family.Help.Length + family.Text.Length + family.Sidecar.Length;

    /// <returns>The number of bytes written.</returns>
    public static int Write(in GroupToWrite group, Span<byte> into)
    {
        var writer = new ContentWriter(into);
        WriteHead(group.Families.Length, ref writer);
        foreach (ref readonly FamilyEntry family in group.Families)
        {
            WriteFamily(family, ref writer);
        }

        GroupFields.Write(group, ref writer);
        Debug.Assert(writer.Position <= MaxSize(group), "An upper bound was given.");
        return writer.Position;
    }

    /// <inheritdoc cref="TryRead(byte[], int, RecentHeads?, out GroupState)"/>
    public static bool TryRead(byte[] content, out GroupState state) => TryRead(content, content.Length, null, out state);

    /// <summary>Decodes a content, checking every length.</summary>
    /// <param name="content">An array that begins with it, and of which the group is made.</param>
    /// <param name="length">Its length.</param>
    /// <param name="heads">Where the heads of its families come from; null: they are made of slices of the array.</param>
    /// <param name="state">The group.</param>
    /// <returns>False if it is not a complete content of a known version with names in strict order.</returns>
    public static bool TryRead(byte[] content, int length, RecentHeads? heads, out GroupState state)
    {
        state = default;
        var reader = new ContentReader(content, length);
        if (!reader.TryByte(out byte version) || version != FormatVersion
            || !reader.TryVarint(out int count) || count > length / FixedBytes)
        {
            return false;
        }

        var read = new FamilyEntry[count];
        for (int i = 0; i < count; i++)
        {
            if (!TryReadFamily(ref reader, i, heads, out read[i])
                || (i > 0 && read[i - 1].Name.Span.SequenceCompareTo(read[i].Name.Span) >= 0))
            {
                return false;
            }
        }

        state = new GroupState(read);
        return GroupFields.TryRead(ref reader, ref state);
    }

    public static void WriteHead(int families, ref ContentWriter writer)
    {
        writer.Byte(FormatVersion);
        writer.Varint(families);
    }

    public static void WriteFamily(in FamilyEntry family, ref ContentWriter writer)
    {
        WriteBeforeText(family, family.PushedAt, ref writer);
        writer.Text(family.Text.Span);
        WriteAfterText(family, ref writer);
    }

    public static void WriteBeforeText(in FamilyEntry family, long pushedAt, ref ContentWriter writer)
    {
        writer.Byte((byte)family.Type);
        writer.Byte((byte)((family.HasHelp ? HasHelpFlag : 0) | (family.UnitLength > 0 ? HasUnitFlag : 0)));
        writer.Byte((byte)family.Traits);
        writer.Int64(pushedAt);
        writer.Varint(family.SampleCount);
        writer.Text(family.Name.Span);
        writer.Text(family.Help.Span);
    }

    public static void WriteAfterText(in FamilyEntry family, ref ContentWriter writer)
    {
        writer.Text(family.Sidecar.Span);
        if (family.UnitLength > 0)
        {
            writer.Byte(family.UnitLength);
        }
    }

    public static bool TryReadFamily(ref ContentReader reader, int place, RecentHeads? heads, out FamilyEntry family)
    {
        family = default;
        byte unitLength = 0;
        if (!reader.TryByte(out byte type) || !reader.TryByte(out byte flags) || !reader.TryByte(out byte traits)
            || !reader.TryInt64(out long pushedAt)
            || !reader.TryVarint(out int samples) || !reader.TryText(out ReadOnlyMemory<byte> name)
                || !reader.TryText(out ReadOnlyMemory<byte> help)
            || !reader.TryText(out ReadOnlyMemory<byte> text) || !reader.TryText(out ReadOnlyMemory<byte> sidecar)
            || type > (byte)LastType
            || ((flags & HasUnitFlag) != 0 && (!reader.TryByte(out unitLength) || unitLength == 0 || unitLength >= name.Length)))
        {
            return false;
        }

        bool hasHelp = (flags & HasHelpFlag) != 0;
        help = hasHelp ? help : default;
        FamilyHead head = heads?.At(place, name, (MetricType)type, hasHelp, help, unitLength)
            ?? new FamilyHead(name, (MetricType)type, hasHelp, help, unitLength);
        family = new FamilyEntry(head)
        {
            Traits = (FamilyTraits)traits,
            PushedAt = pushedAt,
            SampleCount = samples,
            Text = text,
            Sidecar = sidecar,
        };
        return true;
    }
}
