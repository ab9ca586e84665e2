using System.Buffers;
using Exposition.Formats.Names;
using Exposition.Formats.Protobuf;
using Exposition.Formats.Rows;

namespace Exposition.Formats;

public static partial class ProtobufFormat
{
    /// <summary>
    /// Writes the metrics of a family as the <c>metric</c> fields (number 4) of a MetricFamily message, without name, help and type,
    /// and with names as they are. Labels are those of the rows. The other fields are copied from the message that the
    /// metric was read from, if there was one, byte for byte and in their order, else written from the rows.
    /// </summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="output">Where the fields go; advanced by what was written, not flushed.</param>
    public static void WriteMetrics(FamilySet set, int family, IBufferWriter<byte> output) =>
        WriteMetrics(set, family, EscapingScheme.AllowUtf8, output);

    /// <summary>
    /// Writes the metrics of a family as <see cref="WriteMetrics(FamilySet, int, IBufferWriter{byte})"/> does, with label names escaped.
    /// </summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="scheme">What to do with label names outside the legacy charset.</param>
    /// <param name="output">Where the fields go; advanced by what was written, not flushed.</param>
    public static void WriteMetrics(FamilySet set, int family, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(set);
        ref readonly FamilyRow row = ref set.Families[family];
        var writer = new ProtoMetricWriter(set, row.Type, scheme, output);
        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            writer.Write(in set.Metrics[metric]);
        }

        writer.Flush();
    }

    /// <summary>Writes the length prefix and the fields before the metrics of a delimited MetricFamily without a unit.</summary>
    /// <inheritdoc
    /// cref="WriteHeader(ReadOnlySpan{byte}, MetricType, bool, ReadOnlySpan{byte}, ReadOnlySpan{byte}, EscapingScheme, long,
    /// IBufferWriter{byte})"/>
    public static void WriteHeader(ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, EscapingScheme scheme,
        long metricBytes, IBufferWriter<byte> output) =>
        WriteHeader(name, type, hasHelp, help, default, scheme, metricBytes, output);

    /// <summary>
    /// Writes the length prefix and the fields before the metrics of a delimited MetricFamily whose metric fields take
    /// <paramref name="metricBytes"/>.
    /// </summary>
    /// <param name="name">The family's name, unescaped.</param>
    /// <param name="type">The family's type.</param>
    /// <param name="hasHelp">Whether there is a help text, be it empty.</param>
    /// <param name="help">The help text.</param>
    /// <param name="unit">The unit, or empty.</param>
    /// <param name="scheme">What to do with a name outside the legacy charset.</param>
    /// <param name="metricBytes">Number of bytes of metric fields that will follow.</param>
    /// <param name="output">Where the header goes; advanced by what was written, not flushed.</param>
    public static void WriteHeader(
        ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, ReadOnlySpan<byte> unit,
        EscapingScheme scheme, long metricBytes, IBufferWriter<byte> output)
    {
        long nameLength = Escaping.LengthOf(name, scheme);
        long length = ProtoWriter.BytesField(nameLength) + (hasHelp ? ProtoWriter.BytesField(help.Length) : 0)
            + 1 + ProtoWriter.VarintLength((byte)type) + metricBytes + (unit.IsEmpty ? 0 : ProtoWriter.BytesField(unit.Length));

        var cursor = new OutputCursor(output);
        ProtoWriter.WriteVarint((ulong)length, ref cursor);
        ProtoWriter.WriteBytesHeader(ProtoTag.FamilyName, nameLength, ref cursor);
        Escaping.Write(name, scheme, ref cursor);
        if (hasHelp)
        {
            ProtoWriter.WriteBytesHeader(ProtoTag.FamilyHelp, help.Length, ref cursor);
            cursor.Write(help);
        }

        cursor.Write(ProtoTag.FamilyType);
        ProtoWriter.WriteVarint((byte)type, ref cursor);
        if (!unit.IsEmpty)
        {
            ProtoWriter.WriteBytesHeader(ProtoTag.FamilyUnit, unit.Length, ref cursor);
            cursor.Write(unit);
        }

        cursor.Flush();
    }

    /// <summary>
    /// Writes a family in the protobuf text form, for people who look at a scrape. Go varies the blanks of this form on purpose, so it is
    /// equal to the Pushgateway's only in meaning. Not for the hot path: it goes over the family's binary form.
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
        WriteText(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), set.Text(row.Unit), metrics.WrittenSpan, scheme, compact,
            output);
    }

    /// <summary>Writes a family without a unit in the protobuf text form out of metric records.</summary>
    /// <inheritdoc
    /// cref="WriteText(ReadOnlySpan{byte}, MetricType, bool, ReadOnlySpan{byte}, ReadOnlySpan{byte}, ReadOnlySpan{byte}, EscapingScheme,
    /// bool, IBufferWriter{byte})"/>
    public static void WriteText(
        ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help,
        ReadOnlySpan<byte> metrics, EscapingScheme scheme, bool compact, IBufferWriter<byte> output) =>
        WriteText(name, type, hasHelp, help, default, metrics, scheme, compact, output);

    /// <summary>
    /// Writes a family in the protobuf text form out of metric records
    /// (<see cref="WriteMetrics(FamilySet, int, EscapingScheme, IBufferWriter{byte})"/>).
    /// </summary>
    /// <param name="name">The family's name, unescaped.</param>
    /// <param name="type">The family's type.</param>
    /// <param name="hasHelp">Whether there is a help text.</param>
    /// <param name="help">The help text.</param>
    /// <param name="unit">The unit, or empty.</param>
    /// <param name="metrics">The records, label names escaped already.</param>
    /// <param name="scheme">What to do with the name if it is outside the legacy charset.</param>
    /// <param name="compact">One line per family, or else one per field and an empty line between families.</param>
    /// <param name="output">Where the text goes; advanced by what was written, not flushed.</param>
    public static void WriteText(
        ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, ReadOnlySpan<byte> unit,
        ReadOnlySpan<byte> metrics, EscapingScheme scheme, bool compact, IBufferWriter<byte> output)
    {
        byte[] escaped = new byte[NameRules.MaxEscapedLength(name.Length)];
        var printer = new ProtoTextPrinter(compact, output);
        printer.PrintText("name"u8, escaped.AsSpan(0, NameRules.Escape(name, scheme, escaped)));
        if (hasHelp)
        {
            printer.PrintText("help"u8, help);
        }

        printer.PrintWord("type"u8, type switch
        {
            MetricType.Counter => "COUNTER"u8,
            MetricType.Gauge => "GAUGE"u8,
            MetricType.Summary => "SUMMARY"u8,
            MetricType.Untyped => "UNTYPED"u8,
            MetricType.Histogram => "HISTOGRAM"u8,
            MetricType.GaugeHistogram => "GAUGE_HISTOGRAM"u8,
            _ => default,
        });
        var reader = new ProtoReader(metrics);
        while (reader.TryReadTag(out _) && reader.TryReadBytes(out TextRef metric))
        {
            printer.PrintMessage("metric"u8, ProtoMessage.Metric, metrics.Slice(metric.Start, metric.Length));
        }

        if (!unit.IsEmpty)
        {
            printer.PrintText("unit"u8, unit);
        }

        printer.Finish();
    }
}
