using Exposition.Formats;

namespace Exposition.Engine.Ingest;

// Grouping labels are sent once and stored on every line, and what a protobuf body says once of a metric or family is on all of its lines:
// so a small body can become anything. Its size is known once it is read.

/// <summary>How many bytes a push becomes with its grouping labels on every line.</summary>
internal static class RenderedSize
{
    // The equal sign, the quotes and what separates labels.
    private const int AroundLabel = 4;

    // An empty instance label, a bound, the blank, a value of usual length, the line end.
    private const int AroundLine = 48;

    // Of a metric in text, beside its buckets or quantiles: sum, count and a bucket that was not pushed.
    private const int LinesOfMetric = 3;

    /// <summary>An upper bound, close where it is large.</summary>
    /// <param name="key">Where the push goes.</param>
    /// <param name="set">What was read, labels not merged yet.</param>
    /// <param name="format">What it was read from.</param>
    /// <param name="bodyBytes">How long that was.</param>
    /// <param name="enough">If it is certainly not more than that, it need not be close.</param>
    public static long Of(GroupingKey key, FamilySet set, PushFormat format, int bodyBytes, long enough)
    {
        long perLine = AroundLine;
        foreach (GroupingLabel label in key.Labels)
        {
            int escapes = label.Value.Count((byte)'"') + label.Value.Count((byte)'\\') + label.Value.Count((byte)'\n');
            perLine += label.Name.Length + label.Value.Length + escapes + AroundLabel;
        }

        if (format != PushFormat.Protobuf)
        {
            // Every line of text was sent but those of a metric itself, which can have one line in their stead.
            long lines = ((long)set.Metrics.Length * LinesOfMetric) + set.Points.Length;
            long bound = ((long)bodyBytes * (LinesOfMetric + 1)) + (perLine * lines);
            if (bound <= enough)
            {
                return bound;
            }
        }

        long size = 0;
        foreach (ref readonly FamilyRow family in (ReadOnlySpan<FamilyRow>)set.Families)
        {
            for (int at = family.FirstMetric; at >= 0; at = set.Metrics[at].Next)
            {
                ref readonly MetricRow metric = ref set.Metrics[at];
                long labels = perLine;
                foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(at))
                {
                    labels += label.Name.Length + label.Value.Length + AroundLabel;
                }

                bool hasPoints = family.Type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram;
                size += (hasPoints ? metric.PointCount + LinesOfMetric : 1) * (family.Name.Length + labels);
                size += metric.Raw.IsEmpty ? 0 : metric.Raw.Length + labels;
            }
        }

        return size;
    }
}
