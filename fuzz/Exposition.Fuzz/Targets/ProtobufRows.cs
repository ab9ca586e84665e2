using System.Globalization;
using System.Text;
using Exposition.Formats;
using Oracle = Exposition.Formats.Tests.Oracle;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// One listing for the rows of a set and for Google's objects: what a metric says in the kind of value that its family's type names.
/// </summary>
internal static class ProtobufRows
{
    public static string Of(FamilySet set)
    {
        var families = new List<string>();
        foreach (ref readonly var family in set.Families)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture,
                $"{Text(set, family.Name)} {(int)family.Type} {(family.HasHelp ? Text(set, family.Help) : null)}\n");
            for (var index = family.FirstMetric; index >= 0; index = set.Metrics[index].Next)
            {
                var metric = set.Metrics[index];
                foreach (ref readonly var label in set.LabelsOf(index))
                {
                    text.Append(CultureInfo.InvariantCulture, $" {Text(set, label.Name)}={Text(set, label.Value)}");
                }

                var points = new List<(double, double, ulong)>();
                for (var point = metric.FirstPoint; point >= 0; point = set.Points[point].Next)
                {
                    points.Add((set.Points[point].Bound, set.Points[point].Value, set.Points[point].Count));
                }

                var timestamp = (metric.Content & MetricContent.Timestamp) != 0 ? metric.TimestampMs : default(long?);
                Append(text, metric.Content & MetricContent.Kinds, timestamp, metric.Value, metric.Count, metric.CountFloat, points);
            }

            families.Add(text.ToString());
        }

        return string.Concat(families.Order(StringComparer.Ordinal));
    }

    public static string Of(IEnumerable<Oracle.MetricFamily> families) => string.Concat(families.Select(Of).Order(StringComparer.Ordinal));

    private static string Of(Oracle.MetricFamily family)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{family.Name} {(int)family.Type} {(family.HasHelp ? family.Help : null)}\n");
        foreach (var metric in family.Metric)
        {
            foreach (var label in metric.Label)
            {
                text.Append(CultureInfo.InvariantCulture, $" {label.Name}={label.Value}");
            }

            var kinds = (metric.Counter is null ? 0 : MetricContent.Counter) | (metric.Gauge is null ? 0 : MetricContent.Gauge)
                | (metric.Summary is null ? 0 : MetricContent.Summary) | (metric.Untyped is null ? 0 : MetricContent.Untyped)
                | (metric.Histogram is null ? 0 : MetricContent.Histogram);
            var (value, count, countFloat, points) = Numbers(family.Type, metric);
            Append(text, kinds, metric.HasTimestampMs ? metric.TimestampMs : null, value, count, countFloat, points);
        }

        return text.ToString();
    }

    private static (double Value, ulong Count, double CountFloat, IEnumerable<(double, double, ulong)> Points) Numbers(
        Oracle.MetricType type, Oracle.Metric metric) => type switch
        {
            Oracle.MetricType.Counter => (metric.Counter?.Value ?? 0, 0, 0, []),
            Oracle.MetricType.Gauge => (metric.Gauge?.Value ?? 0, 0, 0, []),
            Oracle.MetricType.Untyped => (metric.Untyped?.Value ?? 0, 0, 0, []),
            Oracle.MetricType.Summary when metric.Summary is { } summary =>
                (summary.SampleSum, summary.SampleCount, 0, summary.Quantile.Select(quantile => (quantile.Quantile_, quantile.Value, 0UL))),
            Oracle.MetricType.Histogram or Oracle.MetricType.GaugeHistogram when metric.Histogram is { } histogram =>
                (histogram.SampleSum, histogram.SampleCount, histogram.SampleCountFloat,
                    histogram.Bucket.Select(bucket => (bucket.UpperBound, bucket.CumulativeCountFloat, bucket.CumulativeCount))),
            _ => (0, 0, 0, []),
        };

    private static void Append(StringBuilder text, MetricContent kinds, long? timestamp, double value, ulong count, double countFloat,
        IEnumerable<(double, double, ulong)> points)
    {
        text.Append(CultureInfo.InvariantCulture, $" {kinds} @{timestamp} {Bits(value)} {count} {Bits(countFloat)}");
        foreach (var (bound, number, cumulative) in points)
        {
            text.Append(CultureInfo.InvariantCulture, $" [{Bits(bound)} {Bits(number)} {cumulative}]");
        }

        text.Append('\n');
    }

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x", CultureInfo.InvariantCulture);

    private static string Text(FamilySet set, TextRef text) => Encoding.UTF8.GetString(set.Text(text));
}
