using System.Buffers;
using System.Globalization;
using Exposition.Formats.Names;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Text;

/// <summary>Writes the lines of one family's metrics; what all of them share is decided once.</summary>
internal ref struct TextSampleWriter(FamilySet set, ReadOnlySpan<byte> name, EscapingScheme scheme, IBufferWriter<byte> output)
{
    private readonly FamilySet _set = set;
    private readonly ReadOnlySpan<byte> _name = name;
    private readonly EscapingScheme _scheme = scheme;
    private readonly WrittenName _written = new(name, scheme);

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

        // Buckets are not contradicted by a 0 that nobody has pushed; the Pushgateway does it.
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
        if (_written.IsPlain && TryWritePlainSeries(in metric, suffix, extraLabel, extraValue))
        {
            return;
        }

        byte separator = _written.WriteSample(suffix, ref _cursor);
        foreach (ref readonly LabelRow label in _set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            ReadOnlySpan<byte> labelName = _set.Text(label.Name);
            _cursor.Write(separator);
            if (NameRules.IsLegacy(labelName))
            {
                _cursor.Write(labelName);
            }
            else
            {
                new WrittenName(labelName, _scheme).Write(default, ref _cursor);
            }

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

        if (separator == (byte)',')
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
            if ((!isNameKnown && (!NameRules.IsLegacy(name) || Escaping.IsMetricName(name)))
                || value.ContainsAny(TextFormat.EscapedInQuotes))
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
            TextFormat.WriteQuoted(value, ref _cursor);
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
