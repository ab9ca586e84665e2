using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Raw;

// Kestrel asks for a head when all earlier requests are answered, so a refusal may be written at that time. Only then is the end of a
// client's input shown to it, too: Kestrel takes that for the end of the client, and drops what it has not answered. What it is given is a
// copy: a head as HeadCheck writes it, a body as BodyCopier does.

/// <summary>
/// What Kestrel reads of a connection that the raw door has handed on: request heads that are in order, and bodies in one framing.
/// </summary>
internal sealed class CheckedInput(ExpositionEngine engine, RawServices services, PipeReader input, PipeWriter output, EndPoint? peer)
    : PipeReader
{
    private const int MostShown = 4 << 10;

    private readonly HeadScan _scan = new(engine.Options);
    private readonly Pipe _staged = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private volatile State _state;
    private bool _last;
    private long _headStarted;
    private Action? _onFault;
    private Caller? _caller;

    private enum State : byte
    {
        Head,
        Body,

        /// <summary>The body at hand cannot be completed, and its reader knows it.</summary>
        Broken,

        /// <summary>Nothing more will be read.</summary>
        Ended,

        /// <summary>Something else than HTTP/1 may follow: all is passed on as it is, after what is staged.</summary>
        Unchecked,

        /// <summary>All is passed on as it is.</summary>
        Passing,
    }

    /// <summary>Why the body at hand cannot be completed.</summary>
    public Answer? Fault { get; private set; }

    /// <summary>To be called by a reader of a body that answers the request itself where the body cannot be completed.</summary>
    /// <param name="limit">Most bytes of the body.</param>
    /// <param name="onFault">Called once if the body cannot be completed, with <see cref="Fault"/> set.</param>
    public void Watch(long limit, Action onFault)
    {
        Body.Limit = limit;
        _onFault = onFault;
    }

    /// <summary>
    /// To be called when a request is answered: if its body was broken, only now the end of the input may be shown, and only when what the
    /// client still sends has been read away.
    /// </summary>
    public async Task EndBrokenAsync()
    {
        if (_state == State.Broken)
        {
            try
            {
                await LastBytes.DrainAsync(input, engine.Options.Time);
            }
            finally
            {
                _staged.Writer.Complete();
            }
        }
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_staged.Reader.TryRead(out ReadResult result))
            {
                return result;
            }

            switch (_state)
            {
                case State.Broken or State.Ended:
                    return await _staged.Reader.ReadAsync(cancellationToken);
                case State.Unchecked or State.Passing:
                    _state = State.Passing;
                    return await input.ReadAsync(cancellationToken);
            }

            if (await ReadOnAsync(cancellationToken) is { } refusal)
            {
                await RefuseAsync(refusal);
            }
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        while (!_staged.Reader.TryRead(out result))
        {
            switch (_state)
            {
                case State.Unchecked or State.Passing:
                    _state = State.Passing;
                    return input.TryRead(out result);
                case State.Body when input.TryRead(out result):
                    Take(result);
                    break;
                default:
                    // A head may have to be refused, which only ReadAsync can.
                    return false;
            }
        }

        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
        (_state == State.Passing ? input : _staged.Reader).AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => (_state is State.Broken or State.Ended ? _staged.Reader : input).CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _staged.Reader.Complete();
        input.Complete(exception);
    }

    private BodyCopier Body => field ??= new BodyCopier(_staged.Writer);

    private State NextState => _last ? State.Ended : State.Head;

    private async ValueTask<Answer?> ReadOnAsync(CancellationToken cancellation)
    {
        if (_headStarted == 0)
        {
            return Take(await input.ReadAsync(cancellation));
        }

        TimeSpan left = engine.Options.HeadTimeout - engine.Options.Time.GetElapsedTime(_headStarted);
        using var deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, engine.Options.Time);
        try
        {
            return Take(await input.ReadAsync(deadline.Token));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Answer.HeadTooSlow;
        }
    }

    private Answer? Take(in ReadResult result)
    {
        if (result.IsCanceled)
        {
            input.AdvanceTo(result.Buffer.Start);
            _staged.Reader.CancelPendingRead();
            return null;
        }

        if (_state == State.Head)
        {
            return TakeHead(result);
        }

        // A piece at a time, so that the body is not held twice.
        ReadOnlySpan<byte> unread = result.Buffer.FirstSpan;
        int count = unread.Length;
        bool complete = Body.Copy(ref unread, out Answer? fault);
        count -= unread.Length;
        _state = complete ? NextState : _state;
        Stage();
        bool cut = result is { IsCompleted: true, Buffer.IsEmpty: true };
        input.AdvanceTo(result.Buffer.GetPosition(count));
        if ((fault ?? (cut ? Answer.CutShort : null)) is { } broken)
        {
            Break(broken);
        }

        return null;
    }

    private Answer? TakeHead(in ReadResult result)
    {
        Answer? refusal = _scan.Find(result.Buffer, out int length);
        if (refusal is null && length == 0)
        {
            return WaitForHead(result);
        }

        EndHead();
        if (refusal is null && HeadScan.IsPreface(result.Buffer))
        {
            input.AdvanceTo(result.Buffer.Start);
            _state = State.Passing;
            return null;
        }

        BodyFraming framing = default;
        ReadOnlySequence<byte> head = result.Buffer.Slice(0, length);
        byte[] bytes = (refusal is null ? head : result.Buffer.Slice(0, Math.Min(result.Buffer.Length, MostShown))).ToArray();
        refusal ??= services.Check.Read(bytes, _staged.Writer, out framing);
        _caller = refusal is null ? null : Caller.OfRefusedHead(engine.Clients, peer, bytes);
        input.AdvanceTo(head.End);
        if (refusal is null)
        {
            Begin(framing);
        }

        return refusal;
    }

    private Answer? WaitForHead(in ReadResult result)
    {
        bool nothing = result.Buffer.IsEmpty;
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        if (result.IsCompleted)
        {
            if (!nothing)
            {
                return Answer.HeadCutShort;
            }

            End();
        }
        else if (!nothing && _headStarted == 0 && engine.Options.HeadTimeout > TimeSpan.Zero)
        {
            _headStarted = engine.Options.Time.GetTimestamp();
        }

        return null;
    }

    private void EndHead()
    {
        _scan.Reset();
        _headStarted = 0;
    }

    private void Begin(in BodyFraming framing)
    {
        _last = framing.Last;
        _onFault = null;
        Body.Begin(framing);
        _state = framing.Chunked || framing.Length > 0 ? State.Body : framing.Upgrade ? State.Unchecked : NextState;
        Stage();
    }

    // Whoever does not watch is shown the end of the input, upon which Kestrel ends the connection.
    private void Break(in Answer answer)
    {
        Fault = answer;
        _state = State.Broken;
        if (_onFault is null)
        {
            End();
        }
        else
        {
            _onFault();
        }
    }

    private async Task RefuseAsync(Answer answer)
    {
        EndHead();
        engine.Reject(answer, _caller ?? new Caller(engine.Clients, peer));
        services.Answers.Write(output, answer, ConnectionOption.Close);
        await output.FlushAsync();
        await LastBytes.DrainAsync(input, engine.Options.Time);
        End();
    }

    private void End()
    {
        _state = State.Ended;
        _staged.Writer.Complete();
    }

    // Without a threshold a flush is complete at once.
    private void Stage()
    {
        _staged.Writer.FlushAsync().AsTask().Wait();
        if (_state == State.Ended)
        {
            _staged.Writer.Complete();
        }
    }
}
