using System.Buffers;
using Exposition.Formats.Scanning;

namespace Exposition.Formats;

// A sequence is read in stretches: from each segment the whole lines, where they are; a line that goes on in the next segment as a copy in
// the state's memory; then the rest of that segment. A stretch is left when nothing but the beginning of a line is left of it. What that
// line is does not depend on where it was cut, so neither does what is read.
//
// Invariants: _before + _at is how much of the sequence is consumed; _next is where the bytes begin that are in no stretch yet; the last
// stretch is known as such only after it was left once.

public ref partial struct ExpositionReader
{
    /// <summary>Begins to read a whole text in several segments.</summary>
    /// <param name="text">The text. It must not change as long as the reader is in use.</param>
    /// <param name="state">Carries the line number and memory. See <see cref="ExpositionReaderState.Reset"/>.</param>
    public ExpositionReader(in ReadOnlySequence<byte> text, ExpositionReaderState state)
        : this(text, state, isFinalBlock: true)
    {
    }

    /// <summary>Begins to read a text in several segments, or goes on with the next part of one.</summary>
    /// <param name="text">Whole lines; after them, if more text is to come, the beginning of another. It must not change as long as the
    /// reader is in use.</param>
    /// <param name="state">Carries the line number and memory. See <see cref="ExpositionReaderState.Reset"/>.</param>
    /// <param name="isFinalBlock">No more text will come: what is left at the end is a line, or an error.</param>
    public ExpositionReader(in ReadOnlySequence<byte> text, ExpositionReaderState state, bool isFinalBlock)
        : this(text.FirstSpan, state, isFinalBlock)
    {
        _sequence = text;
        _isLastStretch = text.IsSingleSegment;
        _next = _isLastStretch ? text.End : text.GetPosition(text.First.Length);
    }

    /// <summary>Of a sequence: the end of what has been read, always whole lines. Of a span it has no meaning.</summary>
    public readonly SequencePosition Position => _sequence.GetPosition(_before + _at);

    // Goes on behind the stretch, of which there is nothing left but perhaps the beginning of a line. False if that is all there is.
    private bool TryNextStretch()
    {
        if (_isLastStretch)
        {
            return false;
        }

        ReadOnlySpan<byte> begun = _text[_at..];
        _before += _at;
        if (!begun.IsEmpty)
        {
            Begin(CopyLine(begun));
            return true;
        }

        while (_sequence.TryGet(ref _next, out ReadOnlyMemory<byte> segment))
        {
            if (!segment.IsEmpty)
            {
                Begin(segment.Span);
                return true;
            }
        }

        Begin(default);
        _isLastStretch = true;
        return false;
    }

    private void Begin(ReadOnlySpan<byte> stretch)
    {
        _text = stretch;
        _at = 0;
        _scanner = new LineScanner(stretch, _state.Window, knownUtf8: false);
    }

    // A line that is too long is copied only as far as it takes to see that.
    private ReadOnlySpan<byte> CopyLine(ReadOnlySpan<byte> begun)
    {
        _state.Carried.Truncate(0);
        begun.CopyTo(_state.Carried.AddRange(begun.Length));
        SequencePosition start = _next;
        while (_state.Carried.Count <= _state.MaxLineBytes && _sequence.TryGet(ref _next, out ReadOnlyMemory<byte> segment))
        {
            ReadOnlySpan<byte> bytes = segment.Span;
            int length = bytes.IndexOf((byte)'\n') + 1;
            bytes = length > 0 ? bytes[..length] : bytes;
            bytes.CopyTo(_state.Carried.AddRange(bytes.Length));
            if (length > 0)
            {
                _next = _sequence.GetPosition(length, start);
                return _state.Carried.Span;
            }

            start = _next;
        }

        _isLastStretch = true;
        return _state.Carried.Span;
    }
}
