using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Exposition.Formats.Go;
using Exposition.Formats.Text;

namespace Exposition.Formats.OpenMetrics;

// One pass over the contiguous bytes of a body. Grammar (one blank is one SP; TAB and CR are ordinary bytes and belong nowhere but in
// texts; for the sake of files from Windows LF may also be CR LF, so that no type is lost by it):
//   body     = *line "# EOF" [ LF ]
//   line     = "# TYPE " NAME " " type LF / "# UNIT " NAME " " unit LF / "# HELP " NAME " " text LF         OpenMetricsReader.Metadata
//            / NAME [ labels ] " " NUMBER [ " " TIME ] [ exemplar ] LF                                      OpenMetricsReader.Samples
//            / "{" quoted NAME and labels "}" " " NUMBER ...
//   exemplar = " # " labels " " NUMBER [ " " TIME ]                                                         OpenMetricsReader.Labels
// All of the body is UTF-8. A family is its metadata lines and then its samples; it ends where a line is not its own. Its metrics follow
// one
// another, and so do the points (times) of a metric.                                                        OpenMetricsReader.Points
//
// Invariants: _at is the next unread byte; a method that returns bool returns false exactly if it has set _message. An error of a line is
// told for the line it stands in, one of a point or a family (found where it ends) for the line where that begins. Bytes: TextRefs point
// into the source; only what was escaped, put together or encoded as protobuf lies in the set's scratch bytes. Time: every byte is looked
// at a bounded number of times, names are found through keyed hashes. There is no recursion.

/// <summary>Reads a body of OpenMetrics 1.0 into a <see cref="FamilySet"/>.</summary>
internal ref partial struct OpenMetricsReader
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly FamilySet _set;
    private readonly OpenMetricsTables _tables;
    private readonly NameScheme _names;

    private int _at;
    private int _lineStart;
    private string? _message;
    private int _errorAt;

    // The family at hand.
    private bool _hasFamily;
    private TextRef _name;
    private int _familyStart;
    private OpenMetricsType _type;
    private bool _hasType;
    private TextRef _help;
    private bool _hasHelp;
    private TextRef _unit;
    private bool _hasUnit;

    // Index of the family's row, or -1 before its first sample.
    private int _family;

    // Of the current sample line.
    private OpenMetricsPart _part;
    private int _firstLabel;
    private double _bound;
    private double _value;
    private TextRef _number;
    private bool _lineHasTime;
    private double _lineTime;

    // The row of the current point (a stateset: its first state of all points), the first row of its metric, and where it begins.
    private int _metric;
    private int _firstOfMetric;
    private bool _hasMetric;
    private int _pointStart;

    private bool _hasTime;
    private double _time;
    private long _timeMs;

    private bool _hasTotal;
    private UnixTime? _created;
    private int _buckets;
    private double _lastBound;
    private ulong _lastCount;
    private bool _negativeBounds;

    /// <summary>Prepares to read the source of <paramref name="set"/>, which has just been reset with it.</summary>
    public OpenMetricsReader(FamilySet set, NameScheme names)
    {
        _set = set;
        _text = set.Source;
        _tables = set.OpenMetrics;
        _names = names;

        // Editors on Windows put one before everything. It says nothing of UTF-8, and nothing else is lenient for it.
        _at = _text.StartsWith(TextBodyReader.ByteOrderMark) ? TextBodyReader.ByteOrderMark.Length : 0;
    }

    /// <summary>Reads to the end or to the first error.</summary>
    public bool TryRead(out FormatError error)
    {
        bool read = CheckUtf8() && ReadLines();
        error = read ? default : new FormatError(_message!, 1 + _text[.._errorAt].Count((byte)'\n'));
        return read;
    }

    private bool ReadLines()
    {
        while (true)
        {
            _lineStart = _at;
            _set.Progress.At = _at;
            if (_at == _text.Length)
            {
                return Fail("missing \"# EOF\" at the end");
            }

            byte first = _text[_at];
            if (first == '#')
            {
                if (AtEof())
                {
                    return ReadEof();
                }

                if (!ReadMetadata())
                {
                    return false;
                }
            }
            else if (LineEndLength > 0)
            {
                return Fail("empty line");
            }
            else if (!ReadSample())
            {
                return false;
            }
        }
    }

    private readonly bool AtEof()
    {
        ReadOnlySpan<byte> rest = _text[_at..];
        return rest.StartsWith("# EOF"u8) && (rest.Length == 5 || rest[5] == '\n' || rest[5..].StartsWith("\r\n"u8));
    }

    // Of the line end at _at: 1 for LF, 2 for CR LF, 0 if there is none.
    private readonly int LineEndLength => Current switch
    {
        '\n' => 1,
        '\r' when _text[_at..].StartsWith("\r\n"u8) => 2,
        _ => 0,
    };

    private bool ReadEof()
    {
        _at += 5;
        _at += LineEndLength;
        if (_at < _text.Length)
        {
            _lineStart = _at;
            return Fail("more text behind \"# EOF\"");
        }

        return EndFamily();
    }

    private bool CheckUtf8()
    {
        if (Utf8.IsValid(_text))
        {
            return true;
        }

        ReadOnlySpan<byte> rest = _text;
        while (Rune.DecodeFromUtf8(rest, out _, out int length) == OperationStatus.Done)
        {
            rest = rest[length..];
        }

        return FailAt(_text.Length - rest.Length, "bytes that are not UTF-8");
    }

    // Takes a name in its unquoted form; empty if there is none here.
    private TextRef TakePlainName()
    {
        int start = _at;
        int length = _text[start..].IndexOfAnyExcept(NameRules.MetricBytes);
        length = length < 0 ? _text.Length - start : length;
        if (length > 0 && char.IsAsciiDigit((char)_text[start]))
        {
            length = 0;
        }

        _at += length;
        return new TextRef(start, length);
    }

    // At an opening quote: takes the text up to the closing one. \\ \" \n are unescaped, another backslash stands for itself.
    private bool TakeQuoted(out TextRef text)
    {
        int start = ++_at;
        int length = _text[start..].IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
        if (length >= 0 && _text[start + length] == '"')
        {
            _at = start + length + 1;
            text = new TextRef(start, length);
            return true;
        }

        int scratch = _set.Scratch.Count;
        text = default;
        while (true)
        {
            length = _text[_at..].IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
            if (length < 0 || _text[_at + length] == '\n')
            {
                return Fail("quoted text does not end in its line");
            }

            _text.Slice(_at, length).CopyTo(_set.Scratch.AddRange(length));
            _at += length + 1;
            if (_text[_at - 1] == '"')
            {
                text = new TextRef(~scratch, _set.Scratch.Count - scratch);
                return true;
            }

            Unescape();
        }
    }

    // Behind a backslash: appends what it and the next byte stand for.
    private void Unescape()
    {
        byte next = _at < _text.Length ? _text[_at] : (byte)'\n';
        if (next is (byte)'\\' or (byte)'"' or (byte)'n')
        {
            _set.Scratch.Add(next == 'n' ? (byte)'\n' : next);
            _at++;
        }
        else
        {
            _set.Scratch.Add((byte)'\\');
        }
    }

    private bool TakeMetricName(out TextRef name)
    {
        if (Current == '"')
        {
            if (!TakeQuoted(out name))
            {
                return false;
            }
        }
        else
        {
            name = TakePlainName();
        }

        ReadOnlySpan<byte> text = _set.Text(name);
        return NameRules.IsValidMetricName(text, _names) || Fail($"invalid metric name {GoQuote.Text(text)}");
    }

    // The byte at _at, or -1 at the end.
    private readonly int Current => (uint)_at < (uint)_text.Length ? _text[_at] : -1;

    private bool Take(byte expected, string what)
    {
        int current = Current;
        if (current == expected)
        {
            _at++;
            return true;
        }

        return Fail($"expected {what}, found {Found(current)}");
    }

    private static string Found(int current) =>
        current < 0 ? "the end" : current == '\n' ? "the end of the line" : GoQuote.Byte((byte)current);

    private bool Fail(string message) => FailAt(_lineStart, message);

    private bool FailAt(int position, string message)
    {
        (_message, _errorAt) = (message, position);
        return false;
    }
}
