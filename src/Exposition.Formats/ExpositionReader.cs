using System.Buffers;
using System.Diagnostics;
using System.Text;
using Exposition.Formats.Scanning;
using Exposition.Formats.Text;

namespace Exposition.Formats;

// Canonical lines are taken by the LineScanner. Any other line is copied out and read by the byte-wise reader into a set of its own, which
// then holds one family with a help text, a type or one metric; so there is one grammar and one set of messages.
// Only whole lines are read: a line without an end is left where it is until more text comes or the text is known to be complete.

/// <summary>
/// A forward-only reader of the Prometheus text format (0.0.4, with the quoted UTF-8 names of 1.0.0), line by line over spans. It checks
/// the grammar of each line as the Pushgateway does and reports errors in its words. It does not remember earlier lines: that
/// a family is described twice, that <c>le</c> is a number (and may come twice on a line of a histogram), or which samples make a
/// histogram, is for <see cref="TextFormat.TryRead"/>.
/// </summary>
/// <remarks>
/// <para>Allocates nothing once the state's memory has grown. To read a text that comes in pieces, pass <c>isFinalBlock: false</c>, and
/// when
/// <see cref="Read"/> returns false without an <see cref="Error"/>, keep what is behind <see cref="BytesConsumed"/> (of a sequence: behind
/// <see cref="Position"/>), append more, and go on with a new reader and the same state. <see cref="ExpositionText"/> does that for pipes
/// and streams.</para>
/// <para>Of a sequence only the lines that cross from one segment into the next are copied, into the memory of the state.</para>
/// </remarks>
/// <example>
/// <code>
/// double bytes = 0;
/// var reader = new ExpositionReader(text, new ExpositionReaderState());
/// while (reader.Read())
/// {
///     if (reader.Token == ExpositionToken.Sample
///         &amp;&amp; reader.Labels.TryGet("job"u8, out ReadOnlySpan&lt;byte&gt; job) &amp;&amp; job.SequenceEqual("nightly"u8))
///     {
///         bytes += reader.Value;
///     }
/// }
///
/// if (reader.Error is { } error)
/// {
///     throw new FormatException(error.ToString());
/// }
/// </code>
/// </example>
[DebuggerDisplay("{Shown,nq}")]
public ref partial struct ExpositionReader
{
    private readonly ExpositionReaderState _state;
    private readonly bool _isFinalBlock;

    // The stretch at hand: all of the text, or of a sequence a segment or a copied line (ExpositionReader.Sequence).
    private ReadOnlySpan<byte> _text;
    private LineScanner _scanner;
    private int _at;
    private TextRef _name;
    private TextRef _help;
    private bool _fromSet;
    private bool _failed;

    // Of a sequence: where the bytes begin that are in no stretch yet, and how many come before the stretch at hand.
    private readonly ReadOnlySequence<byte> _sequence;
    private SequencePosition _next;
    private long _before;
    private bool _isLastStretch;

    /// <summary>Begins to read a whole text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="state">Carries the line number and memory. See <see cref="ExpositionReaderState.Reset"/>.</param>
    public ExpositionReader(ReadOnlySpan<byte> text, ExpositionReaderState state)
        : this(text, state, isFinalBlock: true)
    {
    }

    /// <summary>Begins to read a text, or goes on with the next stretch of one.</summary>
    /// <param name="text">Whole lines; after them, if more text is to come, the beginning of another.</param>
    /// <param name="state">Carries the line number and memory. See <see cref="ExpositionReaderState.Reset"/>.</param>
    /// <param name="isFinalBlock">No more text will come: what is left at the end is a line, or an error.</param>
    public ExpositionReader(ReadOnlySpan<byte> text, ExpositionReaderState state, bool isFinalBlock)
    {
        ArgumentNullException.ThrowIfNull(state);
        _text = text;
        _state = state;
        _isFinalBlock = isFinalBlock;
        _isLastStretch = true;
        _scanner = new LineScanner(text, state.Window, knownUtf8: false);
    }

    /// <summary>What the line at hand is.</summary>
    public ExpositionToken Token { get; private set; }

    /// <summary>The metric's name, unescaped, with the suffix that it has in the text. Valid until the reader moves on.</summary>
    public readonly ReadOnlySpan<byte> Name => Text(_name);

    /// <summary>The text of a HELP line, unescaped; empty on other lines. Valid until the reader moves on.</summary>
    public readonly ReadOnlySpan<byte> Help => Token == ExpositionToken.Help ? Text(_help) : default;

    /// <summary>The type that a TYPE line names; of no meaning on other lines.</summary>
    public MetricType Type { get; private set; }

    /// <summary>The labels of a sample; none on other lines.</summary>
    public readonly ExpositionLabels Labels => Token != ExpositionToken.Sample ? default
        : _fromSet ? new ExpositionLabels(default, _state.Line, _state.Line.LabelsOf(0))
        : new ExpositionLabels(_text, null, _state.Labels.Span);

    /// <summary>The value of a sample.</summary>
    public double Value { get; private set; }

    /// <summary>Whether the sample has a timestamp.</summary>
    public bool HasTimestamp { get; private set; }

    /// <summary>The sample's timestamp in milliseconds since the Unix epoch; meaningful with <see cref="HasTimestamp"/>.</summary>
    public long TimestampMs { get; private set; }

    /// <summary>Bytes of the text that have been read, always whole lines.</summary>
    /// <exception cref="OverflowException">They are more than 2 GiB, of a sequence: see <see cref="Position"/>.</exception>
    public readonly int BytesConsumed => checked((int)(_before + _at));

    /// <summary>What was wrong and in which line, if <see cref="Read"/> has returned false because of it; else null.</summary>
    public FormatError? Error { get; private set; }

    /// <summary>Goes on to the next line that says something; blank lines and plain comments are passed over.</summary>
    /// <returns>False at the end of the text, at a line that has no end yet, or at an <see cref="Error"/>, which is final.</returns>
    public bool Read()
    {
        while (!_failed && (_at < _text.Length || TryNextStretch()))
        {
            _state.Labels.Truncate(0);
            if (_text[_at] == '#' ? TakeComment() : TakeSample())
            {
                return true;
            }

            bool ends = TryFindEnd(out int end);
            if (end - _at > _state.MaxLineBytes && IsTooLong(end))
            {
                break;
            }

            if (!ends && TryNextStretch())
            {
                continue;
            }

            if (!ends || !TryReadLine(end))
            {
                break;
            }

            if (Token != ExpositionToken.None)
            {
                return true;
            }
        }

        Token = ExpositionToken.None;
        return false;
    }

    private bool TakeSample()
    {
        if (!_scanner.TryTake(_at, ref _state.Labels, out ScannedSample sample))
        {
            return false;
        }

        Token = ExpositionToken.Sample;
        _fromSet = false;
        _name = new TextRef(_at, sample.NameLength);
        Value = sample.Value;
        HasTimestamp = sample.HasTimestamp;
        TimestampMs = sample.TimestampMs;
        _at = sample.End;
        _state.Lines++;
        return true;
    }

    private bool TakeComment()
    {
        if (!_scanner.TryTakeComment(_at, out ScannedComment comment))
        {
            return false;
        }

        Token = comment.IsHelp ? ExpositionToken.Help : ExpositionToken.Type;
        _fromSet = false;
        _name = comment.Name;
        _help = comment.IsHelp ? comment.Help : default;
        Type = comment.Type;
        _at = comment.End;
        _state.Lines++;
        return true;
    }

    private readonly bool TryFindEnd(out int end)
    {
        int length = _text[_at..].IndexOf((byte)'\n');
        end = length < 0 ? _text.Length : _at + length + 1;
        return length >= 0 || (_isFinalBlock && _isLastStretch);
    }

    // Lines that the scanner takes are never so long. Without its end a line of the greatest length is one byte shorter.
    private bool IsTooLong(int end)
    {
        if (end - _at - (_text[end - 1] == (byte)'\n' ? 1 : 0) <= _state.MaxLineBytes)
        {
            return false;
        }

        _failed = true;
        Error = new FormatError($"a line of more than {_state.MaxLineBytes} bytes", _state.Lines + 1);
        return true;
    }

    // False after an error. A line that says nothing leaves no token.
    private bool TryReadLine(int end)
    {
        ReadOnlySpan<byte> line = _text[_at..end];
        _state.LineBytes.Truncate(0);
        line.CopyTo(_state.LineBytes.AddRange(line.Length));
        FamilySet set = _state.Line;
        set.Reset(_state.LineBytes.Memory);
        if (!new TextBodyReader(set, _state.Options, TextBodyReader.AnyFamily, window: null).TryReadLine(out FormatError error))
        {
            _failed = true;
            Error = error with { Line = _state.Lines + 1 };
            return false;
        }

        _at = end;
        _state.Lines++;
        _fromSet = true;
        Token = ExpositionToken.None;
        if (set.Families.Length > 0)
        {
            ref readonly FamilyRow family = ref set.Families[0];
            _name = family.Name;
            _help = family.Help;
            Type = family.Type;
            Token = family.MetricCount > 0 ? ExpositionToken.Sample
                : family.HasHelp ? ExpositionToken.Help
                : family.HasType ? ExpositionToken.Type
                : ExpositionToken.None;
        }

        if (Token == ExpositionToken.Sample)
        {
            ref readonly MetricRow metric = ref set.Metrics[0];
            Value = metric.Value;
            HasTimestamp = (metric.Content & MetricContent.Timestamp) != 0;
            TimestampMs = metric.TimestampMs;
        }

        return true;
    }

    private readonly string Shown => $"{Token} {Encoding.UTF8.GetString(Name)} {Value}, line {_state.Lines}";

    private readonly ReadOnlySpan<byte> Text(TextRef text) =>
        Token == ExpositionToken.None ? default : _fromSet ? _state.Line.Text(text) : _text.Slice(text.Start, text.Length);
}
