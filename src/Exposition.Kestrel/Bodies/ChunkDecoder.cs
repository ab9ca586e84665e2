using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Bodies;

// chunked = *( size [ extension ] CRLF data CRLF ) 1*"0" [ extension ] CRLF *( trailer CRLF ) CRLF
// size    = 1*16HEXDIG *( SP / HTAB )        extension = ";" *( any but CR, LF )        trailer = name ":" *( any but NUL, CR, LF )
// name    = 1*( %x01-7F but HTAB, CR, LF, SP, ":" )
//
// Line ends are CRLF everywhere: a bare LF or CR is an error, never part of an extension or trailer, so that nobody can hide a request in
// one. Extensions and trailers are skipped, and together bounded; what Kestrel takes for a trailer is one here, no
// less and no more. A size is at most 32 bits long, after zeros, and blanks may follow it: so some clients pad it. The decoder is a state
// machine over single bytes for framing and over spans for data; it holds no bytes itself, so input may be cut anywhere.

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
    private const int MaxSizeDigits = 16;
    private const int MaxOverhead = 16 << 10;

    private State _state;
    private int _digits;
    private int _overhead;
    private long _left;
    private bool _last;

    private enum State : byte
    {
        Size,
        SizeBlanks,
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

    /// <summary>Why the body is bad, in the Pushgateway's words.</summary>
    public string? Error { get; private set; }

    public void Reset() => this = default;

    /// <summary>Bytes of the chunk at hand that have not come yet.</summary>
    public readonly long Announced => _state == State.Data ? _left : 0;

    /// <summary>Reads on.</summary>
    /// <param name="input">New bytes. Afterwards those that were not read: all that follow the body.</param>
    /// <param name="body">Where the data goes.</param>
    /// <param name="limit">Most bytes of data.</param>
    public ChunkStatus Continue(ref ReadOnlySpan<byte> input, PooledBody body, long limit)
    {
        ChunkStatus status = ChunkStatus.NeedMore;
        while (status == ChunkStatus.NeedMore && !input.IsEmpty)
        {
            status = Next(ref input, out ReadOnlySpan<byte> data);
            if (body.Length + data.Length + Announced > limit)
            {
                return ChunkStatus.TooLarge;
            }

            body.Append(data);
        }

        return status;
    }

    /// <summary>Reads on, to the end of a piece of data at most.</summary>
    /// <param name="input">New bytes. Afterwards those that were not read.</param>
    /// <param name="data">What was found of the body.</param>
    public ChunkStatus Next(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> data)
    {
        data = default;
        while (!input.IsEmpty)
        {
            if (_state == State.Data)
            {
                int count = (int)Math.Min(_left, input.Length);
                data = input[..count];
                input = input[count..];
                _left -= count;
                _state = _left == 0 ? State.DataReturn : State.Data;
                return ChunkStatus.NeedMore;
            }

            byte c = input[0];
            input = input[1..];
            ChunkStatus status = Step(c);
            if (status != ChunkStatus.NeedMore)
            {
                return status;
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
            case State.SizeBlanks:
                return StepAfterSize(c);
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
        if (!char.IsAsciiHexDigit((char)c))
        {
            return _digits == 0 ? Bad("invalid byte in chunk length") : StepAfterSize(c);
        }

        _left = _digits == 0 ? 0 : _left;
        _left = (_left << 4) | (uint)PercentEncoding.HexValue(c);
        return ++_digits > MaxSizeDigits || _left > uint.MaxValue ? Bad("http chunk length too large") : ChunkStatus.NeedMore;
    }

    private ChunkStatus StepAfterSize(byte c)
    {
        switch (c)
        {
            case (byte)'\r':
                _state = State.SizeLineFeed;
                return ChunkStatus.NeedMore;
            case (byte)';':
                _state = State.Extension;
                return StepOverhead();
            case (byte)' ' or (byte)'\t':
                _state = State.SizeBlanks;
                return StepOverhead();
            default:
                return Bad("invalid byte in chunk length");
        }
    }

    private static bool IsNameByte(byte c) =>
        c is > 0 and < 0x80 and not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)':');

    private ChunkStatus StepOverhead() =>
        ++_overhead > MaxOverhead ? Bad("chunked encoding contains too much non-data") : ChunkStatus.NeedMore;

    private ChunkStatus Bad(string error)
    {
        Error = error;
        return ChunkStatus.Bad;
    }
}
