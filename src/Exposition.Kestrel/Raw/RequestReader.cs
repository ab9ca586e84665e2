using System.Buffers;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Pacing;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

// The request machine: head, then a body of known length or in chunks, then head again. It works on what has been read and never waits.
// A head that crosses buffers of the pipe is gathered in small steps, so that what follows the head is not copied with it.
internal sealed partial class RawConnection
{
    private const int GatherStep = 1024;

    private readonly PooledBody _body;
    private readonly BodyClaim _claim;
    private readonly LeastRate _pace;
    private RequestHead _head;
    private PushRequest _request;
    private ChunkDecoder _chunks;
    private State _state;
    private long _left;
    private long _received;
    private byte[]? _gathered;
    private int _gatheredLength;
    private ScrapeNegotiation _scrapeLanguage;
    private bool _scrapeGzip;
    private TimeSpan _scrapeTimeout;
    private TimeSpan _waited;
    private string? _unknown;
    private ClientAddress _unknownClient;
    private bool _entered;
    private bool _isLarge;
    private bool _unflushed;
    private bool _headTimed;
    private Task<string?>? _confirmation;
    private Answer _unconfirmed;

    private enum State : byte
    {
        Head,
        LengthBody,
        ChunkedBody,
    }

    private Step Process(ReadOnlySequence<byte> rest, bool completed, out SequencePosition consumed, out SequencePosition examined)
    {
        Step step;
        do
        {
            step = _state switch
            {
                State.Head => ProcessHead(ref rest),
                State.LengthBody => ProcessLengthBody(ref rest),
                _ => ProcessChunkedBody(ref rest),
            };
        }
        while (step == Step.Read && _state == State.Head && !rest.IsEmpty && _head.Searched == 0);

        if (step == Step.Read)
        {
            step = Wait(rest, completed);
        }

        consumed = rest.Start;
        examined = step == Step.Read ? rest.End : rest.Start;
        return step;
    }

    // All that has come is worked off and something is missing.
    private Step Wait(in ReadOnlySequence<byte> rest, bool completed)
    {
        if (_state != State.Head)
        {
            if (completed)
            {
                Refuse(Answer.CutShort);
                return Step.Close;
            }

            EnterBody();
            return Step.Read;
        }

        if (rest.IsEmpty)
        {
            if (completed || _watch.Stopping)
            {
                return Step.Close;
            }

            _watch.Enter(ConnectionPhase.Idle, _options.IdleTimeout);
            return Step.Read;
        }

        if (completed)
        {
            _head.Reason = HandOnReason.EndOfInput;
            return Step.HandOn;
        }

        if (!_headTimed)
        {
            _headTimed = true;
            _watch.Enter(ConnectionPhase.Head, _options.HeadTimeout);
        }

        return Step.Read;
    }

    private void EnterBody()
    {
        _pace.Count(_received);
        _received = 0;
        _claim.AwaitInput(_state == State.LengthBody ? _left : null);
        TimeSpan left = _pace.Left;
        _watch.Enter(
            ConnectionPhase.Body, left == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1));
    }

    private Step ProcessHead(ref ReadOnlySequence<byte> rest)
    {
        if (rest.IsEmpty)
        {
            return Step.Read;
        }

        ReadOnlySpan<byte> bytes = rest.FirstSpan;
        HeadVerdict verdict = _gatheredLength > 0 ? HeadVerdict.NeedMore : _services.Parser.Continue(bytes, ref _head);
        while (verdict == HeadVerdict.NeedMore && !rest.IsSingleSegment && Gather(rest))
        {
            bytes = _gathered.AsSpan(0, _gatheredLength);
            verdict = _services.Parser.Continue(bytes, ref _head);
        }

        return verdict switch
        {
            HeadVerdict.NeedMore => Step.Read,
            HeadVerdict.HandOn => Step.HandOn,
            _ => Begin(bytes, ref rest),
        };
    }

    // Appends the next few bytes to the gathered head; at first also all that the parser has seen in the pipe's own buffer.
    private bool Gather(in ReadOnlySequence<byte> rest)
    {
        ReadOnlySequence<byte> more = rest.Slice(_gatheredLength);
        int count = (int)Math.Min(GatherStep + Math.Max(0, _head.Searched - _gatheredLength), more.Length);
        if (count > 0)
        {
            if (_gathered is null || _gathered.Length < _gatheredLength + count)
            {
                // It grows by doubling: most heads are short, and many may be left unfinished.
                byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(4 * GatherStep, 2 * (_gatheredLength + count)));
                _gathered.AsSpan(0, _gatheredLength).CopyTo(larger);
                int length = _gatheredLength;
                ReturnGathered();
                (_gathered, _gatheredLength) = (larger, length);
            }

            more.Slice(0, count).CopyTo(_gathered.AsSpan(_gatheredLength));
            _gatheredLength += count;
        }

        return count > 0;
    }

    private void ReturnGathered()
    {
        _gatheredLength = 0;
        if (_gathered is not null)
        {
            ArrayPool<byte>.Shared.Return(_gathered);
            _gathered = null;
        }
    }

    private Step Begin(ReadOnlySpan<byte> bytes, ref ReadOnlySequence<byte> rest)
    {
        if (!_engine.Hosts.Allows(_head.Host.In(bytes)))
        {
            _head.Reason = HandOnReason.Host;
            return Step.HandOn;
        }

        if (_services.IsClosed)
        {
            _head.Reason = HandOnReason.HostRules;
            return Step.HandOn;
        }

        if (_services.Gate is { } gate && Enter(gate, bytes) is { } turn)
        {
            return turn;
        }

        ReadOnlySpan<byte> target = _head.Target.In(bytes);
        if (_head.Method == WireMethod.Get)
        {
            _scrapeLanguage = FormatNegotiator.Choose(_head.Accept.In(bytes), _options.EnableOpenMetrics);
            _scrapeGzip = FormatNegotiator.AcceptsGzip(_head.AcceptEncoding.In(bytes));
            _scrapeTimeout = _engine.Scrapes.TimeoutFor(_head.ScrapeTimeout.In(bytes));
            rest = rest.Slice(_head.Position);
            return Step.Scrape;
        }

        Route route = _engine.Paths.Resolve(target);
        if (route.Kind != RouteKind.Group)
        {
            _head.Reason = HandOnReason.Path;
            return Step.HandOn;
        }

        _request.Method = _head.Method switch
        {
            WireMethod.Put => PushMethod.Put,
            WireMethod.Post => PushMethod.Post,
            _ => PushMethod.Delete,
        };
        _request.Route = route;
        _request.Encoding = ContentCoding.Of(_head.ContentEncoding.In(bytes));
        _request.Format = _head.ContentType.IsPresent ? PushHandler.FormatOf(_head.ContentType.In(bytes)) : PushFormat.Text;
        _request.Charset = OtherText.CharsetOf(_head.ContentType.In(bytes));
        if (_head.ExpireAfter.IsPresent)
        {
            ExpireHeader.Take(_head.ExpireAfter.In(bytes), ref _request);
        }

        _request.Sender = _sender;
        if (PushHandler.MayBeLarge(_request, _head.ContentLength) && _engine.Clients.Believes(_sender))
        {
            _request.Client = _engine.Clients.Of(_sender, ForwardedFor.In(bytes[.._head.Position]));
        }

        _request.HeadSize = _head.Size;
        _request.AnnouncedBytes = Math.Max(0, _head.ContentLength);
        _request.StartedAt = _options.Time.GetTimestamp();
        _request.Door = Door.Raw;
        _request.Claim = _claim;
        rest = rest.Slice(_head.Position);
        ReturnGathered();

        _received = 0;
        _waited = TimeSpan.Zero;
        if (_head.Chunked)
        {
            _pace.Start(_request.StartedAt);
            _chunks.Reset();
            _state = State.ChunkedBody;
            return ProcessChunkedBody(ref rest);
        }

        _left = _request.AnnouncedBytes;
        if (_left > _options.BodyLimit)
        {
            Refuse(Answer.TooLarge(_options.BodyLimit));
            return Step.Drain;
        }

        if (rest.FirstSpan.Length < _left)
        {
            _pace.Start(_request.StartedAt);
        }

        _state = State.LengthBody;
        return ProcessLengthBody(ref rest);
    }

    // Null if the request may be served here.
    private Step? Enter(IRequestGate gate, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> authorization = _head.Authorization.In(bytes);
        _entered = _entered || gate.TryEnter();
        if (_entered && gate.Admits(authorization))
        {
            return null;
        }

        if (_entered && _unknown is null)
        {
            _unknown = Encoding.UTF8.GetString(authorization);
            _unknownClient = _engine.Clients.Of(_sender, _engine.Clients.Believes(_sender) ? ForwardedFor.In(bytes[.._head.Position]) : "");
            return Step.Learn;
        }

        _head.Reason = HandOnReason.Gate;
        return Step.HandOn;
    }

    private Step ProcessLengthBody(ref ReadOnlySequence<byte> rest)
    {
        if (_body.Length == 0 && rest.FirstSpan.Length >= _left && !_isLarge)
        {
            Step step = Respond(rest.First[..(int)_left]);
            if (step != Step.Turn)
            {
                rest = rest.Slice(_left);
                return step;
            }

            // The pipe's buffer is not valid for so long.
            _isLarge = true;
        }

        _body.Expect(_left);
        foreach (ReadOnlyMemory<byte> piece in rest)
        {
            int count = (int)Math.Min(_left, piece.Length);
            if (!_body.TryReserve(count))
            {
                return Step.Room;
            }

            _body.Append(piece.Span[..count]);
            _left -= count;
            _received += count;
            rest = rest.Slice(count);
            if (_left == 0)
            {
                return _isLarge ? Step.Turn : Respond(_body.Memory);
            }
        }

        return Step.Read;
    }

    private Step ProcessChunkedBody(ref ReadOnlySequence<byte> rest)
    {
        foreach (ReadOnlyMemory<byte> piece in rest)
        {
            ReadOnlySpan<byte> unread = piece.Span;
            if (!_body.TryReserve(piece.Length))
            {
                return Step.Room;
            }

            ChunkStatus status = _chunks.Continue(ref unread, _body, _options.BodyLimit);
            int count = piece.Length - unread.Length;
            _received += count;
            rest = rest.Slice(count);
            switch (status)
            {
                case ChunkStatus.Done:
                    return Respond(_body.Memory);
                case ChunkStatus.Bad:
                    Refuse(new Answer(400, _chunks.Error, Close: true));
                    return Step.Drain;
                case ChunkStatus.TooLarge:
                    Refuse(Answer.TooLarge(_options.BodyLimit));
                    return Step.Drain;
            }
        }

        return Step.Read;
    }

    // The body is complete: the handler answers, and the machine is ready for the next head.
    private Step Respond(ReadOnlyMemory<byte> body)
    {
        Answer answer;
        try
        {
            if (_engine.Pushes.Handle(_request, body, out _confirmation) is not { } handled)
            {
                return Step.Turn;
            }

            answer = handled;
            if (_confirmation is not null)
            {
                _unconfirmed = answer;
                return Step.Confirm;
            }
        }
        catch (Exception e)
        {
            answer = FailedPush(e);
        }

        bool close = Write(answer);
        NextRequest();
        return close ? Step.Close : Step.Read;
    }

    private Answer FailedPush(Exception e)
    {
        _engine.Log.Failed("a push failed inside the engine", e);
        var answer = new Answer(500, "internal error", Close: true);
        _engine.Pushes.Count(_request, answer);
        return answer;
    }

    // The body will not be completed.
    private void Refuse(in Answer answer)
    {
        _engine.Pushes.Count(_request, answer);
        Write(answer);
        NextRequest();
    }

    // The head has not come whole and will not be waited for. What would have been asked for is not known, so it counts as no push.
    private void RefuseHead(in Answer answer)
    {
        _engine.Reject(answer, _sender);
        _head.KeepAlive = false;
        Write(answer);
        NextRequest();
    }

    private bool Write(in Answer answer)
    {
        bool close = answer.Close || _head.Close || _watch.Stopping;
        _services.Answers.Write(_output, answer, close, _head.KeepAlive);
        _unflushed = true;
        return close;
    }

    private void NextRequest()
    {
        _state = State.Head;
        _request = default;
        _unknown = null;
        _entered = false;
        _headTimed = false;
        _isLarge = false;
        _head.Reset();
        _body.Dispose();
        _claim.End();
        ReturnGathered();
    }
}
