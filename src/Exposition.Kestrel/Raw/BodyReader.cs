using System.Buffers;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

// A body is of known length or in chunks.
//
// Buffers. One of known length that lies in one buffer of the pipe is given out from there, is valid until the pipe is advanced, and stays
// unconsumed until Release, so that Keep can still copy it. Any other is copied into _bytes, whose memory is taken of the deadline's claim
// before, and is valid until Dispose.

/// <summary>Reads the bodies of the pushes of a connection, one after the other.</summary>
internal sealed class BodyReader : IDisposable
{
    private readonly long _limit;
    private readonly LimitMetrics _limits;
    private readonly PooledBody _bytes;
    private ChunkDecoder _chunks;
    private bool _isChunked;
    private bool _isKept;
    private long _left;
    private long _received;

    public BodyReader(ExpositionEngine engine, Action interrupt)
    {
        _limit = engine.Options.BodyLimit;
        _limits = engine.Metrics.Limits;
        Deadline = new BodyDeadline(engine.Options, engine.Inflight, interrupt);
        _bytes = new PooledBody(Deadline.Claim);
    }

    public BodyDeadline Deadline { get; }

    /// <summary>The answer to a body that cannot be completed.</summary>
    public Answer Fault { get; private set; }

    /// <summary>A body that was kept.</summary>
    public ReadOnlyMemory<byte> Kept => _bytes.Memory;

    /// <summary>Starts a body, of which <paramref name="rest"/> has come with its head.</summary>
    public void Begin(in PushRequest push, bool isChunked, in ReadOnlySequence<byte> rest)
    {
        _left = push.AnnouncedBytes;
        _received = 0;
        _isChunked = isChunked;
        _chunks.Reset();
        if (isChunked || rest.FirstSpan.Length < _left)
        {
            Deadline.Start(push.StartedAt);
        }
    }

    /// <summary>Reads on.</summary>
    /// <param name="rest">What has been read; afterwards what is not consumed of it.</param>
    /// <param name="body">The body, when it has come whole. To be followed by <see cref="Release"/> or <see cref="Keep"/>.</param>
    /// <returns><see cref="RequestStep.Push"/> when it has come whole; <see cref="RequestStep.Turn"/> when one to be kept has.</returns>
    public RequestStep Continue(ref ReadOnlySequence<byte> rest, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (!_isChunked && _left > _limit)
        {
            return Refuse(Answer.TooLarge(_limit));
        }

        if (!_isChunked && !_isKept && _bytes.Length == 0 && rest.FirstSpan.Length >= _left)
        {
            body = rest.First[..(int)_left];
            return RequestStep.Push;
        }

        RequestStep step = _isChunked ? CopyChunks(ref rest) : Copy(ref rest);
        body = step == RequestStep.Push ? _bytes.Memory : default;
        return step == RequestStep.Push && _isKept ? RequestStep.Turn : step;
    }

    /// <summary>Consumes a body that was used.</summary>
    public void Release(ref ReadOnlySequence<byte> rest)
    {
        if (!_isChunked)
        {
            rest = rest.Slice(_left);
            _left = 0;
        }
    }

    /// <summary>Copies a body that has to wait, as the pipe's buffer is not valid for so long.</summary>
    public RequestStep Keep(ref ReadOnlySequence<byte> rest)
    {
        if (_isChunked || _left == 0)
        {
            return RequestStep.Turn;
        }

        _isKept = true;
        return Continue(ref rest, out _);
    }

    /// <summary>Says that it waits for input.</summary>
    /// <returns>How long it may.</returns>
    public TimeSpan AwaitInput()
    {
        _limits.See(Limit.BodyTimeout, Deadline.Behind.Ticks);
        Deadline.Count(_received);
        _received = 0;
        Deadline.Claim.AwaitInput(_isChunked ? null : _left);
        return Deadline.Left;
    }

    /// <summary>Forgets the body and gives its memory back; another can be begun afterwards.</summary>
    public void Dispose()
    {
        _isKept = false;
        _bytes.Dispose();
        Deadline.End();
    }

    private RequestStep Refuse(in Answer answer)
    {
        Fault = answer;
        return RequestStep.Refuse;
    }

    private RequestStep Copy(ref ReadOnlySequence<byte> rest)
    {
        _bytes.Expect(_left);
        foreach (ReadOnlyMemory<byte> piece in rest)
        {
            int count = (int)Math.Min(_left, piece.Length);
            if (!_bytes.TryReserve(count))
            {
                return RequestStep.Room;
            }

            _bytes.Append(piece.Span[..count]);
            _left -= count;
            _received += count;
            rest = rest.Slice(count);
            if (_left == 0)
            {
                return RequestStep.Push;
            }
        }

        return RequestStep.Read;
    }

    private RequestStep CopyChunks(ref ReadOnlySequence<byte> rest)
    {
        foreach (ReadOnlyMemory<byte> piece in rest)
        {
            ReadOnlySpan<byte> unread = piece.Span;
            if (!_bytes.TryReserve(piece.Length))
            {
                return RequestStep.Room;
            }

            ChunkStatus status = _chunks.Continue(ref unread, _bytes, _limit);
            int count = piece.Length - unread.Length;
            _received += count;
            rest = rest.Slice(count);
            switch (status)
            {
                case ChunkStatus.Done:
                    return RequestStep.Push;
                case ChunkStatus.Bad:
                    return Refuse(new Answer(400, _chunks.Error, Close: true));
                case ChunkStatus.TooLarge:
                    return Refuse(Answer.TooLarge(_limit));
            }
        }

        return RequestStep.Read;
    }
}
