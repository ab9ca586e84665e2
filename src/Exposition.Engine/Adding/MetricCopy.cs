using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>Copies metrics from one set to another.</summary>
internal static class MetricCopy
{
    /// <summary>Copies a metric with its labels.</summary>
    /// <returns>Its place.</returns>
    public static MetricRef Whole(in MetricRef from, FamilySet into, int family)
    {
        MetricRef made = Labels(from, into, family);
        Values(from, made);
        return made;
    }

    /// <summary>Starts a metric with the labels of another.</summary>
    public static MetricRef Labels(in MetricRef from, FamilySet into, int family)
    {
        int before = into.Families[family].LastMetric;
        var made = new MetricRef(into, into.AddMetric(family));
        int count = from.Row.LabelCount;
        for (int i = 0; i < count; i++)
        {
            LabelRow label = from.Set.LabelsOf(from.Index)[i];

            // Names, and many values, are those of the metric before.
            LabelRow last = before >= 0 && i < into.Metrics[before].LabelCount ? into.LabelsOf(before)[i] : default;
            into.AddLabel(Share(from.Set, label.Name, into, last.Name), Share(from.Set, label.Value, into, last.Value));
        }

        return made;
    }

    /// <summary>Copies all but the labels.</summary>
    /// <param name="from">A metric.</param>
    /// <param name="into">Has its labels and nothing else.</param>
    public static void Values(in MetricRef from, in MetricRef into)
    {
        const MetricContent OnlyInRaw = MetricContent.OnlyInRaw | MetricContent.NativeHistogram | MetricContent.FloatCounts;
        MetricRow row = from.Row;
        ref MetricRow made = ref into.Row;
        made.Content = row.Content & ~MetricContent.Timestamp;
        made.Value = row.Value;
        made.Count = row.Count;
        made.CountFloat = row.CountFloat;
        if (!row.Raw.IsEmpty && (row.Content & OnlyInRaw) != 0)
        {
            made.Raw = into.Set.AddText(from.Set.Text(row.Raw));
        }

        for (int at = row.FirstPoint; at >= 0; at = from.Set.Points[at].Next)
        {
            PointRow point = from.Set.Points[at];
            into.Set.AddPoint(into.Index, point.Bound, point.Value, point.Count);
        }
    }

    private static TextRef Share(FamilySet from, TextRef text, FamilySet into, TextRef last)
    {
        ReadOnlySpan<byte> bytes = from.Text(text);
        return bytes.SequenceEqual(into.Text(last)) ? last : into.AddText(bytes);
    }
}
