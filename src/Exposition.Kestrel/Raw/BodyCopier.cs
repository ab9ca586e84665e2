using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Raw;

/// <summary>Copies bodies for Kestrel, one after the other, in one framing: bytes as they are, chunks with plain sizes.</summary>
internal sealed class BodyCopier(IBufferWriter<byte> into)
{
    private const int LargestStep = 64 << 10;

    private ChunkDecoder _chunks;
    private bool _isChunked;
    private long _left;
    private long _received;

    /// <summary>Most bytes of a body in chunks.</summary>
    public long Limit { get; set; }

    public void Begin(in BodyFraming framing)
    {
        _isChunked = framing.Chunked;
        _left = framing.Length;
        _received = 0;
        Limit = long.MaxValue;
        _chunks.Reset();
    }

    /// <summary>Copies on. What is behind the body is left.</summary>
    /// <param name="input">New bytes; afterwards those that were not read.</param>
    /// <param name="fault">Why the body cannot be completed, or null.</param>
    /// <returns>Whether it is complete.</returns>
    public bool Copy(ref ReadOnlySpan<byte> input, out Answer? fault)
    {
        fault = null;
        if (_isChunked)
        {
            return CopyChunks(ref input, out fault);
        }

        int count = (int)Math.Min(LargestStep, Math.Min(_left, input.Length));
        into.Write(input[..count]);
        input = input[count..];
        _left -= count;
        return _left == 0;
    }

    private bool CopyChunks(ref ReadOnlySpan<byte> input, out Answer? fault)
    {
        fault = null;
        ChunkStatus status = ChunkStatus.NeedMore;
        while (status == ChunkStatus.NeedMore && !input.IsEmpty)
        {
            status = _chunks.Next(ref input, out ReadOnlySpan<byte> data);
            _received += data.Length;
            if (_received + _chunks.Announced > Limit)
            {
                fault = Answer.TooLarge(Limit);
                input = default;
                return false;
            }

            if (!data.IsEmpty)
            {
                into.Write(Encoding.ASCII.GetBytes(data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
                into.Write(data);
                into.Write("\r\n"u8);
            }
        }

        if (status == ChunkStatus.Done)
        {
            into.Write("0\r\n\r\n"u8);
        }

        fault = status == ChunkStatus.Bad ? new Answer(400, _chunks.Error, Close: true) : null;
        return status == ChunkStatus.Done;
    }
}
