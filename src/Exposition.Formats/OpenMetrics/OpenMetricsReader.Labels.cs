using Exposition.Formats.Go;
using Exposition.Formats.Rows;

namespace Exposition.Formats.OpenMetrics;

// labels  = "{" [ element *( "," element ) ] "}"     with blanks around all tokens (not in the specification, but taken by the Python
//                                                    parser)
// element = LNAME "=" quoted / quoted LNAME "=" quoted
//         / quoted NAME                  on a sample line that begins with "{", exactly once
// Names that begin with "__" are reserved.

internal ref partial struct OpenMetricsReader
{
    // At "{": appends the labels.
    private bool ReadLabels(scoped ref RowList<LabelRow> labels, bool nameInside, out TextRef name)
    {
        name = default;
        _at++;
        SkipBlanks();
        if (Current == '}')
        {
            _at++;
            return !nameInside || Fail("expected a metric name, found braces without one");
        }

        bool named = !nameInside;
        _set.Index.LabelNames.Restart();
        while (true)
        {
            SkipBlanks();
            if (!ReadElement(ref labels, ref named, ref name))
            {
                return false;
            }

            SkipBlanks();
            int current = Current;
            if (current == ',')
            {
                _at++;
                continue;
            }

            if (!Take((byte)'}', "',' or '}' behind a label"))
            {
                return false;
            }

            return named || Fail("expected a quoted metric name before or in the braces");
        }
    }

    private bool ReadElement(scoped ref RowList<LabelRow> labels, ref bool named, ref TextRef metricName)
    {
        bool quoted = Current == '"';
        TextRef name;
        if (quoted)
        {
            if (!TakeQuoted(out name))
            {
                return false;
            }
        }
        else
        {
            name = TakePlainName();
            if (name.IsEmpty)
            {
                return Fail($"expected a label name, found {Found(Current)}");
            }
        }

        SkipBlanks();
        ReadOnlySpan<byte> text = _set.Text(name);
        if (quoted && !named && Current is ',' or '}')
        {
            (metricName, named) = (name, true);
            return NameRules.IsValidMetricName(text, _names) || Fail($"invalid metric name {GoQuote.Text(text)}");
        }

        if (!NameRules.IsValidLabelName(text, quoted ? _names : NameScheme.Legacy))
        {
            return Fail($"invalid label name {GoQuote.Text(text)}");
        }

        if (text.StartsWith("__"u8))
        {
            return Fail($"label name {GoQuote.Text(text)} is reserved");
        }

        if (!_set.Index.LabelNames.TryAdd(_set, name))
        {
            return Fail($"label {GoQuote.Text(text)} twice in one label set");
        }

        if (Current != '=')
        {
            return Fail($"expected '=' behind the label name {GoQuote.Text(text)}, found {Found(Current)}");
        }

        _at++;
        SkipBlanks();
        if (Current != '"')
        {
            return Fail($"expected a quoted value of label {GoQuote.Text(text)}, found {Found(Current)}");
        }

        if (!TakeQuoted(out TextRef value))
        {
            return false;
        }

        labels.Add(new LabelRow { Name = name, Value = value });
        return true;
    }

    // Behind "#": the rest of the line.
    private bool ReadExemplar(out ExemplarRow exemplar)
    {
        exemplar = new ExemplarRow { FirstLabel = _tables.ExemplarLabels.Count };
        if (!Take((byte)' ', "a blank behind '#'"))
        {
            return false;
        }

        if (Current != '{')
        {
            return Fail($"expected the labels of an exemplar behind '#', found {Found(Current)}");
        }

        if (!ReadLabels(ref _tables.ExemplarLabels, nameInside: false, out _)
            || !Take((byte)' ', "a blank behind the labels of the exemplar") || !TakeNumber("exemplar value", out exemplar.Value))
        {
            return false;
        }

        exemplar.LabelCount = _tables.ExemplarLabels.Count - exemplar.FirstLabel;
        if (CountCharacters(exemplar) > Exemplar.MostCharacters)
        {
            return Fail("the labels of the exemplar have more than 128 characters");
        }

        if (Current == ' ')
        {
            _at++;
            int start = _at;
            if (!TakeNumber("time of the exemplar", out double seconds))
            {
                return false;
            }

            if (!UnixTime.TryParse(_text[start.._at], seconds, out UnixTime time))
            {
                return Fail($"expected the time of the exemplar in seconds, of the years 1 to 9999, got {GoQuote.Text(_text[start.._at])}");
            }

            exemplar.Time = time;
        }

        return true;
    }

    private readonly long CountCharacters(in ExemplarRow exemplar)
    {
        long count = 0;
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)_tables.ExemplarLabels.Span.Slice(
            exemplar.FirstLabel, exemplar.LabelCount))
        {
            count += Characters(_set.Text(label.Name)) + Characters(_set.Text(label.Value));
        }

        return count;
    }

    /// <summary>Code points of valid UTF-8: every byte but those that continue one.</summary>
    public static int Characters(ReadOnlySpan<byte> text)
    {
        int count = 0;
        foreach (byte b in text)
        {
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    private void SkipBlanks()
    {
        while (Current == ' ')
        {
            _at++;
        }
    }
}
