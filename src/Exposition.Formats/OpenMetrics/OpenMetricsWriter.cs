using System.Buffers;
using System.Globalization;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

// A histogram without a +Inf bucket gets one with its count. Its sum and count are written together, whatever is absent: OpenMetrics knows
// neither without the other; a count that is absent is that of the +Inf bucket, and if both are absent neither is written. Of a summary,
// what is absent is not written (the text format shows a 0 there); only if nothing else is left, a count of 0 shows that the metric is
// there. As unknown all of them are written, as in text, but of quantiles or buckets with one bound only the first.

/// <summary>Writes the lines of one family's metrics in one form.</summary>
internal ref struct OpenMetricsWriter(
    FamilySet set, MetricType type, OpenMetricsNames names, OpenMetricsForm form, bool withCreated, IBufferWriter<byte> output)
{
    private readonly FamilySet _set = set;
    private readonly MetricType _type = type;
    private readonly OpenMetricsNames _names = names;
    private readonly OpenMetricsForm _form = form;
    private readonly bool _withCreated = withCreated;
    private OutputCursor _cursor = new(output);

    public void Flush() => _cursor.Flush();

    public void Write(in MetricRow metric)
    {
        bool extras = _form == OpenMetricsForm.Typed && (metric.Content & MetricContent.OnlyInRaw) != 0;
        var raw = extras ? new OpenMetricsExtras(_set.Text(metric.Raw), _type) : default;
        switch (_type)
        {
            case MetricType.Summary:
                WriteSummary(in metric);
                break;
            case MetricType.Histogram or MetricType.GaugeHistogram:
                WriteHistogram(in metric, ref raw, extras);
                break;
            case MetricType.Counter when _form == OpenMetricsForm.Typed:
                WriteSeries(in metric, "_total"u8, default, 0);
                WriteFloat(metric.Value);
                WriteTimestamp(in metric);
                if (extras && raw.TryGetExemplar(out Exemplar exemplar))
                {
                    WriteExemplar(in exemplar);
                }

                _cursor.Write((byte)'\n');
                break;
            default:
                WriteSeries(in metric, default, default, 0);
                WriteFloat(metric.Value);
                EndLine(in metric);
                break;
        }

        if (extras && _withCreated && _type is MetricType.Counter or MetricType.Summary or MetricType.Histogram
            && raw.TryGetCreated(out UnixTime created))
        {
            WriteSeries(in metric, "_created"u8, default, 0);
            WriteFloat(created.ToSeconds());
            EndLine(in metric);
        }
    }

    private readonly bool Writes(OpenMetricsForm part) => _form == OpenMetricsForm.Typed || _form == part;

    private void WriteSummary(in MetricRow metric)
    {
        bool hasCount = _form != OpenMetricsForm.Typed || (metric.Content & MetricContent.NoCount) == 0;
        bool hasSum = _form != OpenMetricsForm.Typed || (metric.Content & MetricContent.NoSum) == 0;
        double greatest = double.NaN;
        for (int i = Writes(OpenMetricsForm.Values) ? metric.FirstPoint : -1; i >= 0; i = _set.Points[i].Next)
        {
            ref readonly PointRow point = ref _set.Points[i];
            if (_form != OpenMetricsForm.Typed && OpenMetricsRules.Repeats(_set, in metric, i, ref greatest))
            {
                continue;
            }

            WriteSeries(in metric, default, "quantile=\""u8, point.Bound);
            WriteFloat(point.Value);
            EndLine(in metric);
        }

        if (hasSum && Writes(OpenMetricsForm.Sums))
        {
            WriteSeries(in metric, "_sum"u8, default, 0);
            WriteFloat(metric.Value);
            EndLine(in metric);
        }

        if ((hasCount || (!hasSum && metric.PointCount == 0)) && Writes(OpenMetricsForm.Counts))
        {
            WriteSeries(in metric, "_count"u8, default, 0);
            WriteCount(metric.Count);
            EndLine(in metric);
        }
    }

    private void WriteHistogram(in MetricRow metric, scoped ref OpenMetricsExtras raw, bool extras)
    {
        bool hasInf = false;
        double greatest = double.NaN;
        for (int i = Writes(OpenMetricsForm.Values) ? metric.FirstPoint : -1; i >= 0; i = _set.Points[i].Next)
        {
            ref readonly PointRow point = ref _set.Points[i];
            if (_form != OpenMetricsForm.Typed && OpenMetricsRules.Repeats(_set, in metric, i, ref greatest))
            {
                continue;
            }

            WriteBucket(in metric, point.Bound, point.Value, point.Count);
            if (extras && raw.TryGetNextBucketExemplar(out Exemplar exemplar))
            {
                WriteExemplar(in exemplar);
            }

            _cursor.Write((byte)'\n');
            hasInf |= double.IsPositiveInfinity(point.Bound);
        }

        if (!hasInf && Writes(OpenMetricsForm.Values))
        {
            WriteBucket(in metric, double.PositiveInfinity, metric.CountFloat, metric.Count);
            _cursor.Write((byte)'\n');
        }

        bool hasCount = (metric.Content & MetricContent.NoCount) == 0;
        if (!hasCount && (metric.Content & MetricContent.NoSum) != 0 && _form == OpenMetricsForm.Typed)
        {
            return;
        }

        if (Writes(OpenMetricsForm.Sums))
        {
            WriteSeries(in metric, _names.SumSuffix, default, 0);
            WriteFloat(metric.Value);
            EndLine(in metric);
        }

        if (Writes(OpenMetricsForm.Counts))
        {
            WriteSeries(in metric, _names.CountSuffix, default, 0);
            WriteNumber(metric.CountFloat, hasCount
                || _form != OpenMetricsForm.Typed ? metric.Count : OpenMetricsRules.TotalOf(_set, in metric));
            EndLine(in metric);
        }
    }

    private void WriteBucket(in MetricRow metric, double bound, double countFloat, ulong count)
    {
        WriteSeries(in metric, "_bucket"u8, "le=\""u8, bound);
        WriteNumber(countFloat, count);
        WriteTimestamp(in metric);
    }

    // Name, labels and the blank before the value. The extra label comes last and is given as `name="`.
    private void WriteSeries(in MetricRow metric, scoped ReadOnlySpan<byte> suffix, scoped ReadOnlySpan<byte> extraLabel, double extraValue)
    {
        byte separator = _names.WriteSample(suffix, ref _cursor);
        bool open = separator == (byte)',';
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)_set.Labels.Slice(metric.FirstLabel, metric.LabelCount))
        {
            _cursor.Write(separator);
            WriteLabel(_set.Text(label.Name), _set.Text(label.Value));
            (separator, open) = ((byte)',', true);
        }

        if (!extraLabel.IsEmpty)
        {
            _cursor.Write(separator);
            _cursor.Write(extraLabel);
            WriteFloat(extraValue);
            _cursor.Write((byte)'"');
            open = true;
        }

        if (open)
        {
            _cursor.Write((byte)'}');
        }

        _cursor.Write((byte)' ');
    }

    private void WriteLabel(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        _names.WriteLabelName(name, ref _cursor);
        _cursor.Write("=\""u8);
        TextFormat.WriteQuoted(value, ref _cursor);
        _cursor.Write((byte)'"');
    }

    private void WriteNumber(double number, ulong count)
    {
        if (number != 0)
        {
            WriteFloat(number);
        }
        else
        {
            WriteCount(count);
        }
    }

    private void WriteCount(ulong count)
    {
        count.TryFormat(_cursor.Reserve(20), out int length, default, CultureInfo.InvariantCulture);
        _cursor.Advance(length);
    }

    // What looks like a whole number gets ".0".
    private void WriteFloat(double value)
    {
        Span<byte> room = _cursor.Reserve(NumberFormatter.MaxLength + 2);
        int length = NumberFormatter.Format(value, room);
        if (double.IsFinite(value) && room[..length].IndexOfAny((byte)'.', (byte)'e') < 0)
        {
            ".0"u8.CopyTo(room[length..]);
            length += 2;
        }

        _cursor.Advance(length);
    }

    private void WriteTimestamp(in MetricRow metric)
    {
        if ((metric.Content & MetricContent.Timestamp) != 0)
        {
            _cursor.Write((byte)' ');
            WriteFloat((double)metric.TimestampMs / 1000);
        }
    }

    private void EndLine(in MetricRow metric)
    {
        WriteTimestamp(in metric);
        _cursor.Write((byte)'\n');
    }

    private void WriteExemplar(in Exemplar exemplar)
    {
        if (!exemplar.IsValid(_names.Scheme))
        {
            return;
        }

        _cursor.Write(" # {"u8);
        int at = 0;
        ReadOnlySpan<byte> separator = default;
        while (exemplar.TryReadLabel(ref at, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            _cursor.Write(separator);
            WriteLabel(name, value);
            separator = ","u8;
        }

        _cursor.Write("} "u8);
        WriteFloat(exemplar.Value);
        if (exemplar.Time is { IsValid: true } time)
        {
            _cursor.Write((byte)' ');
            WriteFloat(time.ToSeconds());
        }
    }
}
