using Exposition.Formats;

namespace Exposition.Kestrel.Page;

/// <summary>The table of a family's metrics: labels on the left, values on the right.</summary>
internal sealed class SeriesTable(HtmlWriter html)
{
    private const int MostOfValue = 300;

    private readonly LabelList _labels = new(html);
    private readonly Distributions _distributions = new(html);

    /// <summary>Writes metrics until <paramref name="budget"/> lines are written.</summary>
    /// <param name="set">The decoded family, or a part of it, alone in it.</param>
    /// <param name="skip">Lines of metrics to leave out at the start.</param>
    /// <param name="budget">The most lines to write; the last metric is written to its end.</param>
    /// <param name="end">Where the page must end: from so many bytes on no further metric is begun.</param>
    /// <param name="next">Decodes the next part of the family, or says that there is none; null if all of it is there.</param>
    /// <returns>Number of lines written.</returns>
    public int Write(FamilySet set, int skip, int budget, long end = long.MaxValue, Func<bool>? next = null)
    {
        html.Raw("<table><thead><tr><th scope=\"col\">labels</th><th scope=\"col\">value</th></tr></thead><tbody>"u8);
        int seen = 0;
        int written = 0;
        do
        {
            MetricType type = set.Families[0].Type;
            for (int metric = set.Families[0].FirstMetric; metric >= 0 && MayGoOn(); metric = set.Metrics[metric].Next)
            {
                int lines = Lines(set, set.Metrics[metric], type);
                if (seen >= skip)
                {
                    Row(set, metric, type);
                    written += lines;
                }

                seen += lines;
            }
        }
        while (next is not null && MayGoOn() && next());

        html.Raw("</tbody></table>"u8);
        return written;

        bool MayGoOn() => written < budget && (html.Written < end || seen <= skip);
    }

    // As many as the metric has in text: so many a family says that it has.
    private static int Lines(FamilySet set, in MetricRow row, MetricType type)
    {
        switch (type)
        {
            case MetricType.Summary:
                return row.PointCount + 2;
            case MetricType.Histogram or MetricType.GaugeHistogram:
                bool hasCount = (row.Content & MetricContent.NoCount) == 0 || row.PointCount == 0;
                bool isInfMade = (row.Content & MetricContent.InfBucket) == 0 && hasCount && !(IsZero(row) && HasCounted(set, row));
                return row.PointCount + (isInfMade ? 1 : 0) + 1 + (hasCount ? 1 : 0);
            default:
                return 1;
        }
    }

    private static bool IsZero(in MetricRow row) => row is { CountFloat: 0, Count: 0 };

    private static bool HasCounted(FamilySet set, in MetricRow row)
    {
        for (int point = row.FirstPoint; point >= 0; point = set.Points[point].Next)
        {
            if (set.Points[point].Value > 0 || set.Points[point].Count > 0)
            {
                return true;
            }
        }

        return false;
    }

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
