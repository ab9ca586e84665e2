using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Pacing;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

// The loop of a connection: read, let the request machine (RequestReader.cs) work off all that has come without waiting, advance,
// flush once. Requests are served in order, so answers are in order.
//
// Invariants. Nothing of a request is consumed before its head is Hot; a connection is handed on only at the first byte of a request,
// with all earlier answers flushed and no cancelled read pending; after that it is never touched again. A request whose head
// was taken is answered, whatever comes, unless the peer has gone. The pipe's buffer is valid until AdvanceTo: a body that lies in one
// piece is given to the store from there, others are gathered in _body. One async method runs for the life of the connection, so a push
// that is served from what was read costs no allocation. Those that a scrape waits in take their state from a pool, so what they return is
// awaited once.

/// <summary>Serves the hot requests of one connection, until it ends or must be handed on.</summary>
internal sealed partial class RawConnection : IDisposable
{
    private readonly ExpositionEngine _engine;
    private readonly ExpositionOptions _options;
    private readonly ConnectionContext _connection;
    private readonly EndPoint? _sender;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly ConnectionWatch _watch;
    private readonly ConnectionSeat? _seat;
    private readonly RawServices _services;
    private PlainOutput? _plain;

    public RawConnection(ExpositionEngine engine, RawServices services, ConnectionContext connection)
    {
        _engine = engine;
        _options = engine.Options;
        _services = services;
        _connection = connection;
        _sender = Sender.Of(connection.RemoteEndPoint);
        _input = connection.Transport.Input;
        _output = connection.Transport.Output;
        _watch = new ConnectionWatch(connection, _options.Time, _options.IdleTimeout);
        _seat = connection.Features.Get<ConnectionSeat>();
        _seat?.Watch(_watch);
        _pace = new LeastRate(_options.Time, _options.MinBodyBytesPerSecond, _options.BodyTimeout);
        _claim = new BodyClaim(engine.Inflight, _pace, _watch.Interrupt);
        _body = new PooledBody(_claim);
        _head.Reset();
    }

    /// <summary>What the request machine wants next.</summary>
    private enum Step : byte
    {
        /// <summary>More input.</summary>
        Read,

        /// <summary>The gate to look at unknown credentials. Nothing of the request was consumed.</summary>
        Learn,

        /// <summary>Memory for more of a body.</summary>
        Room,

        /// <summary>A turn to read a large body, which is in <see cref="_body"/>.</summary>
        Turn,

        /// <summary>A scrape to be sent.</summary>
        Scrape,

        /// <summary>A change to be confirmed before it is answered.</summary>
        Confirm,

        /// <summary>The connection handed on.</summary>
        HandOn,

        /// <summary>The connection closed.</summary>
        Close,

        /// <summary>The connection closed although the client is still sending.</summary>
        Drain,
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
                Step step = Take(result);
                if (_unflushed && !await FlushAsync())
                {
                    return false;
                }

                switch (step)
                {
                    case Step.Read:
                        break;
                    case Step.Learn:
                        if (!await LearnAsync())
                        {
                            RefuseHead(Answer.TooManyChecks);
                            await FlushAsync();
                            await DrainAsync();
                            return false;
                        }

                        break;
                    case Step.Room:
                        if (!await WaitForRoomAsync())
                        {
                            Refuse(Answer.NoRoom);
                            await FlushAsync();
                            await DrainAsync();
                            return false;
                        }

                        break;
                    case Step.Turn:
                        if (!await PushInTurnAsync())
                        {
                            return false;
                        }

                        break;
                    case Step.Scrape:
                        if (!await ScrapeAsync())
                        {
                            return false;
                        }

                        break;
                    case Step.Confirm:
                        if (!await ConfirmAsync())
                        {
                            return false;
                        }

                        break;
                    case Step.HandOn:
                        _engine.Metrics.CountHandedOn(_head.Reason);
                        if (_entered)
                        {
                            _connection.Features.Set(new EnteredRequest());
                        }

                        return true;
                    case Step.Drain:
                        await DrainAsync();
                        return false;
                    default:
                        return false;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            if (_watch is { Phase: ConnectionPhase.Write, Expired: true })
            {
                _engine.CountRefusal(Limit.ScrapeDuration);
                _engine.Log.Limited(Limit.ScrapeDuration, _sender);
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
                Dispose();
            }
        }
    }

    /// <summary>Gives pooled memory back.</summary>
    public void Dispose()
    {
        _body.Dispose();
        _claim.End();
        ReturnGathered();
    }

    private Step Take(in ReadResult result)
    {
        SequencePosition consumed = result.Buffer.Start;
        SequencePosition examined = consumed;
        try
        {
            return result.IsCanceled && _watch.Expired && !IsServed(result)
                ? Expire()
                : _state != State.Head && _claim.IsEnded
                ? Displace()
                : Process(result.Buffer, result.IsCompleted, out consumed, out examined);
        }
        finally
        {
            _input.AdvanceTo(consumed, examined);
        }
    }

    // A request that has come at the last moment has come in time.
    private bool IsServed(in ReadResult result) => _watch.Phase == ConnectionPhase.Idle && !result.Buffer.IsEmpty;

    private Step Displace()
    {
        Refuse(Answer.Displaced);
        return Step.Drain;
    }

    // Idle timeout: close without a response.
    private Step Expire()
    {
        switch (_watch.Phase)
        {
            case ConnectionPhase.Idle:
                return Step.Close;
            case ConnectionPhase.Head:
                RefuseHead(Answer.HeadTooSlow);
                return Step.Close;
            default:
                Refuse(Answer.TooSlow);
                return Step.Drain;
        }
    }

    // Nobody watches the clock here: the gate bounds how many wait, and checking is work of our own. The head is read anew afterwards.
    private async ValueTask<bool> LearnAsync()
    {
        _watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        _head.Reset();
        ReturnGathered();
        bool looked = await _services.Gate!.LearnAsync(_unknown!, _unknownClient);
        _watch.Enter(ConnectionPhase.Head, _options.HeadTimeout);
        return looked;
    }

    // The time spent here is not the client's.
    private async ValueTask<bool> WaitForRoomAsync()
    {
        long since = _options.Time.GetTimestamp();
        TimeSpan left = _options.BodyTimeout <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : _options.BodyTimeout - _waited;
        _watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        _claim.Proceed();
        bool freed = await _claim.WaitAsync(left);
        TimeSpan waited = _options.Time.GetElapsedTime(since);
        _waited += waited;
        _pace.Excuse(waited);
        return freed;
    }

    // The input is left unread meanwhile, as in ConfirmAsync.
    private async ValueTask<bool> PushInTurnAsync()
    {
        _watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        _claim.Proceed();
        Answer answer;
        try
        {
            answer = await _engine.Pushes.HandleLargeAsync(_request, _body.Memory);
        }
        catch (Exception e)
        {
            answer = FailedPush(e);
        }

        bool close = Write(answer);
        NextRequest();
        bool open = await FlushAsync();
        _watch.Enter(ConnectionPhase.Idle, _options.IdleTimeout);
        return open && !close;
    }

    // The input is left unread meanwhile: answers stay in the order of their requests.
    private async ValueTask<bool> ConfirmAsync()
    {
        _watch.Enter(ConnectionPhase.Write, _options.ScrapeTimeout);
        string? failure = await _confirmation!;
        _confirmation = null;
        bool close = Write(_engine.Pushes.Finish(_request, _unconfirmed, failure));
        NextRequest();
        bool open = await FlushAsync();
        _watch.Enter(ConnectionPhase.Idle, _options.IdleTimeout);
        return open && !close;
    }

    private ValueTask<bool> FlushAsync()
    {
        _unflushed = false;
        ValueTask<FlushResult> flush = _output.FlushAsync();
        return flush.IsCompletedSuccessfully ? new ValueTask<bool>(!flush.Result.IsCompleted) : WaitForFlushAsync(flush);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForFlushAsync(ValueTask<FlushResult> flush)
    {
        (ConnectionPhase phase, long deadline) = _watch.Current;
        _watch.Enter(ConnectionPhase.Write, _options.ScrapeTimeout);
        FlushResult result = await flush;
        _watch.Restore(phase, deadline);
        return !result.IsCompleted;
    }

    private Task DrainAsync()
    {
        _watch.Enter(ConnectionPhase.Drain, TimeSpan.Zero);
        return LastBytes.DrainAsync(_input, _options.Time);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ScrapeAsync()
    {
        bool close = _head.Close || _watch.Stopping;
        OpenScrape? scrape = OpenScrape(out Answer refused);
        if (scrape is null)
        {
            _services.Answers.Write(_output, refused, close, _head.KeepAlive);
            NextRequest();
            return await FlushAsync() && !close;
        }

        _watch.Enter(ConnectionPhase.Write, _scrapeTimeout);
        if (!await TrySendAsync(scrape, close))
        {
            return false;
        }

        NextRequest();
        _watch.Enter(ConnectionPhase.Idle, _options.IdleTimeout);
        return !close;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TrySendAsync(OpenScrape scrape, bool close)
    {
        bool answered = false;
        try
        {
            using OpenScrape open = scrape;
            await scrape.PrepareAsync(_connection.ConnectionClosed);
            answered = true;
            _services.Answers.WriteScrapeHead(_output, scrape, close, _head.KeepAlive);
            if (await SendAsync(scrape))
            {
                return true;
            }

            if (_watch.Expired)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            if (_watch.Expired)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e) when (!answered)
        {
            _services.Answers.Write(_output, Failed(e), close: true, _head.KeepAlive);
            await FlushAsync();
        }
        catch (Exception e)
        {
            // The head has gone out: only a broken connection still tells the scraper that this is not all.
            _engine.Log.Failed("a scrape failed inside the engine", e);
            _connection.Abort(new ConnectionAbortedException("a scrape failed", e));
        }

        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(OpenScrape scrape)
    {
        if (scrape.Length is not null)
        {
            if (!await scrape.SendAsync(_plain ??= new PlainOutput(_output, _connection, _watch), CancellationToken.None))
            {
                return false;
            }
        }
        else
        {
            var chunks = new ChunkedOutput(_output, _connection, _watch);
            if (!await scrape.SendAsync(chunks, CancellationToken.None))
            {
                return false;
            }

            chunks.Complete();
            FlushResult result = await _output.FlushAsync();
            if (result.IsCompleted)
            {
                return false;
            }
        }

        return true;
    }

    private OpenScrape? OpenScrape(out Answer refused)
    {
        try
        {
            return _engine.Scrapes.TryOpen(_scrapeLanguage, _scrapeGzip, _scrapeTimeout, Door.Raw, out refused);
        }
        catch (Exception e)
        {
            refused = Failed(e);
            return null;
        }
    }

    private Answer Failed(Exception e)
    {
        _engine.Log.Failed("a scrape failed inside the engine", e);
        return Answer.ScrapeFailed;
    }
}
