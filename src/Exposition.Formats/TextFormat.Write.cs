using System.Buffers;
using System.Globalization;
using Exposition.Formats.Names;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats;

// Layout (the rules of the reference's MetricFamilyToText):
//
//   # HELP name text          only if there is a help text; an empty one leaves a trailing blank; escapes \ and LF
//   # TYPE name type          always; a gauge histogram is printed as histogram
//   name{l="v",...} value [timestamp]
//   {"name",l="v",...} value  a name outside the legacy charset goes quoted into the braces; so do label names
//
// Label values and quoted names escape \ LF ". Labels stand in the order of the rows, le and quantile last.
// Families of a known type only: what has another type number is refused by the store and never written.

public static partial class TextFormat
{
    private static readonly SearchValues<byte> s_escapedInQuotes = SearchValues.Create("\\\n\""u8);
    private static readonly SearchValues<byte> s_escapedInHelp = SearchValues.Create("\\\n"u8);

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

        var cursor = new OutputCursor(output);
        if (hasHelp)
        {
            cursor.Write("# HELP "u8);
            WriteName(name, scheme, ref cursor);
            cursor.Write((byte)' ');
            WriteEscaped(help, s_escapedInHelp, ref cursor);
            cursor.Write((byte)'\n');
        }

        cursor.Write("# TYPE "u8);
        WriteName(name, scheme, ref cursor);
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

        var writer = new SampleWriter(set, set.Text(row.Name), scheme, output);
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

    internal static void WriteName(ReadOnlySpan<byte> name, EscapingScheme scheme, ref OutputCursor cursor)
    {
        if (NameRules.IsLegacy(name))
        {
            cursor.Write(name);
        }
        else if (Escaping.IsNeeded(name, scheme))
        {
            Escaping.Write(name, scheme, ref cursor);
        }
        else
        {
            cursor.Write((byte)'"');
            WriteEscaped(name, s_escapedInQuotes, ref cursor);
            cursor.Write((byte)'"');
        }
    }

    internal static void WriteQuoted(scoped ReadOnlySpan<byte> text, ref OutputCursor cursor) =>
        WriteEscaped(text, s_escapedInQuotes, ref cursor);

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

    /// <summary>Writes the lines of one family's metrics; what all of them share is decided once.</summary>
    private ref struct SampleWriter(FamilySet set, ReadOnlySpan<byte> name, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        private readonly FamilySet _set = set;
        private readonly ReadOnlySpan<byte> _name = name;
        private readonly EscapingScheme _scheme = scheme;

        // Suffixes are legacy characters, so they change neither answer.
        private readonly bool _escaped = Escaping.IsNeeded(name, scheme);
        private readonly bool _quoted = !NameRules.IsLegacy(name) && !Escaping.IsNeeded(name, scheme);

        private OutputCursor _cursor = new(output);

        // Of the last line written plainly: the cursor's span (-1 before the first), where its labels begin there, and its labels.
        private int _lastSpans = -1;
        private int _lastAt;
        private int _lastFirst;
        private int _lastCount;

        private const int AroundLabel = 4;

        // A longer line is written piece by piece, so that no writer is asked for a span of any length that a stranger chooses.
        private const int LongestPlain = 4096;

        public void Flush() => _cursor.Flush();

        public void WriteScalar(in MetricRow metric)
        {
            WriteSeries(in metric, default, default, 0);
            WriteValue(in metric, metric.Value);
        }

        public void WriteSummary(in MetricRow metric)
        {
            for (int i = metric.FirstPoint; i >= 0; i = _set.Points[i].Next)
            {
                ref readonly PointRow point = ref _set.Points[i];
                WriteSeries(in metric, default, "quantile=\""u8, point.Bound);
                WriteValue(in metric, point.Value);
            }

            WriteSeries(in metric, "_sum"u8, default, 0);
            WriteValue(in metric, metric.Value);
            WriteSeries(in metric, "_count"u8, default, 0);
            WriteValue(in metric, metric.Count);
        }

        public void WriteHistogram(in MetricRow metric)
        {
            double count = metric.CountFloat != 0 ? metric.CountFloat : metric.Count;
            double most = 0;
            bool hasInf = false;
            for (int i = metric.FirstPoint; i >= 0; i = _set.Points[i].Next)
            {
                ref readonly PointRow point = ref _set.Points[i];
                double inBucket = point.Value != 0 ? point.Value : point.Count;
                WriteSeries(in metric, "_bucket"u8, "le=\""u8, point.Bound);
                WriteValue(in metric, inBucket);
                most = Math.Max(most, inBucket);
                hasInf |= double.IsPositiveInfinity(point.Bound);
            }

            // Buckets are not contradicted by a 0 that nobody has pushed; the reference does it.
            bool hasCount = (metric.Content & MetricContent.NoCount) == 0 || metric.PointCount == 0;
            if (!hasInf && hasCount && !(count == 0 && most > 0))
            {
                WriteSeries(in metric, "_bucket"u8, "le=\""u8, double.PositiveInfinity);
                WriteValue(in metric, count);
            }

            WriteSeries(in metric, "_sum"u8, default, 0);
            WriteValue(in metric, metric.Value);
            if (hasCount)
            {
                WriteSeries(in metric, "_count"u8, default, 0);
                WriteValue(in metric, count);
            }
        }

        // Everything before the blank. The extra label comes last and is given as `name="`.
        private void WriteSeries(in MetricRow metric, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> extraLabel, double extraValue)
        {
            if (!_quoted && !_escaped && TryWritePlainSeries(in metric, suffix, extraLabel, extraValue))
            {
                return;
            }

            byte separator = (byte)'{';
            if (_quoted)
            {
                _cursor.Write("{\""u8);
                WriteEscaped(_name, s_escapedInQuotes, ref _cursor);
                _cursor.Write(suffix);
                _cursor.Write((byte)'"');
                separator = (byte)',';
            }
            else
            {
                if (_escaped)
                {
                    Escaping.Write(_name, _scheme, ref _cursor);
                }
                else
                {
                    _cursor.Write(_name);
                }

                _cursor.Write(suffix);
            }

            foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
            {
                ReadOnlySpan<byte> labelName = _set.Text(label.Name);
                _cursor.Write(separator);
                WriteName(labelName, _scheme, ref _cursor);
                _cursor.Write("=\""u8);
                WriteLabelValue(labelName, _set.Text(label.Value));
                _cursor.Write((byte)'"');
                separator = (byte)',';
            }

            if (!extraLabel.IsEmpty)
            {
                _cursor.Write(separator);
                _cursor.Write(extraLabel);
                _cursor.Advance(NumberFormatter.Format(extraValue, _cursor.Reserve(NumberFormatter.MaxLength)));
                _cursor.Write((byte)'"');
                separator = (byte)',';
            }

            if (_quoted || separator == (byte)',')
            {
                _cursor.Write((byte)'}');
            }
        }

        // The same where all names are legacy ones and nothing needs an escape, into one reserved span. False if it is otherwise; nothing
        // is written then. Labels that are the same references as those of the line before at the same place are copied from there in runs.
        private bool TryWritePlainSeries(in MetricRow metric, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> extraLabel, double extraValue)
        {
            ReadOnlySpan<LabelRow> labels = _set.Labels.Slice(metric.FirstLabel, metric.LabelCount);
            long size = _name.Length + suffix.Length + extraLabel.Length + NumberFormatter.MaxLength + AroundLabel;
            foreach (ref readonly LabelRow label in labels)
            {
                size += LengthOf(in label);
            }

            if (size > LongestPlain)
            {
                return false;
            }

            Span<byte> line = _cursor.Reserve((int)size);
            ReadOnlySpan<LabelRow> last = _cursor.Spans == _lastSpans ? _set.Labels.Slice(_lastFirst, _lastCount) : default;
            _name.CopyTo(line);
            int at = _name.Length;
            suffix.CopyTo(line[at..]);
            at += suffix.Length;
            int labelsAt = at;
            int copyFrom = _lastAt;
            int copyLength = 0;
            for (int i = 0; i < labels.Length; i++)
            {
                ref readonly LabelRow label = ref labels[i];
                bool isNameKnown = i < last.Length && last[i].Name == label.Name;
                if (isNameKnown && last[i].Value == label.Value)
                {
                    copyLength += LengthOf(in label);
                    continue;
                }

                ReadOnlySpan<byte> name = _set.Text(label.Name);
                ReadOnlySpan<byte> value = _set.Text(label.Value);
                if ((!isNameKnown && (!NameRules.IsLegacy(name) || Escaping.IsMetricName(name))) || value.ContainsAny(s_escapedInQuotes))
                {
                    return false;
                }

                if (copyLength > 0)
                {
                    _cursor.Written(copyFrom, copyLength).CopyTo(line[at..]);
                    at += copyLength;
                    copyFrom += copyLength;
                    copyLength = 0;
                }

                copyFrom += i < last.Length ? LengthOf(in last[i]) : 0;
                line[at++] = i == 0 ? (byte)'{' : (byte)',';
                name.CopyTo(line[at..]);
                at += name.Length;
                line[at++] = (byte)'=';
                line[at++] = (byte)'"';
                value.CopyTo(line[at..]);
                at += value.Length;
                line[at++] = (byte)'"';
            }

            if (copyLength > 0)
            {
                _cursor.Written(copyFrom, copyLength).CopyTo(line[at..]);
                at += copyLength;
            }

            (_lastSpans, _lastAt, _lastFirst, _lastCount) = (
                _cursor.Spans, _cursor.Position + labelsAt, metric.FirstLabel, metric.LabelCount);
            if (!extraLabel.IsEmpty)
            {
                line[at++] = labels.IsEmpty ? (byte)'{' : (byte)',';
                extraLabel.CopyTo(line[at..]);
                at += extraLabel.Length;
                at += NumberFormatter.Format(extraValue, line[at..]);
                line[at++] = (byte)'"';
            }

            if (!labels.IsEmpty || !extraLabel.IsEmpty)
            {
                line[at++] = (byte)'}';
            }

            _cursor.Advance(at);
            return true;
        }

        // As it is written plainly: a separator, the name, an equal sign and the quoted value.
        private static int LengthOf(in LabelRow label) => label.Name.Length + label.Value.Length + AroundLabel;

        private void WriteLabelValue(ReadOnlySpan<byte> labelName, ReadOnlySpan<byte> value)
        {
            if (Escaping.IsMetricName(labelName) && Escaping.IsNeeded(value, _scheme))
            {
                Escaping.Write(value, _scheme, ref _cursor);
            }
            else
            {
                WriteEscaped(value, s_escapedInQuotes, ref _cursor);
            }
        }

        private void WriteValue(in MetricRow metric, double value)
        {
            _cursor.Write((byte)' ');
            _cursor.Advance(NumberFormatter.Format(value, _cursor.Reserve(NumberFormatter.MaxLength)));
            if ((metric.Content & MetricContent.Timestamp) != 0)
            {
                _cursor.Write((byte)' ');
                metric.TimestampMs.TryFormat(_cursor.Reserve(20), out int length, default, CultureInfo.InvariantCulture);
                _cursor.Advance(length);
            }

            _cursor.Write((byte)'\n');
        }
    }
}
