using System.Buffers;
using Exposition.Formats.Internal;

namespace Exposition.Formats;

public static partial class ProtobufFormat
{
    /// <summary>
    /// Writes a family in the protobuf text form, for people who look at a scrape. Go varies the blanks of this form on purpose, so it is
    /// equal to the reference's only in meaning. Not for the hot path: it goes over the family's binary form.
    /// </summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="compact">One line per family, or else one per field and an empty line between families.</param>
    /// <param name="output">Where the text goes; advanced by what was written, not flushed.</param>
    public static void WriteText(FamilySet set, int family, EscapingScheme scheme, bool compact, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(set);
        FamilyRow row = set.Families[family];
        var metrics = new ArrayBufferWriter<byte>();
        WriteMetrics(set, family, scheme, metrics);

        ReadOnlySpan<byte> name = set.Text(row.Name);
        byte[] escaped = new byte[NameRules.MaxEscapedLength(name.Length)];
        var printer = new ProtoTextPrinter(compact, output);
        printer.PrintText("name"u8, escaped.AsSpan(0, NameRules.Escape(name, scheme, escaped)));
        if (row.HasHelp)
        {
            printer.PrintText("help"u8, set.Text(row.Help));
        }

        printer.PrintWord("type"u8, row.Type switch
        {
            MetricType.Counter => "COUNTER"u8,
            MetricType.Gauge => "GAUGE"u8,
            MetricType.Summary => "SUMMARY"u8,
            MetricType.Untyped => "UNTYPED"u8,
            MetricType.Histogram => "HISTOGRAM"u8,
            MetricType.GaugeHistogram => "GAUGE_HISTOGRAM"u8,
            _ => default,
        });
        var reader = new ProtoReader(metrics.WrittenSpan);
        while (!reader.AtEnd && reader.TryReadTag(out _) && reader.TryReadBytes(out TextRef metric))
        {
            printer.PrintMessage("metric"u8, ProtoMessage.Metric, metrics.WrittenSpan.Slice(metric.Start, metric.Length));
        }

        printer.Finish();
    }
}
