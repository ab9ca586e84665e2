using System.Buffers;
using System.Text;

namespace Exposition.Formats;

/// <summary>
/// One line of an exposition as strings and numbers: for tests and tools. Equal to another by value, whatever the order of the labels.
/// </summary>
/// <param name="Name">The name of the sample, with the suffix that it has in the text (<c>_bucket</c>, <c>_sum</c>, ...),
/// unescaped.</param>
/// <param name="Labels">All its labels, <c>le</c> and <c>quantile</c> among them.</param>
/// <param name="Value">The value.</param>
/// <param name="Timestamp">The time, if the sample has one. Outside the years 1 to 9999 it is the first or last moment of them.</param>
/// <param name="Family">The name of the family that it belongs to: that of the HELP and TYPE lines.</param>
/// <param name="Type">The type of that family; untyped if none was given.</param>
public sealed record MetricSample(string Name, LabelSet Labels, double Value, DateTimeOffset? Timestamp, string Family, MetricType Type)
{
    private static readonly long s_firstMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long s_lastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The line of the text format 0.0.4, without its end: <c>http_requests_total{code="200"} 17</c>.</summary>
    public override string ToString()
    {
        var set = new FamilySet();
        int family = set.AddFamily(set.AddText(Name), MetricType.Untyped);
        int metric = set.AddMetric(family);
        foreach (Label label in Labels)
        {
            set.AddLabel(set.AddText(label.Name), set.AddText(label.Value));
        }

        ref MetricRow row = ref set.Metrics[metric];
        row.Value = Value;
        row.Content = MetricContent.Untyped | (Timestamp is null ? 0 : MetricContent.Timestamp);
        row.TimestampMs = Timestamp?.ToUnixTimeMilliseconds() ?? 0;
        var line = new ArrayBufferWriter<byte>();
        TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, line);
        return Encoding.UTF8.GetString(line.WrittenSpan[..^1]);
    }

    internal static DateTimeOffset TimeOf(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, s_firstMs, s_lastMs));
}
