using System.Buffers.Binary;
using Exposition.Formats;
using Exposition.Store;

namespace Exposition.Persistence.Rows;

// A group's families as one row's bytes. Grammar (integers little-endian, varint = LEB128 of at most 31 bits):
//   content := version:1 byte (1)  count:varint  family*  field*
//   family  := type:1  flags:1 (bit 0 = has help, bit 1 = has unit)  traits:1  pushedAt:8  samples:varint  text(name) text(help) text(text)
//              text(sidecar)  [unitLength:1, not 0, if it has a unit]
//   text(x) := length:varint  bytes
//   field   := tag:varint (1 or more)  length:varint  bytes
// Fields say more about the group. Tags that a program does not know it passes over, so a row of a later version can be read; a tag is never
// given another meaning. None is in use yet. The key is not part of it: it has a column, and both are under the row's checksum.
// Decoded families are slices of the row's array, which is never written again.

/// <summary>Writes and reads the content column.</summary>
internal static class GroupContent
{
    private const byte FormatVersion = 1;
    private const byte HasHelpFlag = 1;
    private const byte HasUnitFlag = 2;
    private const int FixedBytes = 3 + sizeof(long);
    private const int MaxVarint = 5;

    /// <summary>An upper bound of what <see cref="Write"/> needs.</summary>
    public static long MaxSize(ReadOnlySpan<FamilyEntry> families)
    {
        long size = 1 + MaxVarint;
        foreach (ref readonly FamilyEntry family in families)
        {
            size += FixedBytes + 1 + (5 * MaxVarint) + (long)family.Name.Length + family.Help.Length + family.Text.Length + family.Sidecar.Length;
        }

        return size;
    }

    /// <summary>Encodes families into <paramref name="into"/>.</summary>
    /// <returns>The number of bytes written.</returns>
    public static int Write(ReadOnlySpan<FamilyEntry> families, Span<byte> into)
    {
        into[0] = FormatVersion;
        int at = 1 + WriteVarint(families.Length, into[1..]);
        foreach (ref readonly FamilyEntry family in families)
        {
            into[at] = (byte)family.Type;
            into[at + 1] = (byte)((family.HasHelp ? HasHelpFlag : 0) | (family.UnitLength > 0 ? HasUnitFlag : 0));
            into[at + 2] = (byte)family.Traits;
            BinaryPrimitives.WriteInt64LittleEndian(into[(at + 3)..], family.PushedAt);
            at += FixedBytes;
            at += WriteVarint(family.SampleCount, into[at..]);
            at += WriteText(family.Name.Span, into[at..]);
            at += WriteText(family.Help.Span, into[at..]);
            at += WriteText(family.Text.Span, into[at..]);
            at += WriteText(family.Sidecar.Span, into[at..]);
            if (family.UnitLength > 0)
            {
                into[at++] = family.UnitLength;
            }
        }

        return at;
    }

    /// <summary>Decodes a content column, checking every length.</summary>
    /// <returns>False if it is not a complete content of a known version with names in strict order.</returns>
    public static bool TryRead(byte[] content, out FamilyEntry[] families)
    {
        families = [];
        var reader = new Reader(content);
        if (!reader.TryByte(out byte version) || version != FormatVersion
            || !reader.TryVarint(out int count) || count > content.Length / FixedBytes)
        {
            return false;
        }

        var read = new FamilyEntry[count];
        for (int i = 0; i < count; i++)
        {
            if (!reader.TryFamily(out read[i]) || (i > 0 && read[i - 1].Name.Span.SequenceCompareTo(read[i].Name.Span) >= 0))
            {
                return false;
            }
        }

        families = read;
        return reader.SkipFields();
    }

    private static int WriteText(ReadOnlySpan<byte> text, Span<byte> into)
    {
        int at = WriteVarint(text.Length, into);
        text.CopyTo(into[at..]);
        return at + text.Length;
    }

    private static int WriteVarint(int value, Span<byte> into)
    {
        int at = 0;
        uint rest = (uint)value;
        while (rest >= 0x80)
        {
            into[at++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        into[at++] = (byte)rest;
        return at;
    }

    private ref struct Reader(byte[] content)
    {
        private int _at;

        public readonly bool AtEnd => _at == content.Length;

        public bool TryByte(out byte value)
        {
            value = 0;
            if (AtEnd)
            {
                return false;
            }

            value = content[_at++];
            return true;
        }

        public bool TryVarint(out int value)
        {
            long read = 0;
            for (int shift = 0; shift < 35 && TryByte(out byte b); shift += 7)
            {
                read |= (long)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    value = (int)read;
                    return read <= int.MaxValue;
                }
            }

            value = 0;
            return false;
        }

        public bool TryFamily(out FamilyEntry family)
        {
            family = default;
            if (content.Length - _at < FixedBytes)
            {
                return false;
            }

            ReadOnlySpan<byte> head = content.AsSpan(_at, FixedBytes);
            _at += FixedBytes;
            if (!TryVarint(out int samples) || !TryText(out ReadOnlyMemory<byte> name) || !TryText(out ReadOnlyMemory<byte> help)
                || !TryText(out ReadOnlyMemory<byte> text) || !TryText(out ReadOnlyMemory<byte> sidecar))
            {
                return false;
            }

            byte unitLength = 0;
            if ((head[1] & HasUnitFlag) != 0 && (!TryByte(out unitLength) || unitLength == 0 || unitLength >= name.Length))
            {
                return false;
            }

            family = new FamilyEntry
            {
                Name = name,
                UnitLength = unitLength,
                Type = (MetricType)head[0],
                HasHelp = (head[1] & HasHelpFlag) != 0,
                Traits = (FamilyTraits)head[2],
                PushedAt = BinaryPrimitives.ReadInt64LittleEndian(head[3..]),
                SampleCount = samples,
                Help = help,
                Text = text,
                Sidecar = sidecar,
            };
            return true;
        }

        public bool SkipFields()
        {
            while (!AtEnd)
            {
                if (!TryVarint(out int tag) || tag == 0 || !TryText(out _))
                {
                    return false;
                }
            }

            return true;
        }

        private bool TryText(out ReadOnlyMemory<byte> text)
        {
            text = default;
            if (!TryVarint(out int length) || length > content.Length - _at)
            {
                return false;
            }

            text = content.AsMemory(_at, length);
            _at += length;
            return true;
        }
    }
}
