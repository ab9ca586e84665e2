using System.Buffers;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Heads;

/// <summary>Looks for the end of a request head, each byte once, and no further than the limits allow.</summary>
internal sealed class HeadScan(ExpositionOptions options)
{
    private readonly int _maxHead = HeadLimits.Above(options.MaxHeadBytes);
    private readonly int _maxTarget = HeadLimits.Above(options.MaxTargetBytes);
    private long _scanned;
    private long _lineStart;
    private byte _previous;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\n"u8;

    public void Reset() => _scanned = _lineStart = _previous = 0;

    /// <summary>Reads on.</summary>
    /// <param name="bytes">All that has come since the head's first byte; may hold more than the head.</param>
    /// <param name="length">The length of the head, or zero where it is not complete.</param>
    /// <returns>Null, or why it will not be waited for.</returns>
    public Answer? Find(in ReadOnlySequence<byte> bytes, out int length)
    {
        length = 0;
        foreach (ReadOnlyMemory<byte> piece in bytes.Slice(_scanned))
        {
            ReadOnlySpan<byte> rest = piece.Span;
            while (!rest.IsEmpty)
            {
                if (_scanned == 0 && !HeaderRules.TokenBytes.Contains(rest[0]))
                {
                    return Answer.BadHead(400, Rejection.RequestLine, "malformed request line");
                }

                int end = rest.IndexOf((byte)'\n');
                if (end < 0)
                {
                    _scanned += rest.Length;
                    _previous = rest[^1];
                    break;
                }

                if ((end > 0 ? rest[end - 1] : _previous) != '\r')
                {
                    return Answer.BadHead(400, _lineStart == 0 ? Rejection.RequestLine : Rejection.Header, "a line does not end in CR LF");
                }

                _scanned += end + 1;
                _previous = (byte)'\n';
                rest = rest[(end + 1)..];
                if (_scanned > _maxHead)
                {
                    return Answer.HeadTooLong(_scanned, options);
                }

                if (_scanned == _lineStart + 2)
                {
                    length = (int)_scanned;
                    return null;
                }

                _lineStart = _scanned;
            }
        }

        return _lineStart == 0 && _scanned > _maxTarget ? Answer.TargetTooLong(_scanned, options)
            : _scanned > _maxHead ? Answer.HeadTooLong(_scanned, options)
            : null;
    }

    /// <summary>Whether this is how HTTP/2 starts.</summary>
    public static bool IsPreface(in ReadOnlySequence<byte> head) =>
        head.Length >= Preface.Length && head.Slice(0, Preface.Length).ToArray().AsSpan().SequenceEqual(Preface);
}
