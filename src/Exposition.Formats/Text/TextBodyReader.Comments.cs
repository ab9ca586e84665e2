using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Formats.Text;

// comment = "#" *BLANK WORD: HELP and TYPE, exactly so spelt, are followed by 1*BLANK NAME 1*BLANK and the rest of the line. Without a
// name, or with nothing behind the name, the line means nothing. Any other comment is skipped whatever bytes it holds.
//   HELP text  everything to the end of the line; \\ \n \" are unescaped, another escape is an error; any bytes, trailing blanks too
//   TYPE word  everything to the end of the line; backslashes are dropped, case does not matter
// To the lenient reader, as to Prometheus, the first HELP and the first TYPE count, a TYPE may come behind samples (TextBodyReader.Parts),
// and what is no escape stands for itself.

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
            return FailAtEnd();
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
            return _lenient ? SkipLine() : Fail($"second HELP line for metric name {GoQuote.Text(FamilyName)}");
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
                int next = start + i + 1;
                int escaped = next < _text.Length ? _text[next] : EndOfBody;
                if (TryUnescape(escaped, out byte unescaped))
                {
                    b = unescaped;
                    i++;
                }
                else if (!_lenient || escaped == EndOfBody)
                {
                    return FailEscape(escaped);
                }
            }

            output[written++] = b;
        }

        _set.Scratch.Truncate(scratch + written);
        help = new TextRef(~scratch, written);
        return true;
    }

    // The byte that an escape in HELP, a label value or a quoted name stands for.
    private static bool TryUnescape(int escaped, out byte value)
    {
        value = escaped == 'n' ? (byte)'\n' : (byte)escaped;
        return escaped is '\\' or '"' or 'n';
    }

    private bool FailEscape(int escaped) => escaped == EndOfBody ? FailAtEnd() : Fail($"invalid escape sequence '\\{(char)escaped}'");

    private bool ReadType()
    {
        if (_set.Families[_family].HasType && !_lenient)
        {
            return FailSecondType();
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
            return Fail($"unknown metric type {GoQuote.Text(line.Length > ShownText.MostBytes ? line : WithoutBackslashes(line))}");
        }

        ref FamilyRow family = ref _set.Families[_family];
        if (family.HasType)
        {
            return TakeLaterType(ref family, type);
        }

        family.Type = type;
        family.HasType = true;
        family.TypeLine = type;
        return true;
    }

    private bool FailSecondType() => Fail($"second TYPE line for metric name {GoQuote.Text(FamilyName)}, or TYPE reported after samples");

    private static bool TryParseType(ReadOnlySpan<byte> word, out MetricType type)
    {
        // The longest one, GAUGE_HISTOGRAM, has 15 letters, two of which may take two bytes.
        Span<byte> letters = stackalloc byte[17];
        int length = 0;
        type = MetricType.Untyped;
        foreach (byte b in word)
        {
            if (b == '\\')
            {
                continue;
            }

            if (length == letters.Length)
            {
                return false;
            }

            letters[length++] = b;
        }

        MetricType? known = TypeOf(FoldLetters(letters[..length]));
        type = known ?? MetricType.Untyped;
        return known is not null;
    }

    // Go compares after upper-casing, and two letters outside ASCII have their upper case inside: U+0131 (dotless i) and U+017F (long s).
    private static Span<byte> FoldLetters(Span<byte> letters)
    {
        int length = 0;
        for (int i = 0; i < letters.Length; i++)
        {
            byte letter = letters[i];
            byte next = i + 1 < letters.Length ? letters[i + 1] : (byte)0;
            if ((letter, next) is (0xC4, 0xB1) or (0xC5, 0xBF))
            {
                letter = letter == 0xC4 ? (byte)'i' : (byte)'s';
                i++;
            }

            letters[length++] = letter;
        }

        return letters[..length];
    }

    private static MetricType? TypeOf(ReadOnlySpan<byte> word) => word.Length switch
    {
        5 when Ascii.EqualsIgnoreCase(word, "gauge"u8) => MetricType.Gauge,
        7 when Ascii.EqualsIgnoreCase(word, "counter"u8) => MetricType.Counter,
        7 when Ascii.EqualsIgnoreCase(word, "summary"u8) => MetricType.Summary,
        7 when Ascii.EqualsIgnoreCase(word, "untyped"u8) => MetricType.Untyped,
        9 when Ascii.EqualsIgnoreCase(word, "histogram"u8) => MetricType.Histogram,
        14 when Ascii.EqualsIgnoreCase(word, "gaugehistogram"u8) => MetricType.GaugeHistogram,
        15 when Ascii.EqualsIgnoreCase(word, "gauge_histogram"u8) => MetricType.GaugeHistogram,
        _ => null,
    };

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
