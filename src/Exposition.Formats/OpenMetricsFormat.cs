using System.Buffers;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Rows;

namespace Exposition.Formats;

// Layout (the rules of the Pushgateway's MetricFamilyToOpenMetrics):
//
//   # HELP name text          only if there is a help text; escapes \ LF "
//   # TYPE name type          always
//   # UNIT name unit          only if the name ends in it, which OpenMetrics demands
//   name_total{l="v"} 1.0 1.5 # {trace="x"} 0.5 1.7e+09
//   name_created{l="v"} 1.7e+09
//   # EOF
//
// Values and bounds are floats (1.0), counts whole numbers, times seconds. A counter's name stands without "_total" in metadata lines.
// Different from the Pushgateway, because a scraper may refuse the whole answer for one line: what OpenMetrics does not allow under the
// family's type is written as unknown, not as it is (a negative counter, a histogram with a sum and negative bounds) and not with an error
// (float histograms); a unit that is no suffix of the name, an exemplar that is too long, and a time that is none are left out; a label
// name with a colon is quoted or has an underscore there. An exemplar without labels is written, as {}. Times are the floats next to them
// (UnixTime).

/// <summary>
/// The OpenMetrics 1.0 text format: <c>TryRead</c> decodes a body into a <see cref="FamilySet"/>, <c>WriteHeader</c>, <c>WriteSamples</c>
/// and <c>WriteEnd</c> write one. Stateless; a set must not be used by two callers at once.
/// </summary>
/// <remarks>
/// <para>Rows hold the model of io.prometheus.client, so both directions translate between the two, in the way of the Pushgateway's writer:
/// a counter <c>x</c> is the family <c>x_total</c>, unknown is untyped, an info <c>x</c> is the gauge <c>x_info</c>, a stateset <c>x</c> is
/// the gauge <c>x</c> whose states are values of the label <c>x</c>. So a text scrape shows the sample names that were read
/// (but for gauge histograms, whose <c>_gcount</c> and <c>_gsum</c> are <c>_count</c> and <c>_sum</c> there).</para>
/// <para>Exemplars and created times live in the metric's own protobuf bytes, as those of a metric that was
/// read from protobuf do. Sample timestamps are kept in whole milliseconds.</para>
/// </remarks>
/// <example>
/// <code>
/// var set = new FamilySet();
/// if (!OpenMetricsFormat.TryRead(openMetrics, NameScheme.Utf8, set, out FormatError error))
/// {
///     throw new ExpositionFormatException(error);
/// }
///
/// for (int family = 0; family &lt; set.Views.Count; family++)
/// {
///     OpenMetricsFormat.Write(set, family, EscapingScheme.AllowUtf8, output);
/// }
///
/// OpenMetricsFormat.WriteEnd(output);
/// </code>
/// </example>
public static class OpenMetricsFormat
{
    /// <summary>
    /// Reads a complete exposition. Strict: beside the grammar it enforces what the specification demands of each type, as the official
    /// Python parser does (order and place of metadata, metrics and points, suffixes, bucket order, +Inf, signs, exemplars, units, clashing
    /// names, <c># EOF</c>). Families without a sample are dropped.
    /// </summary>
    /// <remarks>
    /// Also accepted: names quoted in metadata lines and inside braces (as Prometheus 3 writes them), blanks around the labels, a byte
    /// order mark. A sample that repeats one of the same metric and the same millisecond is dropped if it has a timestamp, and an error if
    /// it has none. Sample timestamps beyond 64 bits of milliseconds become the greatest or least that there is. Takes time proportional to
    /// the body's length, whatever it holds; allocates nothing once the arrays of <paramref name="into"/> have grown.
    /// </remarks>
    /// <param name="body">The whole body. It must not change as long as <paramref name="into"/> is in use.</param>
    /// <param name="names">Which names are valid.</param>
    /// <param name="into">Reset and filled; after an error its content has no meaning. Not safe for concurrent use.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether the whole body was read.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, NameScheme names, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Reset(body);
        return new OpenMetricsReader(into, names).TryRead(out error);
    }

    /// <summary>
    /// Whether OpenMetrics allows a family's metrics under the family's type, so that a strict parser takes what is written.
    /// </summary>
    /// <param name="set">The rows. Label sets of a family must be distinct.</param>
    /// <param name="family">Index of the family.</param>
    public static bool Fits(FamilySet set, int family)
    {
        ArgumentNullException.ThrowIfNull(set);
        return OpenMetricsRules.Fits(set, in set.Families[family]);
    }

    /// <summary>
    /// In how many forms a family of a type is written that does not fit: <see cref="OpenMetricsForm.Values"/> alone, or the others behind
    /// it.
    /// </summary>
    public static int FormCount(MetricType type) => type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram ? 3 : 1;

    /// <summary>Writes a whole family in the form that suits it.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family; one whose type has no meaning is passed over.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="output">Where the lines go; advanced by what was written, not flushed.</param>
    public static void Write(FamilySet set, int family, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(set);
        FamilyRow row = set.Families[family];
        bool fits = Fits(set, family);
        for (int i = 0; i < (fits ? 1 : FormCount(row.Type)); i++)
        {
            OpenMetricsForm form = fits ? OpenMetricsForm.Typed : OpenMetricsForm.Values + (byte)i;
            WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), set.Text(row.Unit), form, scheme, output);
            WriteSamples(set, family, form, withCreated: true, scheme, output);
        }
    }

    /// <summary>Writes the metadata lines of a family. Nothing is written for a type without meaning.</summary>
    /// <param name="name">The family's name, unescaped.</param>
    /// <param name="type">The family's type.</param>
    /// <param name="hasHelp">Whether there is a help text, be it empty.</param>
    /// <param name="help">The help text, unescaped.</param>
    /// <param name="unit">The unit, or empty.</param>
    /// <param name="form">The form.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="output">Where the lines go; advanced by what was written, not flushed.</param>
    public static void WriteHeader(
        ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, ReadOnlySpan<byte> unit,
        OpenMetricsForm form, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        if (type > MetricType.GaugeHistogram)
        {
            return;
        }

        var names = new OpenMetricsNames(name, type, form, scheme);
        var cursor = new OutputCursor(output);
        if (hasHelp)
        {
            cursor.Write("# HELP "u8);
            names.WriteFamily(ref cursor);
            cursor.Write((byte)' ');
            TextFormat.WriteQuoted(help, ref cursor);
            cursor.Write((byte)'\n');
        }

        cursor.Write("# TYPE "u8);
        names.WriteFamily(ref cursor);
        cursor.Write((byte)' ');
        cursor.Write(OpenMetricsTypes.Word(form == OpenMetricsForm.Typed ? OpenMetricsTypes.TypeOf(type) : OpenMetricsType.Unknown));
        cursor.Write((byte)'\n');
        if (form == OpenMetricsForm.Typed && names.HasUnit(unit))
        {
            cursor.Write("# UNIT "u8);
            names.WriteFamily(ref cursor);
            cursor.Write((byte)' ');
            cursor.Write(unit);
            cursor.Write((byte)'\n');
        }

        cursor.Flush();
    }

    /// <summary>Writes the sample lines of a family. Nothing is written for a type without meaning.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family, which must <see cref="Fits">fit</see> if the form is
    /// <see cref="OpenMetricsForm.Typed"/>.</param>
    /// <param name="form">The form.</param>
    /// <param name="withCreated">Whether to write lines with created times; off where another family has their name.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="output">Where the lines go; advanced by what was written, not flushed.</param>
    public static void WriteSamples(
        FamilySet set, int family, OpenMetricsForm form, bool withCreated, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(set);
        ref readonly FamilyRow row = ref set.Families[family];
        if (row.Type > MetricType.GaugeHistogram)
        {
            return;
        }

        var writer = new OpenMetricsWriter(
            set, row.Type, new OpenMetricsNames(set.Text(row.Name), row.Type, form, scheme), form, withCreated, output);
        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            writer.Write(in set.Metrics[metric]);
        }

        writer.Flush();
    }

    /// <summary>Writes the line that every exposition ends with.</summary>
    public static void WriteEnd(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write("# EOF\n"u8);
    }
}
