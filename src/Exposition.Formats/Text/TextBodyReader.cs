using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Exposition.Formats.Rows;
using Exposition.Formats.Scanning;

namespace Exposition.Formats.Text;

// One pass over the contiguous bytes of a body. Grammar (BLANK is SP or TAB; CR, NUL, BOM are ordinary bytes to the strict reader):
//   line    = *BLANK ( comment / sample / LF )
//   comment = "#" *BLANK ( LF / WORD ... LF ); only the words HELP and TYPE mean anything      TextBodyReader.Comments
//   sample  = NAME *BLANK [ "{" labels "}" *BLANK ] value                                      TextBodyReader.Names, .Labels
//           / "{" labels with the NAME as one element "}" *BLANK value
//   value   = NUMBER ( LF / 1*BLANK TIMESTAMP LF )                                             TextBodyReader.Values
// Canonical sample lines are taken whole by the LineScanner (TextBodyReader.Scanned); all others are read byte by byte here, exactly as the
// reference reads them.
//
// The end of the body is legal only at the start of a line; to the lenient reader also behind a sample, never in a comment: a client that
// has lost its line ends sends one comment, which must not pass for an empty push. The first error ends the reading; its line is found by
// counting LFs then.
//
// Invariants: _at is the next unread byte; a Read method returns false exactly if it has set _message; _family and _part are those of the
// last name that was resolved, also across lines, because messages name that family even where a line has none of its own yet.
// Bytes: TextRefs point into the source; only what had to be unescaped is copied to the set's scratch bytes.
// Time: every byte is looked at a bounded number of times, names are found through keyed hashes. There is no recursion.

/// <summary>Reads a body of the text format into a <see cref="FamilySet"/>.</summary>
internal ref partial struct TextBodyReader
{
    /// <summary>Value of <c>onlyFamily</c> for a body with families of its own.</summary>
    public const int AnyFamily = -1;

    private const int EndOfBody = -1;

    public static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private static readonly SearchValues<byte> s_tokenEnds = SearchValues.Create(" \t\n"u8);

    private readonly ReadOnlySpan<byte> _text;
    private readonly FamilySet _set;
    private readonly FamilyIndex _index;
    private readonly NameSet _labelNames;
    private readonly int _onlyFamily;
    private readonly bool _lenient;
    private readonly bool _utf8Names;

    // All of the body is UTF-8: then every value cut out of it at ASCII bytes is too.
    private readonly bool _validUtf8;

    // Without a window all lines are read byte by byte.
    private readonly bool _scans;
    private LineScanner _scanner;
    private int _at;
    private int _family = -1;
    private SamplePart _part;
    private string? _message;

    // The last name resolved, if it stood unquoted in the source; else empty.
    private TextRef _lastName;

    // Of the current sample: its labels in the label table, the name of the label that is a bound in its family's type, and that bound.
    private int _firstLabel;
    private ReadOnlySpan<byte> _boundName;
    private double _bound;

    // A count of any histogram was not a whole number.
    private bool _sawFloatCount;

    /// <summary>
    /// Prepares to read the source of a set that has been reset with it. Without a window every line is read byte by byte.
    /// </summary>
    public TextBodyReader(FamilySet set, TextReadOptions options, int onlyFamily, ScanWindow? window)
    {
        _set = set;
        _text = set.Source;
        _index = set.Index;
        _labelNames = set.Index.LabelNames;
        _onlyFamily = onlyFamily;
        _lenient = options.Lenient;
        _utf8Names = options.Names == NameScheme.Utf8;
        set.IsSourceUtf8 = _validUtf8 = Utf8.IsValid(_text);
        _scans = window is not null;
        _scanner = _scans ? new LineScanner(_text, window!, _validUtf8) : default;
    }

    /// <summary>Reads to the end or to the first error.</summary>
    public bool TryRead(out FormatError error)
    {
        int lineStart;
        do
        {
            while (_scans && TryTakeScanned())
            {
            }

            lineStart = _at;
            _set.Progress.At = _at;
            SkipLineStart();
            if (_at == _text.Length)
            {
                if (Finish(ref lineStart))
                {
                    error = default;
                    return true;
                }

                break;
            }
        }
        while (_message is null && ReadLine());

        error = ErrorAt(lineStart);
        return false;
    }

    private readonly FormatError ErrorAt(int lineStart) =>
        new(_message!, 1 + _text[..lineStart].Count((byte)'\n')) { Hint = _lenient ? LikelyMistake.Of(_text, lineStart) : null };

    /// <summary>Reads one line byte by byte, without what is done at the end of a body.</summary>
    public bool TryReadLine(out FormatError error)
    {
        SkipLineStart();
        bool read = _at == _text.Length || ReadLine();
        error = read ? default : ErrorAt(0);
        return read;
    }

    private bool ReadLine()
    {
        switch (_text[_at])
        {
            case (byte)'\n':
                _at++;
                return true;
            case (byte)'#':
                return ReadComment();
            case (byte)'{':
                return ReadLabels(nameInside: true) && ReadValue();
            case (byte)'\r' when TryEndLine():
                return true;
            default:
                return ReadSample();
        }
    }

    private bool ReadSample()
    {
        if (!TryRepeatName())
        {
            if (!ReadMetricName(out NameToken name))
            {
                return false;
            }

            if (name.Text.IsEmpty)
            {
                return Fail("invalid metric name");
            }

            if (!Resolve(name))
            {
                return false;
            }
        }

        FixType();
        SkipBlanks();
        if (Current == '{')
        {
            return ReadLabels(nameInside: false) && ReadValue();
        }

        _firstLabel = _set.LabelList.Count;
        _bound = double.NaN;
        return ReadValue();
    }

    // The byte at _at, or EndOfBody.
    private readonly int Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)_at < (uint)_text.Length ? _text[_at] : EndOfBody;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SkipBlanks()
    {
        while ((uint)_at < (uint)_text.Length && _text[_at] is (byte)' ' or (byte)'\t')
        {
            _at++;
        }
    }

    // Blanks, and in lenient reading a byte order mark, of which files that were put together have several.
    private void SkipLineStart()
    {
        if (_lenient && Current == ByteOrderMark[0] && _text[_at..].StartsWith(ByteOrderMark))
        {
            _at += ByteOrderMark.Length;
        }

        SkipBlanks();
    }

    // Takes the end of the line if it is here: LF, or in lenient reading CR LF.
    private bool TryEndLine()
    {
        int current = Current;
        if (current == '\n')
        {
            _at++;
            return true;
        }

        if (_lenient && current == '\r' && _at + 1 < _text.Length && _text[_at + 1] == '\n')
        {
            _at += 2;
            return true;
        }

        return false;
    }

    // The same behind a sample, which in lenient reading the end of the body ends, too.
    private bool TryEndSample() => TryEndLine() || (_lenient && Current == EndOfBody);

    private readonly ReadOnlySpan<byte> FamilyName => _family < 0 ? default : _set.Text(_set.Families[_family].Name);

    private bool Fail(string message)
    {
        _message = message;
        return false;
    }

    private bool FailAtEnd() => Fail("unexpected end of input stream");
}
