using System.Text;

namespace Exposition.Formats.Internal;

// comment = "#" *BLANK WORD: HELP and TYPE, exactly so spelt, are followed by 1*BLANK NAME 1*BLANK and the rest of the line. Without a name, or
// with nothing behind the name, the line means nothing. Any other comment is skipped whatever bytes it holds.
//   HELP text  everything to the end of the line; \\ \n \" are unescaped, another escape is an error; any bytes, trailing blanks too
//   TYPE word  everything to the end of the line; backslashes are dropped, case does not matter

internal ref partial struct TextBodyReader
{
    private bool ReadComment()
    {
        _at++;
        SkipBlanks();
        if (TryEndLine())
        {
            return true;
        }

        ReadOnlySpan<byte> rest = _text[_at..];
        int wordLength = rest.IndexOfAny(s_tokenEnds);
        if (wordLength < 0)
        {
            return SkipLine();
        }

        ReadOnlySpan<byte> word = rest[..wordLength];
        _at += wordLength;
        bool isHelp = word.SequenceEqual("HELP"u8);
        if ((!isHelp && !word.SequenceEqual("TYPE"u8)) || _onlyFamily != AnyFamily)
        {
            return SkipLine();
        }

        SkipBlanks();
        bool repeated = TryRepeatName();
        NameToken name = default;
        if (!repeated && !ReadMetricName(out name))
        {
            return false;
        }

        if (TryEndLine())
        {
            return true;
        }

        int current = Current;
        if (current is not (' ' or '\t'))
        {
            return current == EndOfBody ? FailAtEnd() : Fail("invalid metric name in comment");
        }

        if (!repeated && !Resolve(name))
        {
            return false;
        }

        SkipBlanks();
        if (TryEndLine())
        {
            return true;
        }

        if (_at == _text.Length)
        {
            return FailAtEnd();
        }

        return isHelp ? ReadHelp() : ReadType();
    }

    private bool SkipLine()
    {
        int length = _text[_at..].IndexOf((byte)'\n');
        if (length < 0)
        {
            _at = _text.Length;
            return _lenient || FailAtEnd();
        }

        _at += length + 1;
        return true;
    }

    // The rest of the line without its end; whether the line has an end is left to the caller.
    private ReadOnlySpan<byte> TakeLine(out bool ended)
    {
        ReadOnlySpan<byte> line = _text[_at..];
        int length = line.IndexOf((byte)'\n');
        ended = length >= 0;
        if (!ended)
        {
            _at = _text.Length;
            ended = _lenient;
            return line;
        }

        _at += length + 1;
        line = line[..length];
        return _lenient && line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private bool ReadHelp()
    {
        if (_set.Families[_family].HasHelp)
        {
            return Fail($"second HELP line for metric name {GoQuote.Text(FamilyName)}");
        }

        int start = _at;
        ReadOnlySpan<byte> line = TakeLine(out bool ended);
        var help = new TextRef(start, line.Length);
        if (line.Contains((byte)'\\') && !TryUnescapeHelp(line, start, out help))
        {
            return false;
        }

        if (!ended)
        {
            return FailAtEnd();
        }

        ref FamilyRow family = ref _set.Families[_family];
        family.Help = help;
        family.HasHelp = true;
        return true;
    }

    private bool TryUnescapeHelp(ReadOnlySpan<byte> line, int start, out TextRef help)
    {
        int scratch = _set.Scratch.Count;
        Span<byte> output = _set.Scratch.AddRange(line.Length);
        int written = 0;
        help = default;
        for (int i = 0; i < line.Length; i++)
        {
            byte b = line[i];
            if (b == '\\')
            {
                i++;
                int escaped = start + i < _text.Length ? _text[start + i] : EndOfBody;
                if (!TryUnescape(escaped, out b))
                {
                    return false;
                }
            }

            output[written++] = b;
        }

        _set.Scratch.Truncate(scratch + written);
        help = new TextRef(~scratch, written);
        return true;
    }

    // The byte that an escape in HELP, a label value or a quoted name stands for.
    private bool TryUnescape(int escaped, out byte value)
    {
        value = escaped == 'n' ? (byte)'\n' : (byte)escaped;
        return escaped switch
        {
            '\\' or '"' or 'n' => true,
            EndOfBody => FailAtEnd(),
            _ => Fail($"invalid escape sequence '\\{(char)escaped}'"),
        };
    }

    private bool ReadType()
    {
        if (_set.Families[_family].HasType)
        {
            return Fail($"second TYPE line for metric name {GoQuote.Text(FamilyName)}, or TYPE reported after samples");
        }

        ReadOnlySpan<byte> line = TakeLine(out bool ended);
        if (!ended)
        {
            return FailAtEnd();
        }

        if (_lenient)
        {
            line = line.TrimEnd(" \t"u8);
        }

        if (!TryParseType(line, out MetricType type))
        {
            return Fail($"unknown metric type {GoQuote.Text(WithoutBackslashes(line))}");
        }

        ref FamilyRow family = ref _set.Families[_family];
        family.Type = type;
        family.HasType = true;
        return true;
    }

    private static bool TryParseType(ReadOnlySpan<byte> word, out MetricType type)
    {
        // The longest one, GAUGE_HISTOGRAM, has 15 letters.
        Span<byte> folded = stackalloc byte[16];
        int length = 0;
        type = MetricType.Untyped;
        for (int i = 0; i < word.Length; i++)
        {
            byte b = word[i];
            if (b == '\\')
            {
                continue;
            }

            if (length == folded.Length)
            {
                return false;
            }

            folded[length++] = b;
        }

        folded = folded[..length];
        if (IsWord(folded, "counter"u8))
        {
            type = MetricType.Counter;
        }
        else if (IsWord(folded, "gauge"u8))
        {
            type = MetricType.Gauge;
        }
        else if (IsWord(folded, "summary"u8))
        {
            type = MetricType.Summary;
        }
        else if (IsWord(folded, "histogram"u8))
        {
            type = MetricType.Histogram;
        }
        else if (IsWord(folded, "gauge_histogram"u8) || IsWord(folded, "gaugehistogram"u8))
        {
            type = MetricType.GaugeHistogram;
        }
        else
        {
            return IsWord(folded, "untyped"u8);
        }

        return true;
    }

    private static bool IsWord(ReadOnlySpan<byte> word, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(word, expected);

    private static byte[] WithoutBackslashes(ReadOnlySpan<byte> text)
    {
        var kept = new List<byte>(text.Length);
        foreach (byte b in text)
        {
            if (b != '\\')
            {
                kept.Add(b);
            }
        }

        return [.. kept];
    }
}
