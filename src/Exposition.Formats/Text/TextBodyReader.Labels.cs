using System.Text.Unicode;
using Exposition.Formats.Go;
using Exposition.Formats.Numbers;

namespace Exposition.Formats.Text;

// labels  = *BLANK "}" / element *( "," element ) [ "," ] "}"     with BLANKs between all tokens
// element = LNAME "=" '"' value '"'
//         / NAME                        on a line that begins with "{", exactly once, read with the rule of label names
// value   = bytes; \\ \" \n are unescaped, any other escape and a raw LF are errors; must be UTF-8
//
// On a summary `quantile`, on a histogram `le` is the point's bound and no label; repeated, the last one counts.
// The labels of the line are appended to the label table; who finds that the metric exists already cuts them off again.

internal ref partial struct TextBodyReader
{
    private bool ReadLabels(bool nameInside)
    {
        _firstLabel = _set.LabelList.Count;
        _bound = double.NaN;
        _labelNames.Restart();
        bool named = !nameInside;
        _boundName = named ? BoundNameOfFamily() : default;
        while (Current != '}')
        {
            // At "{" or ",".
            _at++;
            SkipBlanks();
            if (Current == '}')
            {
                break;
            }

            if (!ReadElement(nameInside, ref named, out TextRef name) || (!name.IsEmpty && !ReadLabelValue(name)))
            {
                return false;
            }
        }

        if (!named)
        {
            return Fail("invalid metric name");
        }

        _at++;
        SkipBlanks();
        return true;
    }

    // Reads a label's name, "=" and the opening quote; or the metric's name, with an empty name as result. Leaves _at at the next token.
    private bool ReadElement(bool nameInside, ref bool named, out TextRef name)
    {
        name = default;
        if (_at == _text.Length)
        {
            return FailAtEnd();
        }

        if (!ReadLabelName(out NameToken token))
        {
            return false;
        }

        if (token.Text.IsEmpty)
        {
            return Fail($"invalid label name for metric {GoQuote.Text(FamilyName)}");
        }

        SkipBlanks();
        int current = Current;
        if (current == EndOfBody)
        {
            return FailAtEnd();
        }

        if (current != '=')
        {
            if (!nameInside)
            {
                return Fail($"expected '=' after label name, found {GoQuote.Byte((byte)current)}");
            }

            if (named)
            {
                return Fail($"multiple metric names for metric {GoQuote.Text(FamilyName)}");
            }

            if (current is not (',' or '}'))
            {
                return Fail($"unexpected end of metric name {GoQuote.Byte((byte)current)}");
            }

            named = true;
            return TakeNameInside(token);
        }

        ReadOnlySpan<byte> text = _set.Text(token.Text);
        if (text.SequenceEqual("__name__"u8))
        {
            return Fail("label name \"__name__\" is reserved");
        }

        if (!IsValidLabelName(token))
        {
            return Fail($"invalid label name {GoQuote.Text(text)}");
        }

        name = token.Text;
        if (!_labelNames.TryAdd(_set, name) && !IsBound(name))
        {
            return Fail($"duplicate label names for metric {GoQuote.Text(FamilyName)}");
        }

        _at++;
        SkipBlanks();
        current = Current;
        if (current != '"')
        {
            return current == EndOfBody
                ? FailAtEnd()
                : Fail($"expected '\"' at start of label value, found {GoQuote.Byte((byte)current)}");
        }

        _at++;
        return true;
    }

    private readonly bool IsBound(TextRef name) =>
        name.Length == _boundName.Length && _set.Text(name).SequenceEqual(_boundName);

    // The metric's name among the labels. A bound that was read before it is now known as one.
    private bool TakeNameInside(in NameToken token)
    {
        if (!Resolve(token))
        {
            return false;
        }

        FixType();
        _boundName = BoundNameOfFamily();
        Span<LabelRow> labels = _set.LabelList.Span[_firstLabel..];
        for (int i = 0; i < labels.Length; i++)
        {
            if (IsBound(labels[i].Name))
            {
                TextRef value = labels[i].Value;
                labels[(i + 1)..].CopyTo(labels[i..]);
                _set.LabelList.Truncate(_firstLabel + labels.Length - 1);
                return ParseBound(value);
            }
        }

        return true;
    }

    // Reads the value behind the opening quote and steps to the token after it.
    private bool ReadLabelValue(TextRef name)
    {
        int start = _at;
        ReadOnlySpan<byte> rest = _text[start..];
        int length = rest.IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
        TextRef value;
        if (length >= 0 && rest[length] == '"')
        {
            value = new TextRef(start, length);
            _at = start + length + 1;
        }
        else if (!ReadEscapedValue(out value))
        {
            return false;
        }

        if (!_validUtf8 && !Utf8.IsValid(_set.Text(value)))
        {
            return Fail($"invalid label value {GoQuote.Text(_set.Text(value))}");
        }

        if (!IsBound(name))
        {
            _set.LabelList.Add(new LabelRow { Name = name, Value = value });
        }
        else if (!ParseBound(value))
        {
            return false;
        }

        SkipBlanks();
        return Current switch
        {
            ',' or '}' => true,
            EndOfBody => FailAtEnd(),
            _ => Fail($"unexpected end of label value {GoQuote.Text(_set.Text(value))}"),
        };
    }

    private bool ReadEscapedValue(out TextRef value)
    {
        int scratch = _set.Scratch.Count;
        value = default;
        if (!ReadEscaped(_at, out int end))
        {
            return false;
        }

        value = new TextRef(~scratch, _set.Scratch.Count - scratch);
        if (_text[end] == '\n')
        {
            return Fail($"label value {GoQuote.Text(_set.Text(value))} contains unescaped new-line");
        }

        _at = end + 1;
        return true;
    }

    // The label that is no label but a point's bound in the type of the line's family.
    private readonly ReadOnlySpan<byte> BoundNameOfFamily() => _set.Families[_family].Type switch
    {
        MetricType.Summary => "quantile"u8,
        MetricType.Histogram or MetricType.GaugeHistogram => "le"u8,
        _ => default,
    };

    private bool ParseBound(TextRef value) =>
        NumberParser.TryParse(_set.Text(value), out _bound)
        || Fail($"expected float as value for '{System.Text.Encoding.ASCII.GetString(_boundName)}' label, got "
            + $"{GoQuote.Text(_set.Text(value))}");
}
