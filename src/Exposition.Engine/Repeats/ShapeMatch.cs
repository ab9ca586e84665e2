using System.Buffers.Text;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Repeats;

/// <summary>Finds out which line of a group shows which value of a body, by the numbers that its probe shows there.</summary>
internal static class ShapeMatch
{
    /// <summary>Finds the lines.</summary>
    /// <param name="pushed">What the body was rendered to.</param>
    /// <param name="probed">What the probe was.</param>
    /// <param name="tables">Where the values of the body are; what is found goes there.</param>
    /// <returns>False where they do not come out as expected.</returns>
    public static bool TryMatch(ReadOnlySpan<FamilyEntry> pushed, ReadOnlySpan<FamilyEntry> probed, ShapeTables tables)
    {
        bool[] isWhole = new bool[tables.ValueStart.Count];
        int[] shown = new int[isWhole.Length];
        int at = 0;
        int next = 0;
        foreach (ref readonly FamilyEntry entry in pushed)
        {
            while (next < probed.Length && BuiltInFamilies.IsEither(probed[next].Name.Span))
            {
                next++;
            }

            if (next == probed.Length || !probed[next].Name.Span.SequenceEqual(entry.Name.Span) || probed[next].Type != entry.Type
                || !TryMatchLines(entry, probed[next++].Text.Span, at, tables, isWhole, shown))
            {
                return false;
            }

            at += entry.Text.Length;
            tables.LastLineOfFamily.Add(tables.Source.Count - 1);
        }

        tables.IsWhole.AddRange(isWhole);
        foreach (int lines in shown)
        {
            // A count that is also shown as a +Inf bucket: at 0 there may be no such bucket.
            tables.IsPositive.Add(lines > 1);
        }

        // A value that nothing shows was dropped for what it is (a NaN quantile, say).
        return !shown.AsSpan().Contains(0);
    }

    private static bool TryMatchLines(
        in FamilyEntry entry, ReadOnlySpan<byte> probed, int offset, ShapeTables tables, bool[] isWhole, int[] shown)
    {
        ReadOnlySpan<byte> text = entry.Text.Span;
        int at = 0;
        while (at < text.Length)
        {
            ReadOnlySpan<byte> line = text[at..(at + text[at..].IndexOf((byte)'\n'))];
            int value = line.LastIndexOf((byte)' ') + 1;
            int lineEnd = probed.IndexOf((byte)'\n');
            if (tables.IsJoined && (lineEnd < 0 || !probed[..lineEnd].StartsWith(line[..value])))
            {
                // Of before. Both are in the same order.
                tables.Source.Add(-1);
                tables.LineStart.Add(offset + at + value);
                tables.LineEnd.Add(offset + at + line.Length);
                at += line.Length + 1;
                continue;
            }

            if (lineEnd < 0)
            {
                return false;
            }

            ReadOnlySpan<byte> probedLine = probed[..lineEnd];
            probed = probed[(lineEnd + 1)..];
            if (probedLine.LastIndexOf((byte)' ') + 1 != value || !probedLine[..value].SequenceEqual(line[..value])
                || !Utf8Parser.TryParse(probedLine[value..], out double index, out _))
            {
                return false;
            }

            int source = (int)index - 1;
            if (source >= shown.Length)
            {
                return false;
            }

            if (source >= 0)
            {
                if (++shown[source] > 1 && line[value..].SequenceEqual("0"u8))
                {
                    return false;
                }

                isWhole[source] |= IsCount(entry, line);
            }

            tables.Source.Add(source);
            tables.LineStart.Add(offset + at + value);
            tables.LineEnd.Add(offset + at + line.Length);
            at += line.Length + 1;
        }

        return probed.IsEmpty;
    }

    // Counts of summaries and histograms, and all of a histogram's buckets, are integers as long as they are whole. (Quoted names do not
    // tell so simply; there all lines count as such.)
    private static bool IsCount(in FamilyEntry entry, ReadOnlySpan<byte> line)
    {
        if (entry.Type is not (MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram))
        {
            return false;
        }

        ReadOnlySpan<byte> name = entry.Name.Span;
        if (!line.StartsWith(name))
        {
            return true;
        }

        ReadOnlySpan<byte> suffix = line[name.Length..];
        return suffix.StartsWith("_count"u8) || (entry.Type != MetricType.Summary && !suffix.StartsWith("_sum"u8));
    }
}
