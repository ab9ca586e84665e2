using System.Buffers.Text;
using Exposition.Formats.Go;
using Exposition.Formats.Numbers;

namespace Exposition.Formats.OpenMetrics;

internal ref partial struct OpenMetricsReader
{
    private bool ReadSample()
    {
        _firstLabel = _set.LabelList.Count;
        TextRef name;
        if (Current == '{')
        {
            if (!ReadLabels(ref _set.LabelList, nameInside: true, out name))
            {
                return false;
            }
        }
        else
        {
            name = TakePlainName();
            if (name.IsEmpty)
            {
                return Fail($"expected a metric name or '#' at the start of the line, found {Found(Current)}");
            }

            if (Current == '{' && !ReadLabels(ref _set.LabelList, nameInside: false, out _))
            {
                return false;
            }
        }

        if (!Take((byte)' ', "a blank and the value"))
        {
            return false;
        }

        int start = _at;
        if (!TakeNumber("value", out _value))
        {
            return false;
        }

        _number = new TextRef(start, _at - start);
        return ReadTimestamp() && StoreLine(name);
    }

    private bool StoreLine(TextRef name)
    {
        if (Current != ' ' && LineEndLength == 0)
        {
            return Fail("missing \"# EOF\" at the end");
        }

        bool hasExemplar = Current == ' ';
        ExemplarRow exemplar = default;
        if (hasExemplar)
        {
            _at++;
            if (!Take((byte)'#', _lineHasTime ? "'#' and an exemplar" : "a timestamp, or '#' and an exemplar")
                || !ReadExemplar(out exemplar))
            {
                return false;
            }
        }

        if (LineEndLength == 0)
        {
            return Fail(Current < 0 ? "missing \"# EOF\" at the end" : $"expected the end of the line, found {Found(Current)}");
        }

        if (!EnterFamily(name) || !TakeBound() || !CheckValue(hasExemplar))
        {
            return false;
        }

        _at += LineEndLength;
        if (!EnterMetric(out bool repeated))
        {
            return false;
        }

        if (repeated)
        {
            _tables.ExemplarLabels.Truncate(hasExemplar ? exemplar.FirstLabel : _tables.ExemplarLabels.Count);
            return true;
        }

        if (!Store())
        {
            return false;
        }

        if (hasExemplar)
        {
            exemplar.Point = _set.Points.Length - 1;
            _tables.Exemplars.Add(exemplar);
        }

        return true;
    }

    // A number up to a blank or the end of the line.
    private bool TakeNumber(string what, out double value)
    {
        ReadOnlySpan<byte> token = _text[_at..];
        int length = token.IndexOfAny((byte)' ', (byte)'\n');
        length = length > 0 && token[length] == '\n' && token[length - 1] == '\r' ? length - 1 : length;
        token = length < 0 ? token : token[..length];
        _at += token.Length;
        return NumberParser.TryParse(token, out value) || Fail($"expected a number as {what}, got {GoQuote.Text(token)}");
    }

    private bool ReadTimestamp()
    {
        _lineHasTime = false;
        if (Current != ' ' || (_at + 1 < _text.Length && _text[_at + 1] == '#'))
        {
            return true;
        }

        int start = ++_at;
        if (!TakeNumber("timestamp", out _lineTime))
        {
            return false;
        }

        _lineHasTime = true;
        return double.IsFinite(_lineTime) || Fail($"expected a finite number as timestamp, got {GoQuote.Text(_text[start.._at])}");
    }

    // Which sample of which family the line is.
    private bool EnterFamily(TextRef name)
    {
        ReadOnlySpan<byte> text = _set.Text(name);
        _part = OpenMetricsPart.None;
        if (_hasFamily && text.StartsWith(_set.Text(_name)))
        {
            _part = OpenMetricsTypes.PartOf(_type, text[_name.Length..]);
        }

        if (_part == OpenMetricsPart.None)
        {
            if (!BeginFamily(name))
            {
                return false;
            }

            _part = OpenMetricsPart.Value;
        }

        if (_family < 0)
        {
            TextRef model = _type switch
            {
                OpenMetricsType.Counter => _part == OpenMetricsPart.Total ? name : WithSuffix("_total"u8),
                OpenMetricsType.Info => name,
                _ => _name,
            };
            _family = _set.AddFamily(model, OpenMetricsTypes.ModelType(_type));
            ref FamilyRow row = ref _set.Families[_family];
            (row.Help, row.HasHelp, row.Unit, row.HasType) = (_help, !_help.IsEmpty, _unit, true);
        }

        return true;
    }

    // Of the labels, the bound of a bucket or quantile is none in the model, and the state of a stateset is put last.
    private bool TakeBound()
    {
        ReadOnlySpan<byte> wanted = _type switch
        {
            OpenMetricsType.Histogram or OpenMetricsType.GaugeHistogram => "le"u8,
            OpenMetricsType.Summary => "quantile"u8,
            OpenMetricsType.StateSet => _set.Text(_name),
            _ => default,
        };
        if (wanted.IsEmpty)
        {
            return true;
        }

        Span<LabelRow> labels = _set.LabelList.Span[_firstLabel..];
        int at = labels.Length - 1;
        while (at >= 0 && !_set.Text(labels[at].Name).SequenceEqual(wanted))
        {
            at--;
        }

        bool isBound = _part is OpenMetricsPart.Bucket or OpenMetricsPart.Quantile or OpenMetricsPart.Value;
        if (at < 0 || !isBound)
        {
            return at < 0 == !isBound
                || Fail(isBound ? $"missing label {GoQuote.Text(wanted)}" : $"label {GoQuote.Text(wanted)} on a sample that has none");
        }

        LabelRow bound = labels[at];
        labels[(at + 1)..].CopyTo(labels[at..]);
        if (_type == OpenMetricsType.StateSet)
        {
            labels[^1] = bound;
            return true;
        }

        _set.LabelList.Truncate(_firstLabel + labels.Length - 1);
        ReadOnlySpan<byte> text = _set.Text(bound.Value);
        bool valid = NumberParser.TryParse(text, out _bound) && (_part == OpenMetricsPart.Bucket
            ? !double.IsNaN(_bound) && (!double.IsPositiveInfinity(_bound) || text.SequenceEqual("+Inf"u8))
            : _bound is >= 0 and <= 1);
        return valid || Fail(_part == OpenMetricsPart.Bucket
            ? $"expected a number or \"+Inf\" as \"le\", got {GoQuote.Text(text)}"
            : $"expected a number from 0 to 1 as \"quantile\", got {GoQuote.Text(text)}");
    }

    private bool CheckValue(bool hasExemplar)
    {
        string? expected = _part switch
        {
            OpenMetricsPart.Value when _type == OpenMetricsType.Info => _value == 1 ? null : "1 as the value of an info",
            OpenMetricsPart.Value when _type == OpenMetricsType.StateSet => _value is 0 or 1 ? null : "0 or 1 as the value of a state",
            OpenMetricsPart.Total => _value >= 0 ? null : "a counter that is not negative",
            OpenMetricsPart.Quantile => !(_value < 0) ? null : "a quantile that is not negative",
            OpenMetricsPart.Sum when _type == OpenMetricsType.GaugeHistogram => !double.IsNaN(_value) ? null : "a sum that is a number",
            OpenMetricsPart.Sum => _value >= 0 ? null : "a sum that is not negative",
            OpenMetricsPart.Bucket or OpenMetricsPart.Count => TryGetCount(out _) ? null : "a whole number below 2^64 as a count",
            _ => null,
        };
        if (expected is not null)
        {
            return Fail($"expected {expected}, got {GoQuote.Text(_set.Text(_number))}");
        }

        return !hasExemplar || _part is OpenMetricsPart.Bucket or OpenMetricsPart.Total
            || Fail("an exemplar on a sample that is neither a bucket nor the total of a counter");
    }

    // Counts have 64 bits, more than a float holds: 3 and 3.0 are the same, and 18446744073709551615 is no rounded 2^64.
    private readonly bool TryGetCount(out ulong count)
    {
        ReadOnlySpan<byte> text = _set.Text(_number);
        if (Utf8Parser.TryParse(text, out count, out int used) && used == text.Length)
        {
            return true;
        }

        bool whole = _value is >= 0 and < 18446744073709551616.0 && Math.Floor(_value) == _value;
        count = whole ? (ulong)_value : 0;
        return whole;
    }
}
