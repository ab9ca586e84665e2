using Exposition.Formats;

namespace Exposition.Kestrel.Page;

/// <summary>The table of a family's metrics: labels on the left, values on the right.</summary>
internal sealed class SeriesTable(HtmlWriter html)
{
    private const int MostOfValue = 300;

    private readonly LabelList _labels = new(html);
    private readonly Distributions _distributions = new(html);

    /// <summary>Writes metrics until <paramref name="budget"/> lines are written.</summary>
    /// <param name="set">The decoded family, alone in it.</param>
    /// <param name="skip">Lines of metrics to leave out at the start.</param>
    /// <param name="budget">The most lines to write; the last metric is written to its end.</param>
    /// <param name="end">Where the page must end: from so many bytes on no further metric is begun.</param>
    /// <returns>Number of lines written.</returns>
    public int Write(FamilySet set, int skip, int budget, long end = long.MaxValue)
    {
        FamilyRow family = set.Families[0];
        html.Raw("<table><thead><tr><th scope=\"col\">labels</th><th scope=\"col\">value</th></tr></thead><tbody>"u8);
        int seen = 0;
        int written = 0;
        for (int metric = family.FirstMetric; metric >= 0 && written < budget
            && (html.Written < end || seen <= skip); metric = set.Metrics[metric].Next)
        {
            int lines = Lines(set.Metrics[metric], family.Type);
            if (seen >= skip)
            {
                Row(set, metric, family.Type);
                written += lines;
            }

            seen += lines;
        }

        html.Raw("</tbody></table>"u8);
        return written;
    }

    private static int Lines(in MetricRow row, MetricType type) => type switch
    {
        MetricType.Summary => row.PointCount + 2,
        MetricType.Histogram or MetricType.GaugeHistogram => row.PointCount + 2 + ((row.Content & MetricContent.InfBucket) == 0 ? 1 : 0),
        _ => 1,
    };

    private void Row(FamilySet set, int metric, MetricType type)
    {
        MetricRow row = set.Metrics[metric];
        html.Raw("<tr><td>"u8);
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        foreach (LabelRow label in labels[..Math.Min(labels.Length, LabelList.Most)])
        {
            _labels.Write(set.Text(label.Name), set.Text(label.Value), most: MostOfValue);
        }

        html.Rest(labels.Length, LabelList.Most);
        html.Raw("</td><td>"u8);
        if (type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram)
        {
            _distributions.Write(set, row, type);
        }
        else
        {
            html.Text(PlainNumber.Of(row.Value));
        }

        html.Raw("</td></tr>\n"u8);
    }
}
