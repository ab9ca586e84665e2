using System.Runtime.CompilerServices;
using Exposition.Formats.Go;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Text;

// value = token up to BLANK or LF (NumberParser), then LF, or blanks and a timestamp token and LF. A blank before LF is an error of the
// timestamp unless reading is lenient.
//
// Every line of a scalar family is a metric of its own. A summary's or histogram's lines meet in the metric with the same labels; its
// count, sum and points come in any order, a line with neither suffix nor bound only makes the metric exist.

internal ref partial struct TextBodyReader
{
    private bool ReadValue()
    {
        ReadOnlySpan<byte> rest = _text[_at..];
        if (rest.IsEmpty)
        {
            return FailAtEnd();
        }

        if (!TakeToken(rest, out ReadOnlySpan<byte> token))
        {
            return false;
        }

        if (!NumberParser.TryParse(token, out double value) && !(_lenient && NumberParser.TryParseNan(token, out value)))
        {
            return Fail($"expected float as value, got {GoQuote.Text(token)}");
        }

        if (!Store(value, out int metric))
        {
            return false;
        }

        int current = Current;
        if (current == '\n')
        {
            _at++;
            return true;
        }

        return ReadTimestamp(metric);
    }

    // A token up to a blank or the end of the line; _at is then at what ended it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TakeToken(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> token)
    {
        int length = rest.IndexOfAny((byte)' ', (byte)'\n', (byte)'\t');
        if (length < 0)
        {
            token = rest;
            _at = _text.Length;
            return _lenient || FailAtEnd();
        }

        if (_lenient && length > 0 && rest[length] == '\n' && rest[length - 1] == '\r')
        {
            length--;
        }

        token = rest[..length];
        _at += length;
        return true;
    }

    private bool ReadTimestamp(int metric)
    {
        if (_lenient)
        {
            SkipBlanks();
            if (TryEndSample())
            {
                return true;
            }
        }

        SkipBlanks();
        if (!TakeToken(_text[_at..], out ReadOnlySpan<byte> token))
        {
            return false;
        }

        if (!NumberParser.TryParseTimestamp(token, out long timestamp))
        {
            return Fail($"expected integer as timestamp, got {GoQuote.Text(token)}");
        }

        ref MetricRow row = ref _set.Metrics[metric];
        row.TimestampMs = timestamp;
        row.Content |= MetricContent.Timestamp;
        if (TryEndSample())
        {
            return true;
        }

        ReadOnlySpan<byte> spurious = TakeLine(out bool ended);
        if (!ended && !_lenient)
        {
            return FailAtEnd();
        }

        return (_lenient && !spurious.ContainsAnyExcept((byte)' ', (byte)'\t'))
            || Fail($"spurious string after timestamp: {GoQuote.Text(WithoutBackslashes(spurious))}");
    }

    private bool Store(double value, out int metric)
    {
        MetricType type = _set.Families[_family].Type;
        if (type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram)
        {
            metric = FindOrAddMetric();
            return type == MetricType.Summary ? StoreSummary(metric, value) : StoreHistogram(metric, value);
        }

        metric = AddMetric();
        ref MetricRow row = ref _set.Metrics[metric];
        row.Value = value;
        row.Content = ScalarContent(type);
        return true;
    }

    private static MetricContent ScalarContent(MetricType type) => type switch
    {
        MetricType.Counter => MetricContent.Counter,
        MetricType.Gauge => MetricContent.Gauge,
        _ => MetricContent.Untyped,
    };

    private bool StoreSummary(int metric, double value)
    {
        ref MetricRow row = ref _set.Metrics[metric];
        row.Content |= MetricContent.Summary;
        switch (_part)
        {
            case SamplePart.Count:
                // In our own text 2^64 is a count just below it (a pushed -1 becomes one), which no double holds: it must not change when
                // it is read back.
                row.Count = _onlyFamily == AnyFamily || value != GoNumber.TwoPow64 ? GoNumber.ToUInt64(value) : ulong.MaxValue;
                row.Content &= ~MetricContent.NoCount;
                break;
            case SamplePart.Sum:
                row.Value = value;
                row.Content &= ~MetricContent.NoSum;
                break;
            default:
                if (!double.IsNaN(_bound))
                {
                    _set.AddPoint(metric, _bound, value, 0);
                }

                break;
        }

        return true;
    }

    private bool StoreHistogram(int metric, double value)
    {
        ref MetricRow row = ref _set.Metrics[metric];
        row.Content |= MetricContent.Histogram;
        if (_part == SamplePart.Sum)
        {
            row.Value = value;
            row.Content &= ~MetricContent.NoSum;
            return true;
        }

        if (_part != SamplePart.Count && double.IsNaN(_bound))
        {
            return true;
        }

        ulong whole = GoNumber.ToUInt64(value);
        bool isWhole = whole == value;
        if (!isWhole && value < 0)
        {
            return Fail(_part == SamplePart.Count
                ? $"negative count for histogram {GoQuote.Text(FamilyName)}"
                : $"negative bucket population for histogram {GoQuote.Text(FamilyName)}");
        }

        _sawFloatCount |= !isWhole;
        if (_part != SamplePart.Count)
        {
            row.Content |= double.IsPositiveInfinity(_bound) ? MetricContent.InfBucket : MetricContent.None;
            _set.AddPoint(metric, _bound, isWhole ? 0 : value, isWhole ? whole : 0);
        }
        else
        {
            row.Count = isWhole ? whole : row.Count;
            row.CountFloat = isWhole ? row.CountFloat : value;
            row.Content &= ~MetricContent.NoCount;
        }

        return true;
    }

    private int FindOrAddMetric()
    {
        ReadOnlySpan<LabelRow> labels = _set.LabelList.Span[_firstLabel..];
        int metric = _set.Families[_family].LastMetric;
        if (metric < 0 || !FamilyIndex.SameLabelsInOrder(_set, _set.LabelsOf(metric), labels))
        {
            metric = _index.FindMetric(_set, _family, labels, out uint hash);
            if (metric < 0)
            {
                metric = AddMetric();
                _set.Metrics[metric].Content = MetricContent.NoCount | MetricContent.NoSum;
                _index.AddMetric(_family, metric, hash);
                return metric;
            }
        }

        _set.LabelList.Truncate(_firstLabel);
        return metric;
    }

    private int AddMetric()
    {
        int metric = _set.AddMetric(_family);
        ref MetricRow row = ref _set.Metrics[metric];
        row.FirstLabel = _firstLabel;
        row.LabelCount = _set.LabelList.Count - _firstLabel;
        return metric;
    }
}
