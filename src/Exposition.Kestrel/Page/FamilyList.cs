using Exposition.Engine;
using Exposition.Engine.Groups;
using Exposition.Engine.Reading;
using Exposition.Formats;
using Exposition.Kestrel.Api;

namespace Exposition.Kestrel.Page;

// A group can be larger than any page should be: a part of it has at most so many lines (series, and one for each family), and begins none
// of them beyond so many bytes.

/// <summary>
/// Writes the families of a group, folded; those of one series have their value, or their count and sum, in the line that is always seen.
/// </summary>
internal sealed class FamilyList(HtmlWriter html, PageClock clock)
{
    private readonly FamilyParts _parts = new();
    private readonly SeriesTable _table = new(html);

    /// <summary>Writes some of the lines of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="skip">Lines to leave out at the start.</param>
    /// <param name="budget">The most lines to write.</param>
    /// <param name="end">Where the page must end: from so many bytes on no further family or series is begun.</param>
    /// <param name="next">Where to go on: the number of lines to skip; 0 if that was the rest.</param>
    public void Write(GroupSnapshot group, int skip, int budget, long end, out int next)
    {
        bool isOnly = group.Families.Length - CountOfTimes(group) <= 1;
        int seen = 0;
        int written = 0;
        int at = 0;
        for (; at < group.Families.Length && written < budget && html.Written < end; at++)
        {
            FamilyEntry family = group.Families[at];
            int size = 1 + family.SampleCount;
            if (seen + size > skip)
            {
                bool open = isOnly && !BuiltInFamilies.IsEither(family.Name.Span);
                written += Family(in family, open, Math.Max(skip - seen, 0), budget - written, end);
            }

            seen += size;
        }

        // The last family counts as cut if not all of its lines were within reach.
        next = at == group.Families.Length && seen <= skip + written ? 0 : skip + Math.Max(written, 1);
    }

    private static int CountOfTimes(GroupSnapshot group)
    {
        int count = 0;
        foreach (ref readonly FamilyEntry family in group.Families)
        {
            count += BuiltInFamilies.IsEither(family.Name.Span) ? 1 : 0;
        }

        return count;
    }

    private int Family(in FamilyEntry family, bool open, int skip, int budget, long end)
    {
        html.Raw("<details"u8).Raw(open ? " open"u8 : ""u8).Raw("><summary><code>"u8).Cut(family.Name.Span)
            .Raw("</code> <span class=\"type\">"u8).Text(MetricsJson.TypeName(family.Type)).Raw("</span> "u8);
        _parts.Begin(family);
        bool hasPart = Value(in family);
        if (family.HasHelp && family.Help.Length > 0)
        {
            html.Raw(" <span class=\"help\"><bdi>"u8).Cut(family.Help.Span).Raw("</bdi></span>"u8);
        }

        html.Raw("</summary>\n"u8);
        int written = skip == 0 ? 1 : 0;
        int left = Math.Max(skip - 1, 0);
        if (budget > written && (hasPart || _parts.Next(ref left)))
        {
            written += _table.Write(_parts.Set, left, budget - written, end, _parts.Next);
        }

        html.Raw("</details>\n"u8);
        return written;
    }

    // Returns whether the family is decoded, because that may be all of it.
    private bool Value(in FamilyEntry family)
    {
        bool isDistribution = family.Type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram;
        bool isDecoded = (isDistribution || family.SampleCount == 1) && _parts.Next();
        int first = isDecoded ? _parts.Set.Families[0].FirstMetric : 0;
        if (!isDecoded || !_parts.IsLast || _parts.Set.Metrics[first].Next >= 0)
        {
            html.Text(Words.Count(family.SampleCount, "line", "lines"));
        }
        else if (isDistribution)
        {
            Distributions.Totals(html, in _parts.Set.Metrics[first]);
        }
        else if (BuiltInFamilies.IsEither(family.Name.Span))
        {
            clock.Write(_parts.Set.Metrics[first].Value);
        }
        else
        {
            html.Text(PlainNumber.Of(_parts.Set.Metrics[first].Value));
        }

        return isDecoded;
    }
}
