using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

// The loop of a connection: read, let what has come be understood (RequestReader) and carried out (PushRunner), advance, flush once
// (AnswerSender). Requests are served in order, so answers are in order.
//
// Invariants. A connection is handed on only at the first byte of a request, with all earlier answers flushed and no cancelled read
// pending; after that it is never touched again. A request whose head was taken is answered, whatever comes, unless the peer has gone. The
// pipe's buffer is valid until AdvanceTo: a body that lies in one piece is given to the store from there. One async method runs for the
// life of the connection, so a push that is served from what was read costs no allocation.

/// <summary>Serves the hot requests of one connection, until it ends or must be handed on.</summary>
internal sealed class RawConnection
{
    private readonly ExpositionEngine _engine;
    private readonly ConnectionContext _connection;
    private readonly EndPoint? _peer;
    private readonly PipeReader _input;
    private readonly ConnectionWatch _watch;
    private readonly ConnectionSeat? _seat;
    private readonly RequestReader _reader;
    private readonly AnswerSender _sender;
    private readonly PushRunner _pushes;

    public RawConnection(ExpositionEngine engine, RawServices services, ConnectionContext connection)
    {
        _engine = engine;
        _connection = connection;
        _peer = Sender.Of(connection.RemoteEndPoint);
        _input = connection.Transport.Input;
        _watch = new ConnectionWatch(connection, engine.Options.Time, engine.Options.IdleTimeout);
        _seat = connection.Features.Get<ConnectionSeat>();
        _seat?.Watch(_watch);
        _reader = new RequestReader(engine, services, _watch, _peer);
        _sender = new AnswerSender(engine, services.Answers, connection, _watch);
        _pushes = new PushRunner(engine, _reader, _watch);
    }

    /// <summary>Runs the connection.</summary>
    /// <returns>True if it must be handed on: nothing of the request at hand was consumed then.</returns>
    public async Task<bool> ServeAsync()
    {
        try
        {
            while (true)
            {
                ReadResult result = await _input.ReadAsync();
                _watch.Observe(result);
                RequestStep step = Take(result);
                if (_sender.IsUnflushed && !await _sender.FlushAsync())
                {
                    return false;
                }

                step = step == RequestStep.Learn ? await _reader.LearnAsync()
                    : step == RequestStep.Room ? await _reader.WaitForRoomAsync()
                    : step;
                bool goesOn = step switch
                {
                    RequestStep.Read => true,
                    RequestStep.Turn => await AnswerAsync(await _pushes.RunInTurnAsync()),
                    RequestStep.Confirm => await AnswerAsync(await _pushes.ConfirmAsync()),
                    RequestStep.Scrape => await ScrapeAsync(),
                    _ => false,
                };
                if (goesOn)
                {
                    continue;
                }

                if (step is RequestStep.Refuse or RequestStep.RefuseAndClose)
                {
                    Refuse();
                    await _sender.FlushAsync();
                }

                if (step == RequestStep.Refuse)
                {
                    _watch.Enter(ConnectionPhase.Drain, TimeSpan.Zero);
                    await LastBytes.DrainAsync(_input, _engine.Options.Time);
                }

                if (step == RequestStep.Close && _seat is not null && _reader.WasIdle)
                {
                    _seat.End = ConnectionEnd.Idle;
                }

                return step == RequestStep.HandOn && HandOn();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            if (_watch is { Phase: ConnectionPhase.Write, Expired: true })
            {
                _engine.CountRefusal(Limit.ScrapeDuration);
                _engine.Log.Limited(Limit.ScrapeDuration, _peer, path: _reader.Caller.Target);
            }

            if (_seat is not null && !_watch.Stopping)
            {
                _seat.End = ConnectionEnd.Error;
            }

            // The peer has gone, or the transport was stopped: nobody is left to be told.
            return false;
        }
        finally
        {
            try
            {
                _seat?.Unwatch();
                _watch.Release();
            }
            finally
            {
                _reader.Reset();
            }
        }
    }

    private RequestStep Take(in ReadResult result)
    {
        ReadOnlySequence<byte> rest = result.Buffer;
        RequestStep step = RequestStep.Close;
        try
        {
            step = _reader.Interrupt(result.IsCanceled, rest) ?? Process(ref rest, result.IsCompleted);
            return step;
        }
        finally
        {
            _input.AdvanceTo(rest.Start, step == RequestStep.Read ? rest.End : rest.Start);
        }
    }

    private RequestStep Process(ref ReadOnlySequence<byte> rest, bool completed)
    {
        RequestStep step;
        do
        {
            step = _reader.Continue(ref rest, out ReadOnlyMemory<byte> body);
            step = step == RequestStep.Push ? _pushes.Run(body, ref rest) : step;
            if (step == RequestStep.Next && Write(_pushes.Answer) == ConnectionOption.Close)
            {
                return RequestStep.Close;
            }
        }
        while (step == RequestStep.Next && !rest.IsEmpty);
        return step is RequestStep.Read or RequestStep.Next ? _reader.AwaitInput(rest, completed) : step;
    }

    private ValueTask<bool> ScrapeAsync()
    {
        if (_engine.Scrapes.TryOpen(_reader.Scrape, out Answer refused) is { } scrape)
        {
            _engine.Log.Served("scrape", _reader.Caller, 200);
            return SendAsync(scrape, _sender.OptionFor(_reader.Head));
        }

        _engine.Decline(refused, _reader.Caller);
        return AnswerAsync(refused);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(OpenScrape scrape, ConnectionOption option)
    {
        if (!await _sender.SendAsync(scrape, option))
        {
            return false;
        }

        _reader.Reset();
        _watch.Enter(ConnectionPhase.Idle, _engine.Options.IdleTimeout);
        return option != ConnectionOption.Close;
    }

    // What has waited for its answer.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AnswerAsync(Answer answer)
    {
        ConnectionOption option = Write(answer);
        bool open = await _sender.FlushAsync();
        _watch.Enter(ConnectionPhase.Idle, _engine.Options.IdleTimeout);
        return open && option != ConnectionOption.Close;
    }

    // Writes the answer to the request at hand, and is ready for the next one.
    private ConnectionOption Write(in Answer answer)
    {
        ConnectionOption option = _sender.OptionFor(_reader.Head, answer);
        _sender.Write(answer, option);
        _reader.Reset();
        return option;
    }

    // Of a request whose head has not come whole it is not known what it would have asked for, so it counts as no push.
    private void Refuse()
    {
        if (_reader.IsInBody)
        {
            _engine.Pushes.Count(_reader.Push, _reader.Refusal);
        }
        else
        {
            _engine.Reject(_reader.Refusal, _reader.Caller);
        }

        Write(_reader.Refusal);
    }

    private bool HandOn()
    {
        _engine.Metrics.CountHandedOn(_reader.Head.Reason);
        if (_reader.HasEntered)
        {
            _connection.Features.Set(new EnteredRequest());
        }

        return true;
    }
}
