using System.Buffers;
using Exposition.Formats.Names;
using Exposition.Formats.Rows;
using Exposition.Formats.Text;

namespace Exposition.Formats;

// Layout (the rules of the Pushgateway's MetricFamilyToText):
//
//   # HELP name text          only if there is a help text; an empty one leaves a trailing blank; escapes \ and LF
//   # TYPE name type          always; a gauge histogram is printed as histogram
//   name{l="v",...} value [timestamp]
//   {"name",l="v",...} value  a name outside the legacy charset goes quoted into the braces; so do label names
//
// Label values and quoted names escape \ LF ". Labels stand in the order of the rows, le and quantile last.
// Families of a known type only: what has another type number is refused by the store and never written.

/// <summary>
/// The Prometheus text format 0.0.4, with the quoted UTF-8 names of 1.0.0: <c>TryRead</c> decodes a body into a <see cref="FamilySet"/>,
/// <c>WriteHeader</c> and <c>WriteSamples</c> write one. Stateless and safe for concurrent use.
/// </summary>
/// <example>
/// Reading a body and walking what is in it:
/// <code>
/// var set = new FamilySet();
/// if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: true), set, out FormatError error))
/// {
///     throw new FormatException(error.ToString());
/// }
///
/// foreach (FamilyView family in set.Views)
/// {
///     foreach (MetricView metric in family.Metrics)
///     {
///         foreach (ExpositionLabel label in metric.Labels)
///         {
///             output.Write($"{Encoding.UTF8.GetString(label.Name)}={Encoding.UTF8.GetString(label.Value)} ");
///         }
///
///         output.WriteLine(metric.Value);
///     }
/// }
/// </code>
/// </example>
public static class TextFormat
{
    internal static readonly SearchValues<byte> EscapedInQuotes = SearchValues.Create("\\\n\""u8);
    private static readonly SearchValues<byte> s_escapedInHelp = SearchValues.Create("\\\n"u8);

    /// <summary>
    /// Reads a complete exposition. Samples are folded into summaries and histograms where a TYPE line came first, families without a
    /// metric are dropped, and every error is the first one in the text, in the words of the Pushgateway.
    /// </summary>
    /// <remarks>
    /// Differences from the Pushgateway, in both modes: a line whose braces hold labels but no metric name is always refused as
    /// <c>invalid metric name</c> (the Pushgateway reuses the line before or panics), and <c>le</c> and <c>quantile</c> on a line with the
    /// metric name inside the braces belong to that metric's type, not to the type of the line before.
    /// Takes time proportional to the body's length, whatever it holds; allocates nothing once the arrays of <paramref name="into"/> have
    /// grown.
    /// </remarks>
    /// <param name="body">The whole body. It must not change as long as <paramref name="into"/> is in use.</param>
    /// <param name="options">Which names are valid and how strict to be.</param>
    /// <param name="into">Reset and filled; after an error its content has no meaning. Not safe for concurrent use.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether the whole body was read.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, TextReadOptions options, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Reset(body);
        return new TextBodyReader(into, options, TextBodyReader.AnyFamily, into.Window).TryRead(out error);
    }

    /// <summary>
    /// Reads sample lines as <see cref="WriteSamples"/> wrote them with <see cref="EscapingScheme.AllowUtf8"/> into a family of
    /// <paramref name="into"/>, which must have been reset with them as its source. The family's name and type say how suffixes fold.
    /// </summary>
    /// <remarks>Strict, with any UTF-8 name; comments are skipped; unlike in a pushed body a label name may hold a colon without quotes,
    /// because that is how names with a colon are written. A line of another family is an error.</remarks>
    /// <param name="family">Index of the family; its metrics are appended.</param>
    /// <param name="into">The set; after an error its content has no meaning.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether all lines were read.</returns>
    public static bool TryReadSamples(int family, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)family, (uint)into.Families.Length, nameof(family));
        return new TextBodyReader(into, new TextReadOptions(NameScheme.Utf8, Lenient: false), family, into.Window).TryRead(out error);
    }

    /// <summary>
    /// Writes the HELP (if there is one) and TYPE lines of a family. Nothing is written for a type that the text format has no word for.
    /// </summary>
    /// <param name="name">The family's name, unescaped.</param>
    /// <param name="type">The family's type.</param>
    /// <param name="hasHelp">Whether there is a help text, be it empty.</param>
    /// <param name="help">The help text, unescaped.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="output">Where the lines go; advanced by what was written, not flushed.</param>
    public static void WriteHeader(
        ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> word = TypeWord(type);
        if (word.IsEmpty)
        {
            return;
        }

        var written = new WrittenName(name, scheme);
        var cursor = new OutputCursor(output);
        if (hasHelp)
        {
            cursor.Write("# HELP "u8);
            written.Write(default, ref cursor);
            cursor.Write((byte)' ');
            WriteEscaped(help, s_escapedInHelp, ref cursor);
            cursor.Write((byte)'\n');
        }

        cursor.Write("# TYPE "u8);
        written.Write(default, ref cursor);
        cursor.Write(word);
        cursor.Flush();
    }

    /// <summary>
    /// Writes the sample lines of a family. A histogram without a +Inf bucket gets one. The value of a metric is that of the kind which
    /// the family's type names; nothing is written for a type that the text format has no word for.
    /// </summary>
    /// <param name="set">The rows.</param>
    /// <param name="family">Index of the family.</param>
    /// <param name="scheme">What to do with names outside the legacy charset.</param>
    /// <param name="output">Where the lines go; advanced by what was written, not flushed.</param>
    public static void WriteSamples(FamilySet set, int family, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(set);
        ref readonly FamilyRow row = ref set.Families[family];
        if (row.Type > MetricType.GaugeHistogram)
        {
            return;
        }

        var writer = new TextSampleWriter(set, set.Text(row.Name), scheme, output);
        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            switch (row.Type)
            {
                case MetricType.Summary:
                    writer.WriteSummary(in set.Metrics[metric]);
                    break;
                case MetricType.Histogram or MetricType.GaugeHistogram:
                    writer.WriteHistogram(in set.Metrics[metric]);
                    break;
                default:
                    writer.WriteScalar(in set.Metrics[metric]);
                    break;
            }
        }

        writer.Flush();
    }

    private static ReadOnlySpan<byte> TypeWord(MetricType type) => type switch
    {
        MetricType.Counter => " counter\n"u8,
        MetricType.Gauge => " gauge\n"u8,
        MetricType.Summary => " summary\n"u8,
        MetricType.Untyped => " untyped\n"u8,
        MetricType.Histogram or MetricType.GaugeHistogram => " histogram\n"u8,
        _ => default,
    };

    internal static void WriteQuoted(scoped ReadOnlySpan<byte> text, ref OutputCursor cursor) =>
        WriteEscaped(text, EscapedInQuotes, ref cursor);

    private static void WriteEscaped(scoped ReadOnlySpan<byte> text, SearchValues<byte> escaped, ref OutputCursor cursor)
    {
        int plain;
        while ((plain = text.IndexOfAny(escaped)) >= 0)
        {
            cursor.Write(text[..plain]);
            cursor.Write((byte)'\\');
            cursor.Write(text[plain] == (byte)'\n' ? (byte)'n' : text[plain]);
            text = text[(plain + 1)..];
        }

        cursor.Write(text);
    }
}
