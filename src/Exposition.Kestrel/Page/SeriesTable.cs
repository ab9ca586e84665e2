using System.Globalization;
using Exposition.Formats;
using Exposition.Kestrel.Api;

namespace Exposition.Kestrel.Page;

/// <summary>The table of a family's metrics: labels on the left, values on the right.</summary>
internal sealed class SeriesTable(HtmlWriter html)
{
    /// <summary>The most labels that are shown of one thing.</summary>
    internal const int MostLabels = 30;

    private const int MostPoints = 100;

    /// <summary>Writes metrics until <paramref name="budget"/> lines are written.</summary>
    /// <param name="set">The decoded family, alone in it.</param>
    /// <param name="skip">Lines of metrics to leave out at the start.</param>
    /// <param name="budget">The most lines to write; the last metric is written to its end.</param>
    /// <param name="end">Where the page must end: from so many bytes on no further metric is begun.</param>
    /// <returns>Number of lines written.</returns>
    public int Write(FamilySet set, int skip, int budget, long end = long.MaxValue)
    {
        FamilyRow family = set.Families[0];
        html.Raw("<table><thead><tr><th scope=\"col\">Labels</th><th scope=\"col\">Value</th></tr></thead><tbody>"u8);
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
        foreach (LabelRow label in labels[..Math.Min(labels.Length, MostLabels)])
        {
            html.Raw("<code class=\"label\">"u8).Cut(set.Text(label.Name)).Raw("=&#34;"u8).Cut(set.Text(label.Value))
                .Raw("&#34;</code> "u8);
        }

        html.Rest(labels.Length, MostLabels);

        html.Raw("</td><td>"u8);
        if (type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram)
        {
            Distribution(set, row, type);
        }
        else
        {
            html.Text(PlainNumber.Of(row.Value));
        }

        html.Raw("</td></tr>\n"u8);
    }

    private void Distribution(FamilySet set, in MetricRow row, MetricType type)
    {
        bool isSummary = type == MetricType.Summary;
        html.Raw("<dl>"u8);
        if (!isSummary && MetricsJson.Native(set, row) is { } native)
        {
            Pair("Native histogram", NativeText(native));
        }

        int shown = 0;
        for (int point = row.FirstPoint; point >= 0 && shown < MostPoints; point = set.Points[point].Next, shown++)
        {
            PointRow at = set.Points[point];
            string bound = PlainNumber.Of(at.Bound);
            if (isSummary)
            {
                Pair("Quantile " + bound, PlainNumber.Of(at.Value));
            }
            else
            {
                Pair("Sample values \u2264 " + bound, at.Value > 0
                    ? PlainNumber.Of(at.Value)
                    : at.Count.ToString(CultureInfo.InvariantCulture));
            }
        }

        if (row.PointCount > shown)
        {
            Pair("Not shown", (row.PointCount - shown).ToString(CultureInfo.InvariantCulture));
        }

        Pair("Sample count", row.CountFloat > 0 ? PlainNumber.Of(row.CountFloat) : row.Count.ToString(CultureInfo.InvariantCulture));
        Pair("Sample sum", PlainNumber.Of(row.Value));
        html.Raw("</dl>"u8);
    }

    private static string NativeText(NativeHistogram native) =>
        string.Join(", ", native.EnumerateBuckets().Take(MostPoints).Select(bucket =>
    {
        (char open, char close) = bucket.Boundaries switch
        {
            0 => ('(', ']'),
            1 => ('[', ')'),
            2 => ('(', ')'),
            _ => ('[', ']'),
        };
        string count = native.IsFloat ? PlainNumber.Of(bucket.CountFloat) : bucket.Count.ToString(CultureInfo.InvariantCulture);
        return $"{open}{PlainNumber.Of(bucket.Lower)},{PlainNumber.Of(bucket.Upper)}{close}:{count}";
    }));

    private void Pair(string name, string value) => html.Raw("<dt>"u8).Text(name).Raw("</dt><dd>"u8).Text(value).Raw("</dd>"u8);
}
