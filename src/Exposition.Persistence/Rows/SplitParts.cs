using System.Diagnostics;
using Exposition.Engine;
using Exposition.Engine.Content;

namespace Exposition.Persistence.Rows;

/// <summary>How large the parts of a group are, see <see cref="SplitContent"/>.</summary>
/// <param name="Lines">How many lines its families have.</param>
/// <param name="Values">How long the values of all lines are, with the line ends.</param>
/// <param name="Cut">How long the lines of each family are without the values.</param>
internal readonly record struct SplitSize(int Lines, int Values, int[] Cut);

internal readonly ref struct SplitShape(KeptGroup group, SplitSize size) : IContent
{
    private readonly KeptGroup _group = group;

    public int Length
    {
        get
        {
            Span<byte> buffer = stackalloc byte[64];
            var counter = new ContentWriter(buffer, static _ => { });
            Write(ref counter, withLines: false);
            int lines = 0;
            foreach (int cut in size.Cut)
            {
                lines += cut;
            }

            return counter.Position + lines;
        }
    }

    public void Write(ref ContentWriter writer) => Write(ref writer, withLines: true);

    private void Write(ref ContentWriter writer, bool withLines)
    {
        Debug.Assert(size.Cut.Length == _group.Families.Length, "The group was measured.");
        GroupContent.WriteHead(_group.Families.Length, ref writer);
        for (int i = 0; i < size.Cut.Length; i++)
        {
            ref readonly FamilyEntry family = ref _group.Families[i];
            GroupContent.WriteBeforeText(family, pushedAt: 0, ref writer);
            writer.Varint(size.Cut[i]);
            ReadOnlySpan<byte> text = withLines ? family.Text.Span : default;
            while (SplitContent.TryTakeLine(ref text, out ReadOnlySpan<byte> series, out _))
            {
                writer.Bytes(series);
                writer.Byte((byte)'\n');
            }

            GroupContent.WriteAfterText(family, ref writer);
        }
    }
}

internal readonly ref struct SplitValues(KeptGroup group, SplitSize size) : IContent
{
    private readonly KeptGroup _group = group;

    public int Length
    {
        get
        {
            Span<byte> buffer = stackalloc byte[64];
            var counter = new ContentWriter(buffer, static _ => { });
            counter.Varint(size.Values);
            GroupFields.Write(_group.Content, ref counter);
            return 1 + (sizeof(long) * _group.Families.Length) + size.Values + counter.Position;
        }
    }

    public void Write(ref ContentWriter writer)
    {
        writer.Byte(SplitContent.FormatVersion);
        foreach (ref readonly FamilyEntry family in _group.Families)
        {
            writer.Int64(family.PushedAt);
        }

        writer.Varint(size.Values);
        foreach (ref readonly FamilyEntry family in _group.Families)
        {
            ReadOnlySpan<byte> text = family.Text.Span;
            while (SplitContent.TryTakeLine(ref text, out _, out ReadOnlySpan<byte> value))
            {
                writer.Bytes(value);
            }
        }

        GroupFields.Write(_group.Content, ref writer);
    }
}
