using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Raw;

// Answers to pushes are written into the pipe's own memory and flushed together when all that has come is worked off. A scrape goes out as
// it is made: its pieces are copied into the pipe's memory and flushed at its reader's pace. The methods that a scrape waits in take their
// state from a pool, so what they return is awaited once.

/// <summary>Sends the answers of a connection.</summary>
internal sealed class AnswerSender(ExpositionEngine engine, AnswerWriter answers, ConnectionContext connection, ConnectionWatch watch)
{
    private readonly PipeWriter _output = connection.Transport.Output;
    private PlainOutput? _plain;

    /// <summary>Whether something was written and not flushed.</summary>
    public bool IsUnflushed { get; private set; }

    /// <summary>What an answer to a request is to say of the connection.</summary>
    public ConnectionOption OptionFor(in RequestHead head, in Answer answer = default) =>
        answer.Close || head.Close || watch.Stopping ? ConnectionOption.Close
        : head.KeepAlive ? ConnectionOption.KeepAlive
        : ConnectionOption.None;

    public void Write(in Answer answer, ConnectionOption option)
    {
        answers.Write(_output, answer, option);
        IsUnflushed = true;
    }

    /// <summary>Sends what was written.</summary>
    /// <returns>False if the client has gone.</returns>
    public ValueTask<bool> FlushAsync()
    {
        IsUnflushed = false;
        ValueTask<FlushResult> flush = _output.FlushAsync();
        return flush.IsCompletedSuccessfully ? new ValueTask<bool>(!flush.Result.IsCompleted) : WaitForFlushAsync(flush);
    }

    /// <summary>Sends a scrape and disposes of it.</summary>
    /// <returns>False if the connection is of no more use.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(OpenScrape scrape, ConnectionOption option)
    {
        watch.Enter(ConnectionPhase.Write, scrape.Timeout);
        bool answered = false;
        try
        {
            using OpenScrape open = scrape;
            await scrape.PrepareAsync(connection.ConnectionClosed);
            answered = true;
            answers.WriteScrapeHead(_output, scrape, option);
            if (await SendBodyAsync(scrape))
            {
                return true;
            }

            if (watch.Expired)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            if (watch.Expired)
            {
                scrape.CountTooSlow();
            }
        }
        catch (Exception e) when (!answered)
        {
            engine.Log.Failed("a scrape failed inside the engine", e);
            Write(Answer.ScrapeFailed, ConnectionOption.Close);
            await FlushAsync();
        }
        catch (Exception e)
        {
            // The head has gone out: only a broken connection still tells the scraper that this is not all.
            engine.Log.Failed("a scrape failed inside the engine", e);
            connection.Abort(new ConnectionAbortedException("a scrape failed", e));
        }

        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitForFlushAsync(ValueTask<FlushResult> flush)
    {
        (ConnectionPhase phase, long deadline) = watch.Current;
        watch.Enter(ConnectionPhase.Write, engine.Options.ScrapeTimeout);
        FlushResult result = await flush;
        watch.Restore(phase, deadline);
        return !result.IsCompleted;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendBodyAsync(OpenScrape scrape)
    {
        if (scrape.Length is not null)
        {
            return await scrape.SendAsync(_plain ??= new PlainOutput(_output, connection, watch), CancellationToken.None);
        }

        var chunks = new ChunkedOutput(_output, connection, watch);
        if (!await scrape.SendAsync(chunks, CancellationToken.None))
        {
            return false;
        }

        chunks.Complete();
        FlushResult result = await _output.FlushAsync();
        return !result.IsCompleted;
    }
}
