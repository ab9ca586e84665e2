using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Exposition.Engine.Groups;
using Exposition.Formats;
using Exposition.Formats.Go;

namespace Exposition.Engine.Ingest;

// What a push must keep by itself, whatever else is stored: the rules of the Pushgateway's registry (checkMetricConsistency), and those
// that the Pushgateway lacks and that let one push break every scrape: no family without a name or of an unknown type, names in UTF-8,
// every metric with a value of its family's type (gauge histograms too), no second "le" on a histogram.

/// <summary>The rules inside one push. Expects merged and sorted labels.</summary>
internal static class PushRules
{
    // What is shown of a metric: the label that goes beyond it is the last.
    private const int MostShown = 4096;

    /// <summary>Checks a family without its metrics.</summary>
    public static string? FamilyError(FamilySet set, int family)
    {
        ref FamilyRow row = ref set.Families[family];
        ReadOnlySpan<byte> name = set.Text(row.Name);
        if (name.IsEmpty)
        {
            return "collected metric family without a name";
        }

        if (!Utf8.IsValid(name))
        {
            return string.Create(CultureInfo.InvariantCulture, $"collected metric family {GoQuote.Text(name)} whose name is not utf8");
        }

        return row.Type > MetricType.GaugeHistogram
            ? string.Create(CultureInfo.InvariantCulture, $"collected metric family {GoQuote.Text(name)} has unknown type {(int)row.Type}")
            : null;
    }

    /// <summary>Puts the metrics of a family in order and checks each.</summary>
    /// <param name="set">What is checked.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="order">Sorts them.</param>
    public static string? MetricsError(FamilySet set, int family, SeriesOrder order)
    {
        order.Sort(set, family);
        int previous = -1;
        for (int metric = set.Families[family].FirstMetric; metric >= 0; previous = metric, metric = set.Metrics[metric].Next)
        {
            if (MetricError(set, family, metric, previous) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>Checks a metric.</summary>
    /// <param name="set">The push.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="metric">Index of the metric.</param>
    /// <param name="previous">Its neighbour in order, which has passed the check; or -1.</param>
    public static string? MetricError(FamilySet set, int family, int metric, int previous)
    {
        MetricType type = set.Families[family].Type;
        if ((set.Metrics[metric].Content & FamilyHead.KindOf(type)) == 0)
        {
            return $"{Collected(set, family, metric)} is not a {TypeName(type)}";
        }

        // What is the same reference as in the neighbour has been looked at there; of names, if those before are, too.
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        ReadOnlySpan<LabelRow> passed = previous < 0 ? [] : set.LabelsOf(previous);
        int samePassed = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            ref readonly LabelRow label = ref labels[i];
            if (samePassed == i && i < passed.Length && passed[i].Name == label.Name)
            {
                samePassed++;
            }
            else if (LabelNameError(set, family, metric, i) is { } error)
            {
                return error;
            }

            bool isKnownUtf8 = (set.IsSourceUtf8 && label.Value.Start >= 0) || (i < passed.Length && passed[i].Value == label.Value);
            if (!isKnownUtf8 && !Utf8.IsValid(set.Text(label.Value)))
            {
                return $"{Collected(set, family, metric)} has a label named \"{ShownText.Of(set.Text(label.Name))}\" whose value is not "
                    + $"utf8: {Quote(set.Text(label.Value))}";
            }
        }

        return previous >= 0 && SeriesOrder.CompareLabels(set, previous, metric) == 0
            ? $"{Collected(set, family, metric)} was collected before with the same name and label values"
            : null;
    }

    private static string? LabelNameError(FamilySet set, int family, int metric, int label)
    {
        ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
        MetricType type = set.Families[family].Type;
        ReadOnlySpan<byte> name = set.Text(labels[label].Name);

        // The first is compared with an empty one, so that an empty name is reported as a repeated one, as the Pushgateway does.
        if (name.SequenceEqual(label == 0 ? default : set.Text(labels[label - 1].Name)))
        {
            return $"{Collected(set, family, metric)} has two or more labels with the same name: {ShownText.Of(name)}";
        }

        if (name.StartsWith("__"u8) || !Utf8.IsValid(name))
        {
            return $"{Collected(set, family, metric)} has a label with an invalid name: {ShownText.Of(name)}";
        }

        if (type == MetricType.Summary && name.SequenceEqual("quantile"u8))
        {
            return $"{Collected(set, family, metric)} must not have an explicit \"quantile\" label";
        }

        return type is MetricType.Histogram or MetricType.GaugeHistogram && name.SequenceEqual("le"u8)
            ? $"{Collected(set, family, metric)} must not have an explicit \"le\" label"
            : null;
    }

    /// <summary>Whether any metric carries a timestamp.</summary>
    public static bool HasTimestamps(FamilySet set)
    {
        foreach (ref readonly MetricRow metric in (ReadOnlySpan<MetricRow>)set.Metrics)
        {
            if ((metric.Content & MetricContent.Timestamp) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets all timestamps.</summary>
    public static void DropTimestamps(FamilySet set)
    {
        foreach (ref MetricRow metric in set.Metrics)
        {
            metric.Content &= ~MetricContent.Timestamp;
            metric.TimestampMs = 0;
        }
    }

    public static string TypeName(MetricType type) => type switch
    {
        MetricType.Counter => "COUNTER",
        MetricType.Gauge => "GAUGE",
        MetricType.Summary => "SUMMARY",
        MetricType.Untyped => "UNTYPED",
        MetricType.Histogram => "HISTOGRAM",
        _ => "GAUGE_HISTOGRAM",
    };

    /// <summary>How the Pushgateway begins a sentence about a metric: its name and labels, as many as can be shown.</summary>
    public static string Collected(FamilySet set, int family, int metric)
    {
        var text = new StringBuilder("collected metric ").Append(Quote(set.Text(set.Families[family].Name))).Append(" {");
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            if (text.Length > MostShown)
            {
                text.Append(" ...");
                break;
            }

            text.Append(" label:{name:").Append(Quote(set.Text(label.Name))).Append(" value:").Append(Quote(set.Text(label.Value)))
                .Append('}');
        }

        return text.Append(" }").ToString();
    }

    // As the text form of protobuf messages shows any bytes on one line.
    private static string Quote(ReadOnlySpan<byte> text)
    {
        string rest = ShownText.Cut(ref text);
        var quoted = new StringBuilder("\"");
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{text[0]:x2}");
                length = 1;
            }
            else if (rune.Value is '"' or '\\')
            {
                quoted.Append('\\').Append((char)rune.Value);
            }
            else if (rune.Value == '\n')
            {
                quoted.Append("\\n");
            }
            else if (Rune.IsControl(rune))
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            }
            else
            {
                quoted.Append(rune.ToString());
            }

            text = text[length..];
        }

        return quoted.Append('"').Append(rest).ToString();
    }
}
