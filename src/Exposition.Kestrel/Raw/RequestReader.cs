using System.Buffers;
using System.Net;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

// A head, then a body (BodyReader), then a head again. It works on what has been read and never waits, but where it says so.
//
// Buffers. What has been read is the pipe's, until whoever reads the pipe advances it; Continue slices off what it has consumed. Nothing of
// a request is consumed before its head is Hot, so that it can be handed on. A head that crosses buffers is copied into _gathered.

/// <summary>Reads the requests of a connection that are served raw, one after the other.</summary>
internal sealed class RequestReader
{
    private readonly ExpositionEngine _engine;
    private readonly ExpositionOptions _options;
    private readonly RawServices _services;
    private readonly ConnectionWatch _watch;
    private readonly EndPoint? _peer;
    private readonly Admission? _admission;
    private readonly Caller _caller;
    private RequestHead _head;
    private HeadBuffer _gathered;
    private PushRequest _push;
    private RawPushHeaders _headers;
    private bool _headTimed;

    public RequestReader(ExpositionEngine engine, RawServices services, ConnectionWatch watch, EndPoint? peer)
    {
        _engine = engine;
        _options = engine.Options;
        _services = services;
        _watch = watch;
        _peer = peer;
        _admission = services.Gate is { } gate ? new Admission(gate, engine.Clients, peer) : null;
        _caller = new Caller(engine.Clients, peer);
        Body = new BodyReader(engine, watch.Interrupt);
        _head.Reset();
    }

    public ref readonly RequestHead Head => ref _head;

    /// <summary>The push, once its head is complete.</summary>
    public ref readonly PushRequest Push => ref _push;

    /// <summary>Who sends the request at hand.</summary>
    public Caller Caller => _caller;

    /// <summary>The scrape, once its head is complete.</summary>
    public ScrapeRequest Scrape { get; private set; }

    public BodyReader Body { get; }

    /// <summary>The answer to a request that is to be refused.</summary>
    public Answer Refusal { get; private set; }

    /// <summary>Whether it is known what is asked for: a push.</summary>
    public bool IsInBody { get; private set; }

    /// <summary>Whether it was silent for too long.</summary>
    public bool WasIdle { get; private set; }

    /// <summary>Whether the gate counts the request as one that has entered.</summary>
    public bool HasEntered => _admission is { HasEntered: true };

    /// <summary>Reads on, to the end of a request at most.</summary>
    /// <param name="rest">What has been read; afterwards what is not consumed of it.</param>
    /// <param name="body">The body of a push that has come whole, as <see cref="BodyReader.Continue"/> gives it.</param>
    public RequestStep Continue(ref ReadOnlySequence<byte> rest, out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (!IsInBody && ReadHead(ref rest) is { } step)
        {
            return step;
        }

        step = Body.Continue(ref rest, out body);
        return step == RequestStep.Refuse ? Refuse(Body.Fault) : step;
    }

    /// <summary>To be called when all that has come is worked off and something is missing. Starts the clock for it.</summary>
    public RequestStep AwaitInput(in ReadOnlySequence<byte> rest, bool completed)
    {
        if (IsInBody)
        {
            if (completed)
            {
                return Refuse(Answer.CutShort, RequestStep.RefuseAndClose);
            }

            _watch.Enter(ConnectionPhase.Body, Body.AwaitInput());
            return RequestStep.Read;
        }

        if (rest.IsEmpty)
        {
            if (completed || _watch.Stopping)
            {
                return RequestStep.Close;
            }

            _watch.Enter(ConnectionPhase.Idle, _options.IdleTimeout);
            return RequestStep.Read;
        }

        if (completed)
        {
            return HandOn(HandOnReason.EndOfInput);
        }

        if (!_headTimed)
        {
            _headTimed = true;
            _watch.Enter(ConnectionPhase.Head, _options.HeadTimeout);
        }

        return RequestStep.Read;
    }

    /// <summary>Looks whether the request must end because its time is over or others need its memory.</summary>
    /// <param name="cancelled">Whether reading was interrupted.</param>
    /// <param name="input">What has been read. A request that has come at the last moment has come in time.</param>
    /// <returns>Null if it goes on.</returns>
    public RequestStep? Interrupt(bool cancelled, in ReadOnlySequence<byte> input)
    {
        ConnectionPhase phase = _watch.Phase;
        if (!cancelled || !_watch.Expired || (phase == ConnectionPhase.Idle && !input.IsEmpty))
        {
            return IsInBody && Body.Deadline.Claim.IsEnded ? Refuse(Answer.Displaced(_options)) : null;
        }

        return phase switch
        {
            ConnectionPhase.Idle => CloseIdle(),
            ConnectionPhase.Head => Refuse(Answer.HeadTooSlow, RequestStep.RefuseAndClose),
            _ => Refuse(Body.Deadline.TooSlow),
        };
    }

    // Nobody watches the clock here: the gate bounds how many wait, and checking is work of our own. The head is read anew afterwards.

    /// <summary>Waits for the gate to look at unknown credentials.</summary>
    public async ValueTask<RequestStep> LearnAsync()
    {
        _watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        _head.Reset();
        _gathered.Return();
        bool looked = await _admission!.LearnAsync();
        _watch.Enter(ConnectionPhase.Head, _options.HeadTimeout);
        return looked ? RequestStep.Read : Refuse(Answer.TooManyChecks);
    }

    /// <summary>Waits for memory for more of the body.</summary>
    public async ValueTask<RequestStep> WaitForRoomAsync()
    {
        _watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        return await Body.Deadline.WaitForRoomAsync() ? RequestStep.Read : Refuse(Answer.NoRoom);
    }

    /// <summary>Forgets the request and gives its memory back.</summary>
    public void Reset()
    {
        IsInBody = false;
        _push = default;
        _headTimed = false;
        _head.Reset();
        _admission?.Reset();
        _caller.Reset();
        Body.Dispose();
        _gathered.Return();
    }

    private RequestStep Refuse(in Answer answer, RequestStep step = RequestStep.Refuse)
    {
        Refusal = answer;
        return step;
    }

    private RequestStep CloseIdle()
    {
        WasIdle = true;
        return RequestStep.Close;
    }

    private RequestStep HandOn(HandOnReason reason)
    {
        _head.Reason = reason;
        return RequestStep.HandOn;
    }

    // Null when a body follows.
    private RequestStep? ReadHead(ref ReadOnlySequence<byte> rest)
    {
        if (rest.IsEmpty)
        {
            return RequestStep.Read;
        }

        ReadOnlySpan<byte> bytes = rest.FirstSpan;
        HeadVerdict verdict = _gathered.Length > 0 ? HeadVerdict.NeedMore : _services.Parser.Continue(bytes, ref _head);
        while (verdict == HeadVerdict.NeedMore && !rest.IsSingleSegment && _gathered.Extend(rest, _head.Searched))
        {
            bytes = _gathered.Bytes;
            verdict = _services.Parser.Continue(bytes, ref _head);
        }

        return verdict switch
        {
            HeadVerdict.NeedMore => RequestStep.Read,
            HeadVerdict.HandOn => RequestStep.HandOn,
            _ => Begin(bytes[.._head.Position], ref rest),
        };
    }

    private RequestStep? Begin(ReadOnlySpan<byte> head, ref ReadOnlySequence<byte> rest)
    {
        _engine.Metrics.Limits.SeeHead(head.Length, _head.Target.Length, _head.HeaderCount);
        if (_headTimed && _options.HeadTimeout > TimeSpan.Zero)
        {
            _engine.Metrics.Limits.See(Limit.HeadTimeout, (_options.HeadTimeout - _watch.Left).Ticks);
        }

        if (!_engine.Hosts.Allows(_head.Host.In(head)))
        {
            return HandOn(HandOnReason.Host);
        }

        if (_services.IsClosed)
        {
            return HandOn(HandOnReason.HostRules);
        }

        if (_admission?.Ask(_head, head) is { } step)
        {
            return step == RequestStep.HandOn ? HandOn(HandOnReason.Gate) : step;
        }

        _caller.Take(_head.Target.In(head), head, _admission?.User);
        if (_head.Method == WireMethod.Get)
        {
            _caller.Method = "GET";
            ScrapeRequest scrape = _engine.Scrapes.Understand(
                _head.Accept.In(head), _head.AcceptEncoding.In(head), _head.ScrapeTimeout.In(head), Door.Raw, _head.Target.In(head));
            Scrape = scrape with { By = By(head) };
            rest = rest.Slice(_head.Position);
            return RequestStep.Scrape;
        }

        Route route = _engine.Paths.Resolve(_head.Target.In(head));
        if (route.Kind != RouteKind.Group)
        {
            return HandOn(HandOnReason.Path);
        }

        PushHead.Take(ref _push, _head, head, route, _engine, _peer);
        _headers.Take(_head, head, ref _push);
        (_push.Caller, _push.Claim) = (_caller, Body.Deadline.Claim);
        rest = rest.Slice(_head.Position);
        _gathered.Return();
        IsInBody = true;
        Body.Begin(_push, _head.Chunked, rest);
        return null;
    }

    private ScrapedBy By(ReadOnlySpan<byte> head) => new(
        _engine.Clients.Of(_peer, _engine.Clients.Believes(_peer) ? ForwardedFor.In(head) : ""),
        _admission?.User);
}
