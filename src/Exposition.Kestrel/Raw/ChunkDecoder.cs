using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Paths;

namespace Exposition.Kestrel.Raw;

// chunked = *( size [ extension ] CRLF data CRLF ) 1*"0" [ extension ] CRLF *( trailer CRLF ) CRLF
// size    = 1*8HEXDIG        extension = ";" *( any but CR, LF )        trailer = name ":" *( any but NUL, CR, LF )
// name    = 1*( %x01-7F but HTAB, CR, LF, SP, ":" )
//
// Line ends are CRLF everywhere: a bare LF or CR is an error, never part of an extension or trailer, so that nobody can hide a request in
// one. Extensions and trailers are skipped, and together bounded; what Kestrel takes for a trailer is one here, no
// less and no more. The decoder is a state machine over single bytes for framing and over spans
// for data; it holds no bytes itself, so input may be cut anywhere.

/// <summary>What a chunked body has come to.</summary>
internal enum ChunkStatus : byte
{
    /// <summary>Not complete.</summary>
    NeedMore,

    /// <summary>The last chunk and the trailers are read.</summary>
    Done,

    /// <summary>Not chunked coding; see <see cref="ChunkDecoder.Error"/>.</summary>
    Bad,

    /// <summary>More data than allowed.</summary>
    TooLarge,
}

/// <summary>Undoes chunked transfer coding. A mutable struct: keep it in a field.</summary>
internal struct ChunkDecoder
{
    private const int MaxSizeDigits = 8;
    private const int MaxOverhead = 16 << 10;

    private State _state;
    private int _digits;
    private int _overhead;
    private long _left;
    private bool _last;

    private enum State : byte
    {
        Size,
        Extension,
        SizeLineFeed,
        Data,
        DataReturn,
        DataLineFeed,
        TrailerStart,
        TrailerName,
        Trailer,
        TrailerLineFeed,
        EndLineFeed,
    }

    /// <summary>Why the body is bad, in the reference's words.</summary>
    public string? Error { get; private set; }

    /// <summary>Starts a new body.</summary>
    public void Reset() => this = default;

    /// <summary>Reads on.</summary>
    /// <param name="input">New bytes. Afterwards those that were not read: all that follow the body.</param>
    /// <param name="body">Where the data goes.</param>
    /// <param name="limit">Most bytes of data.</param>
    public ChunkStatus Continue(ref ReadOnlySpan<byte> input, PooledBody body, long limit)
    {
        while (!input.IsEmpty)
        {
            if (_state == State.Data)
            {
                int count = (int)Math.Min(_left, input.Length);
                if (body.Length + (long)count > limit)
                {
                    return ChunkStatus.TooLarge;
                }

                body.Append(input[..count]);
                input = input[count..];
                _left -= count;
                _state = _left == 0 ? State.DataReturn : State.Data;
                continue;
            }

            byte c = input[0];
            input = input[1..];
            ChunkStatus status = Step(c);
            if (status != ChunkStatus.NeedMore)
            {
                return status;
            }

            if (_state == State.Data && body.Length + _left > limit)
            {
                return ChunkStatus.TooLarge;
            }
        }

        return ChunkStatus.NeedMore;
    }

    private ChunkStatus Step(byte c)
    {
        switch (_state)
        {
            case State.Size:
                return StepSize(c);
            case State.Extension:
                if (c == '\r')
                {
                    _state = State.SizeLineFeed;
                    return ChunkStatus.NeedMore;
                }

                return c == '\n' ? Bad("malformed chunked encoding") : StepOverhead();
            case State.SizeLineFeed:
                if (c != '\n')
                {
                    return Bad("malformed chunked encoding");
                }

                _last = _left == 0;
                _state = _last ? State.TrailerStart : State.Data;
                return ChunkStatus.NeedMore;
            case State.DataReturn:
                _state = State.DataLineFeed;
                return c == '\r' ? ChunkStatus.NeedMore : Bad("malformed chunked encoding");
            case State.DataLineFeed:
                _state = State.Size;
                _digits = 0;
                return c == '\n' ? ChunkStatus.NeedMore : Bad("malformed chunked encoding");
            case State.TrailerStart:
                _state = c == '\r' ? State.EndLineFeed : State.TrailerName;
                return c == '\r' || IsNameByte(c) ? StepOverhead() : Bad("malformed chunked encoding");
            case State.TrailerName:
                _state = c == ':' ? State.Trailer : State.TrailerName;
                return c == ':' || IsNameByte(c) ? StepOverhead() : Bad("malformed chunked encoding");
            case State.Trailer:
                _state = c == '\r' ? State.TrailerLineFeed : State.Trailer;
                return c is not (0 or (byte)'\n') ? StepOverhead() : Bad("malformed chunked encoding");
            case State.TrailerLineFeed:
                _state = State.TrailerStart;
                return c == '\n' ? ChunkStatus.NeedMore : Bad("malformed chunked encoding");
            case State.EndLineFeed:
                return c == '\n' ? ChunkStatus.Done : Bad("malformed chunked encoding");
            default:
                throw new InvalidOperationException("data is not read by bytes");
        }
    }

    private ChunkStatus StepSize(byte c)
    {
        if (char.IsAsciiHexDigit((char)c))
        {
            _left = _digits == 0 ? 0 : _left;
            _left = (_left << 4) | (uint)PercentEncoding.HexValue(c);
            return ++_digits > MaxSizeDigits ? Bad("http chunk length too large") : ChunkStatus.NeedMore;
        }

        if (_digits == 0)
        {
            return Bad("invalid byte in chunk length");
        }

        switch (c)
        {
            case (byte)'\r':
                _state = State.SizeLineFeed;
                return ChunkStatus.NeedMore;
            case (byte)';':
                _state = State.Extension;
                return StepOverhead();
            default:
                return Bad("invalid byte in chunk length");
        }
    }

    private static bool IsNameByte(byte c) => c is > 0 and < 0x80 and not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)':');

    private ChunkStatus StepOverhead() => ++_overhead > MaxOverhead ? Bad("chunked encoding contains too much non-data") : ChunkStatus.NeedMore;

    private ChunkStatus Bad(string error)
    {
        Error = error;
        return ChunkStatus.Bad;
    }
}
