using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Exposition.Formats;

namespace Exposition.Store.Internal;

// What a push must keep by itself, whatever else is stored: the rules of the reference's registry (checkMetricConsistency), and those that
// the reference lacks and that let one push break every scrape: no family without a name or of an unknown type, names in UTF-8, every
// metric with a value of its family's type (gauge histograms too), no second "le" on a histogram.

/// <summary>The rules inside one push. Expects merged and sorted labels.</summary>
internal static class PushRules
{
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
            return string.Create(CultureInfo.InvariantCulture, $"collected metric family {Quote(name)} whose name is not utf8");
        }

        return row.Type > MetricType.GaugeHistogram
            ? string.Create(CultureInfo.InvariantCulture, $"collected metric family {Quote(name)} has unknown type {(int)row.Type}")
            : null;
    }

    /// <summary>Checks a metric; <paramref name="previous"/> is its neighbour in order, or -1.</summary>
    public static string? MetricError(FamilySet set, int family, int metric, int previous)
    {
        ref FamilyRow row = ref set.Families[family];
        if ((set.Metrics[metric].Content & KindOf(row.Type)) == 0)
        {
            return $"{Collected(set, family, metric)} is not a {TypeName(row.Type)}";
        }

        // Empty at first, so that an empty name is reported as a repeated one, as the reference does.
        ReadOnlySpan<byte> last = default;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            ReadOnlySpan<byte> name = set.Text(label.Name);
            if (name.SequenceEqual(last))
            {
                return $"{Collected(set, family, metric)} has two or more labels with the same name: {Encoding.UTF8.GetString(name)}";
            }

            if (name.StartsWith("__"u8) || !Utf8.IsValid(name))
            {
                return $"{Collected(set, family, metric)} has a label with an invalid name: {Encoding.UTF8.GetString(name)}";
            }

            if (row.Type == MetricType.Summary && name.SequenceEqual("quantile"u8))
            {
                return $"{Collected(set, family, metric)} must not have an explicit \"quantile\" label";
            }

            if (row.Type is MetricType.Histogram or MetricType.GaugeHistogram && name.SequenceEqual("le"u8))
            {
                return $"{Collected(set, family, metric)} must not have an explicit \"le\" label";
            }

            if (!Utf8.IsValid(set.Text(label.Value)))
            {
                return $"{Collected(set, family, metric)} has a label named \"{Encoding.UTF8.GetString(name)}\" whose value is not utf8: {Quote(set.Text(label.Value))}";
            }

            last = name;
        }

        return previous >= 0 && SeriesOrder.CompareLabels(set, previous, metric) == 0
            ? $"{Collected(set, family, metric)} was collected before with the same name and label values"
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

    /// <summary>The value kind that metrics of a type must have.</summary>
    public static MetricContent KindOf(MetricType type) => type switch
    {
        MetricType.Counter => MetricContent.Counter,
        MetricType.Gauge => MetricContent.Gauge,
        MetricType.Summary => MetricContent.Summary,
        MetricType.Untyped => MetricContent.Untyped,
        _ => MetricContent.Histogram,
    };

    public static string TypeName(MetricType type) => type switch
    {
        MetricType.Counter => "COUNTER",
        MetricType.Gauge => "GAUGE",
        MetricType.Summary => "SUMMARY",
        MetricType.Untyped => "UNTYPED",
        MetricType.Histogram => "HISTOGRAM",
        _ => "GAUGE_HISTOGRAM",
    };

    /// <summary>How the reference begins a sentence about a metric: its name and labels.</summary>
    public static string Collected(FamilySet set, int family, int metric)
    {
        var text = new StringBuilder("collected metric ").Append(Quote(set.Text(set.Families[family].Name))).Append(" {");
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            text.Append(" label:{name:").Append(Quote(set.Text(label.Name))).Append(" value:").Append(Quote(set.Text(label.Value))).Append('}');
        }

        return text.Append(" }").ToString();
    }

    /// <summary>A double-quoted form that shows any bytes on one line.</summary>
    public static string Quote(ReadOnlySpan<byte> text)
    {
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

        return quoted.Append('"').ToString();
    }
}
